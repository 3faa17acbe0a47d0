-- What the service's first releases kept of themselves. The files go on writing to it; glowplug keeps its own record.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    VARCHAR(64)  NOT NULL,
    name       VARCHAR(255) NOT NULL,
    applied_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO schema_migrations (version, name)
VALUES ('000', 'create_migrations_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
