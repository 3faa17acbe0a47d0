CREATE OR REPLACE FUNCTION open_tasks(bigint) RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT count(*) FROM tasks WHERE owner = $1 AND state = 'open' $$;
CREATE OR REPLACE VIEW owners AS SELECT id, email, open_tasks(id) AS open FROM users;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('007', 1);
