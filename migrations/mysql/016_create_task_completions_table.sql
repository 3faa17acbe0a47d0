CREATE TABLE IF NOT EXISTS task_completions (
    id            CHAR(36)    NOT NULL DEFAULT (uuid()),
    assignment_id CHAR(36)    NOT NULL,
    completed_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    confirmed_by  CHAR(36),
    confirmed_at  DATETIME(6),
    note          TEXT,
    photo         JSON        NOT NULL DEFAULT (json_object()),
    PRIMARY KEY (id),
    UNIQUE KEY task_completions_assignment_id_key (assignment_id),
    KEY idx_task_completions_completed_at (completed_at),
    KEY idx_task_completions_confirmed_by (confirmed_by),
    CONSTRAINT task_completions_confirmed_after CHECK (confirmed_at IS NULL OR confirmed_at >= completed_at),
    CONSTRAINT task_completions_assignment_id_fkey FOREIGN KEY (assignment_id) REFERENCES task_assignments (id) ON DELETE CASCADE,
    CONSTRAINT task_completions_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES users (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('016', 'create_task_completions_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
