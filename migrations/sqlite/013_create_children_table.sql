CREATE TABLE IF NOT EXISTS children (
    id           INTEGER NOT NULL PRIMARY KEY,
    household_id INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    birth_date   TEXT,
    avatar_url   TEXT,
    created_at   TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at   TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT children_name_not_blank CHECK (length(trim(name)) > 0),
    CONSTRAINT children_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_children_household_id ON children (household_id);
