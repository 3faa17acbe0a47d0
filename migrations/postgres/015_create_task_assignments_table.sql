BEGIN;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'assignment_status') THEN
        CREATE TYPE assignment_status AS ENUM ('open', 'done', 'skipped');
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS task_assignments (
    id          uuid              NOT NULL DEFAULT gen_random_uuid(),
    task_id     uuid              NOT NULL,
    child_id    uuid              NOT NULL,
    due_on      date              NOT NULL,
    status      assignment_status NOT NULL DEFAULT 'open',
    assigned_by uuid,
    created_at  timestamptz       NOT NULL DEFAULT now(),
    CONSTRAINT task_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT task_assignments_once_a_day UNIQUE (task_id, child_id, due_on),
    CONSTRAINT task_assignments_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_task_assignments_child_id ON task_assignments (child_id, due_on);
CREATE INDEX IF NOT EXISTS idx_task_assignments_assigned_by ON task_assignments (assigned_by);

INSERT INTO schema_migrations (version, name)
VALUES ('015', 'create_task_assignments_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
