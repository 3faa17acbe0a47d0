DO $outer$
DECLARE
  r record;
  n int := 0;
BEGIN
  FOR r IN SELECT conname FROM pg_constraint LOOP
    EXECUTE format($q$ALTER TABLE a DROP CONSTRAINT IF EXISTS %I$q$, r.conname);
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
    CREATE TYPE mood AS ENUM ('a', 'b');
  ELSIF n > 1 THEN
    RAISE EXCEPTION '% of %', n, r;
  END IF;
EXCEPTION
  WHEN duplicate_object OR SQLSTATE '42P07' THEN NULL;
  WHEN OTHERS THEN RAISE;
END
$outer$;
