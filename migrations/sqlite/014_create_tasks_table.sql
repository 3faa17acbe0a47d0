CREATE TABLE IF NOT EXISTS tasks (
    id           INTEGER NOT NULL PRIMARY KEY,
    household_id INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT,
    repeats      TEXT    NOT NULL DEFAULT 'once',
    archived_at  TEXT,
    created_at   TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at   TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT tasks_title_not_blank CHECK (length(trim(title)) > 0),
    CONSTRAINT tasks_repeats_known CHECK (repeats IN ('once', 'daily', 'weekly')),
    CONSTRAINT tasks_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_tasks_household_id ON tasks (household_id);
CREATE INDEX IF NOT EXISTS idx_tasks_open ON tasks (household_id, created_at) WHERE archived_at IS NULL;
