BEGIN;

CREATE TABLE IF NOT EXISTS tasks (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    household_id uuid        NOT NULL,
    title        text        NOT NULL,
    description  text,
    repeats      text        NOT NULL DEFAULT 'once',
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_title_not_blank CHECK (length(trim(title)) > 0),
    CONSTRAINT tasks_repeats_known CHECK (repeats IN ('once', 'daily', 'weekly')),
    CONSTRAINT tasks_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_tasks_household_id ON tasks (household_id);
CREATE INDEX IF NOT EXISTS idx_tasks_open ON tasks (household_id, created_at) WHERE archived_at IS NULL;

INSERT INTO schema_migrations (version, name)
VALUES ('014', 'create_tasks_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
