CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS users_email_key ON users (email);
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('002', 1);
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO users (id, email) VALUES (1, 'ann@example.org');
