CREATE TABLE IF NOT EXISTS task_assignments (
    id          CHAR(36)                         NOT NULL DEFAULT (uuid()),
    task_id     CHAR(36)                         NOT NULL,
    child_id    CHAR(36)                         NOT NULL,
    due_on      DATE                             NOT NULL,
    status      ENUM ('open', 'done', 'skipped') NOT NULL DEFAULT 'open',
    assigned_by CHAR(36),
    created_at  DATETIME(6)                      NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    UNIQUE KEY task_assignments_once_a_day (task_id, child_id, due_on),
    KEY idx_task_assignments_child_id (child_id, due_on),
    KEY idx_task_assignments_assigned_by (assigned_by),
    CONSTRAINT task_assignments_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES users (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('015', 'create_task_assignments_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
