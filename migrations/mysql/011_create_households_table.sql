CREATE TABLE IF NOT EXISTS households (
    id         CHAR(36)     NOT NULL DEFAULT (uuid()),
    name       VARCHAR(255) NOT NULL,
    time_zone  VARCHAR(64)  NOT NULL DEFAULT 'UTC',
    created_by CHAR(36),
    created_at DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    KEY idx_households_created_by (created_by),
    CONSTRAINT households_name_not_blank CHECK (char_length(trim(name)) > 0),
    CONSTRAINT households_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('011', 'create_households_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
