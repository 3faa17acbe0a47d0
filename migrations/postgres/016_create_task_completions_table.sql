BEGIN;

CREATE TABLE IF NOT EXISTS task_completions (
    id            uuid        NOT NULL DEFAULT gen_random_uuid(),
    assignment_id uuid        NOT NULL,
    completed_at  timestamptz NOT NULL DEFAULT now(),
    confirmed_by  uuid,
    confirmed_at  timestamptz,
    note          text,
    photo         jsonb       NOT NULL DEFAULT '{}',
    CONSTRAINT task_completions_pkey PRIMARY KEY (id),
    CONSTRAINT task_completions_assignment_id_key UNIQUE (assignment_id),
    CONSTRAINT task_completions_confirmed_after CHECK (confirmed_at IS NULL OR confirmed_at >= completed_at),
    CONSTRAINT task_completions_assignment_id_fkey FOREIGN KEY (assignment_id) REFERENCES task_assignments (id) ON DELETE CASCADE,
    CONSTRAINT task_completions_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_task_completions_completed_at ON task_completions (completed_at);
CREATE INDEX IF NOT EXISTS idx_task_completions_confirmed_by ON task_completions (confirmed_by);

INSERT INTO schema_migrations (version, name)
VALUES ('016', 'create_task_completions_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
