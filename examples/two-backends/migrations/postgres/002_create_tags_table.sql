CREATE TABLE IF NOT EXISTS tags (
    note_id bigint NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    label text NOT NULL,
    PRIMARY KEY (note_id, label)
);
