-- glowplug: no-transaction
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('005', 1);
VACUUM;
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('005', 2);
