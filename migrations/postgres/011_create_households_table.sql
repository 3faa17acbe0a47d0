BEGIN;

CREATE TABLE IF NOT EXISTS households (
    id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    name       text        NOT NULL,
    time_zone  text        NOT NULL DEFAULT 'UTC',
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT households_pkey PRIMARY KEY (id),
    CONSTRAINT households_name_not_blank CHECK (length(trim(name)) > 0),
    CONSTRAINT households_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_households_created_by ON households (created_by);

INSERT INTO schema_migrations (version, name)
VALUES ('011', 'create_households_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
