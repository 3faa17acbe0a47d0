CREATE INDEX IF NOT EXISTS tasks_owner ON tasks (owner);
CREATE VIEW IF NOT EXISTS owners AS SELECT users.id, count(tasks.id) AS tasks FROM users LEFT JOIN tasks ON owner = users.id GROUP BY users.id;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('006', 1);
