-- No guard, and a second run of it fails: whether it was carried out is told by what is there.
-- glowplug: allow(create-without-guard, reason = "on MySQL there is no guard for it")
ALTER TABLE tasks ADD COLUMN points INT NOT NULL DEFAULT 0;
