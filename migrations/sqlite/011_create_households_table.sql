CREATE TABLE IF NOT EXISTS households (
    id         INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    time_zone  TEXT    NOT NULL DEFAULT 'UTC',
    created_by INTEGER,
    created_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT households_name_not_blank CHECK (length(trim(name)) > 0),
    CONSTRAINT households_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_households_created_by ON households (created_by);
