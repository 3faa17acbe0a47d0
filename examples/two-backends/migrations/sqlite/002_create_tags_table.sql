CREATE TABLE IF NOT EXISTS tags (
    note_id INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    PRIMARY KEY (note_id, label)
);
