CREATE TABLE IF NOT EXISTS household_members (
    household_id INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,
    role         TEXT    NOT NULL DEFAULT 'parent',
    joined_at    TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT household_members_pkey PRIMARY KEY (household_id, user_id),
    CONSTRAINT household_members_role_known CHECK (role IN ('parent', 'guardian', 'helper')),
    CONSTRAINT household_members_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT household_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_household_members_user_id ON household_members (user_id);
