CREATE TABLE IF NOT EXISTS tasks (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner bigint NOT NULL CONSTRAINT tasks_owner_fkey REFERENCES users (id) ON DELETE CASCADE,
    title text NOT NULL
);
ALTER TABLE users ADD COLUMN IF NOT EXISTS locale text NOT NULL DEFAULT 'en';
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('003', 1);
