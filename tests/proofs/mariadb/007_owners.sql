CREATE OR REPLACE VIEW owners AS SELECT id, email FROM users WHERE locale <> 'xx';
CREATE OR REPLACE TRIGGER tasks_count BEFORE INSERT ON tasks FOR EACH ROW SET NEW.points = NEW.points + 1;
CREATE OR REPLACE PROCEDURE touch(IN who BIGINT)
BEGIN
    UPDATE users SET locale = 'de' WHERE id = who;
    UPDATE tasks SET points = 0 WHERE owner = who;
END;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('007', 1);
