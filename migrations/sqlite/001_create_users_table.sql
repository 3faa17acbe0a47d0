CREATE TABLE IF NOT EXISTS users (
    id            INTEGER NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL COLLATE NOCASE,
    display_name  TEXT    NOT NULL,
    password_hash TEXT,
    locale        TEXT    NOT NULL DEFAULT 'en',
    last_login_at TEXT,
    created_at    TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at    TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_display_name_not_blank CHECK (length(trim(display_name)) > 0)
);
