-- No second run of the whole file ends the same: it goes on at the statement that is next, with what is set before it.
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('006', 1);
SET @statement = 'CREATE INDEX IF NOT EXISTS tasks_points ON tasks (points)';
PREPARE make_index FROM @statement;
EXECUTE make_index;
DEALLOCATE PREPARE make_index;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('006', 2);
CREATE TABLE IF NOT EXISTS notes (id INT PRIMARY KEY, text VARCHAR(100) NOT NULL DEFAULT 'C:\temp');
