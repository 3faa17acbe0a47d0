CREATE TABLE IF NOT EXISTS household_members (
    household_id CHAR(36)                              NOT NULL,
    user_id      CHAR(36)                              NOT NULL,
    role         ENUM ('parent', 'guardian', 'helper') NOT NULL DEFAULT 'parent',
    joined_at    DATETIME(6)                           NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (household_id, user_id),
    KEY idx_household_members_user_id (user_id),
    CONSTRAINT household_members_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT household_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('012', 'create_household_members_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
