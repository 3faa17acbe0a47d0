BEGIN;

CREATE TABLE IF NOT EXISTS users (
    id            uuid         NOT NULL DEFAULT gen_random_uuid(),
    email         varchar(320) NOT NULL,
    display_name  text         NOT NULL,
    password_hash text,
    locale        text         NOT NULL DEFAULT 'en',
    last_login_at timestamptz,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_display_name_not_blank CHECK (length(trim(display_name)) > 0)
);

-- One account an address, however it is capitalised.
CREATE UNIQUE INDEX IF NOT EXISTS users_email_lower_key ON users (lower(email));

INSERT INTO schema_migrations (version, name)
VALUES ('001', 'create_users_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
