CREATE TABLE IF NOT EXISTS rewards (
    id           CHAR(36)     NOT NULL DEFAULT (uuid()),
    household_id CHAR(36)     NOT NULL,
    child_id     CHAR(36),
    title        VARCHAR(255) NOT NULL,
    cost         INT          NOT NULL,
    redeemed_at  DATETIME(6),
    created_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    KEY idx_rewards_household_id (household_id),
    KEY idx_rewards_child_id (child_id),
    CONSTRAINT rewards_cost_positive CHECK (cost > 0),
    CONSTRAINT rewards_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT rewards_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- What a task earns. ADD COLUMN has no guard on MySQL: the statement is chosen by what is there.
SET @statement = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'tasks' AND column_name = 'points') = 0,
    'ALTER TABLE tasks ADD COLUMN points INT NOT NULL DEFAULT 0',
    'DO 0'
);
PREPARE add_points FROM @statement;
EXECUTE add_points;
DEALLOCATE PREPARE add_points;

INSERT INTO schema_migrations (version, name)
VALUES ('017', 'add_rewards_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
