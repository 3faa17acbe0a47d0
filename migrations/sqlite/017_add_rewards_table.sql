CREATE TABLE IF NOT EXISTS rewards (
    id           INTEGER NOT NULL PRIMARY KEY,
    household_id INTEGER NOT NULL,
    child_id     INTEGER,
    title        TEXT    NOT NULL,
    cost         INTEGER NOT NULL,
    redeemed_at  TEXT,
    created_at   TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT rewards_cost_positive CHECK (cost > 0),
    CONSTRAINT rewards_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT rewards_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_rewards_household_id ON rewards (household_id);
CREATE INDEX IF NOT EXISTS idx_rewards_child_id ON rewards (child_id);

-- What a task earns. SQLite has no guard for it; the runner applies the file in one transaction with its record, so once.
ALTER TABLE tasks ADD COLUMN points INTEGER NOT NULL DEFAULT 0;
