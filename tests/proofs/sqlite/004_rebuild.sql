-- A table is built anew: its rows, and those that point at them, stay.
PRAGMA foreign_keys = OFF;
CREATE TABLE IF NOT EXISTS users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '');
INSERT OR IGNORE INTO users_new (id, email, name) SELECT id, email, coalesce(name, '') FROM users;
DROP TABLE IF EXISTS users;
ALTER TABLE users_new RENAME TO users;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('004', 1);
PRAGMA foreign_keys = ON;
