-- What sets something is run a statement a message.
SET LOCAL work_mem = '8MB';
DO $$
BEGIN
    CREATE TYPE task_state AS ENUM ('open', 'done');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;
ALTER TABLE tasks ADD COLUMN IF NOT EXISTS state task_state NOT NULL DEFAULT 'open';
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('004', 1);
