-- glowplug: no-transaction
-- Outside a transaction, and no second run of the whole file ends the same: it goes on at the statement that is next.
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('006', 1);
VACUUM users;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('006', 2);
