BEGIN;

CREATE TABLE IF NOT EXISTS children (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    household_id uuid        NOT NULL,
    name         text        NOT NULL,
    birth_date   date,
    avatar_url   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT children_pkey PRIMARY KEY (id),
    CONSTRAINT children_name_not_blank CHECK (length(trim(name)) > 0),
    CONSTRAINT children_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_children_household_id ON children (household_id);

INSERT INTO schema_migrations (version, name)
VALUES ('013', 'create_children_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
