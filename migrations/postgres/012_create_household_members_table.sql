BEGIN;

-- CREATE TYPE knows no IF NOT EXISTS.
DO $$
BEGIN
    CREATE TYPE household_role AS ENUM ('parent', 'guardian', 'helper');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

CREATE TABLE IF NOT EXISTS household_members (
    household_id uuid           NOT NULL,
    user_id      uuid           NOT NULL,
    role         household_role NOT NULL DEFAULT 'parent',
    joined_at    timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT household_members_pkey PRIMARY KEY (household_id, user_id),
    CONSTRAINT household_members_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT household_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_household_members_user_id ON household_members (user_id);

INSERT INTO schema_migrations (version, name)
VALUES ('012', 'create_household_members_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
