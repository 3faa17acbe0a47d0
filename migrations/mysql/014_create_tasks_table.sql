CREATE TABLE IF NOT EXISTS tasks (
    id           CHAR(36)     NOT NULL DEFAULT (uuid()),
    household_id CHAR(36)     NOT NULL,
    title        VARCHAR(255) NOT NULL,
    description  TEXT,
    repeats      VARCHAR(16)  NOT NULL DEFAULT 'once',
    archived_at  DATETIME(6),
    created_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    -- The engine has no index of some rows alone: what tells them apart comes first.
    KEY idx_tasks_open (household_id, archived_at, created_at),
    CONSTRAINT tasks_title_not_blank CHECK (char_length(trim(title)) > 0),
    CONSTRAINT tasks_repeats_known CHECK (repeats IN ('once', 'daily', 'weekly')),
    CONSTRAINT tasks_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('014', 'create_tasks_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
