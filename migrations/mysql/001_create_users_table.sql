-- One account an address, however it is capitalised: the collation ignores case.
CREATE TABLE IF NOT EXISTS users (
    id            CHAR(36)     NOT NULL DEFAULT (uuid()),
    email         VARCHAR(320) NOT NULL,
    display_name  VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255),
    locale        VARCHAR(16)  NOT NULL DEFAULT 'en',
    last_login_at DATETIME(6),
    created_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    UNIQUE KEY users_email_key (email),
    CONSTRAINT users_display_name_not_blank CHECK (char_length(trim(display_name)) > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('001', 'create_users_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
