-- glowplug: no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner_title ON tasks (owner, title);
