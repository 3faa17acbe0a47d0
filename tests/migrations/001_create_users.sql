CREATE TABLE IF NOT EXISTS users (
    id    uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);
