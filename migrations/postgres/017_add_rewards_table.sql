BEGIN;

CREATE TABLE IF NOT EXISTS rewards (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    household_id uuid        NOT NULL,
    child_id     uuid,
    title        text        NOT NULL,
    cost         integer     NOT NULL,
    redeemed_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT rewards_pkey PRIMARY KEY (id),
    CONSTRAINT rewards_cost_positive CHECK (cost > 0),
    CONSTRAINT rewards_household_id_fkey FOREIGN KEY (household_id) REFERENCES households (id) ON DELETE CASCADE,
    CONSTRAINT rewards_child_id_fkey FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_rewards_household_id ON rewards (household_id);
CREATE INDEX IF NOT EXISTS idx_rewards_child_id ON rewards (child_id);

-- What a task earns.
ALTER TABLE tasks ADD COLUMN IF NOT EXISTS points integer NOT NULL DEFAULT 0;

INSERT INTO schema_migrations (version, name)
VALUES ('017', 'add_rewards_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
