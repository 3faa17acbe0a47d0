CREATE TABLE IF NOT EXISTS tasks (
    id    INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL
);
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO tasks (owner, title) VALUES (1, 'water the plants');
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('003', 1);
