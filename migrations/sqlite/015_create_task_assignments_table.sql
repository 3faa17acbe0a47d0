CREATE TABLE IF NOT EXISTS task_assignments (
    id          INTEGER NOT NULL PRIMARY KEY,
    task_id     INTEGER NOT NULL,
    child_id    INTEGER NOT NULL,
    due_on      TEXT    NOT NULL,
    status      TEXT    NOT NULL DEFAULT 'open',
    assigned_by INTEGER,
    created_at  TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT task_assignments_once_a_day UNIQUE (task_id, child_id, due_on),
    CONSTRAINT task_assignments_status_known CHECK (status IN ('open', 'done', 'skipped')),
    CONSTRAINT task_assignments_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_task_assignments_child_id ON task_assignments (child_id, due_on);
CREATE INDEX IF NOT EXISTS idx_task_assignments_assigned_by ON task_assignments (assigned_by);
