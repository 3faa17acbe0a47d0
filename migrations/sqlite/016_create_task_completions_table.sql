CREATE TABLE IF NOT EXISTS task_completions (
    id            INTEGER NOT NULL PRIMARY KEY,
    assignment_id INTEGER NOT NULL,
    completed_at  TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    confirmed_by  INTEGER,
    confirmed_at  TEXT,
    note          TEXT,
    CONSTRAINT task_completions_assignment_id_key UNIQUE (assignment_id),
    CONSTRAINT task_completions_confirmed_after CHECK (confirmed_at IS NULL OR confirmed_at >= completed_at),
    CONSTRAINT task_completions_assignment_id_fkey FOREIGN KEY (assignment_id) REFERENCES task_assignments (id) ON DELETE CASCADE,
    CONSTRAINT task_completions_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_task_completions_completed_at ON task_completions (completed_at);
CREATE INDEX IF NOT EXISTS idx_task_completions_confirmed_by ON task_completions (confirmed_by);
