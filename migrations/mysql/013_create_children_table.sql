CREATE TABLE IF NOT EXISTS children (
    id           CHAR(36)     NOT NULL DEFAULT (uuid()),
    household_id CHAR(36)     NOT NULL,
    name         VARCHAR(255) NOT NULL,
    birth_date   DATE,
    avatar_url   TEXT,
    created_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    KEY idx_children_household_id (household_id),
    CONSTRAINT children_name_not_blank CHECK (char_length(trim(name)) > 0),
    CONSTRAINT children_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO schema_migrations (version, name)
VALUES ('013', 'create_children_table')
ON DUPLICATE KEY UPDATE name = VALUES(name);
