CREATE TABLE t (id int, name text, at date);
CREATE TYPE mood AS ENUM ('sad', 'ok');

-- An expression of a block is evaluated when the block runs, which is at once.
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_tpye WHERE typname = 'x') THEN NULL; END IF; END $$;

DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typnaem = 'x') THEN NULL; END IF; END $$;

DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.cloumns) THEN NULL; END IF; END $$;

DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE tabl_ename = 't') THEN NULL; END IF; END $$;

DO $$ DECLARE n int := no_such_function(); BEGIN NULL; END $$;

DO $$ DECLARE n itn; BEGIN NULL; END $$;

DO $$ DECLARE n int; BEGIN n := cuont(*) FROM t; END $$;

DO $$ BEGIN EXECUTE fomrat('SELECT %L', 1); END $$;

DO $$ BEGIN RAISE NOTICE '%', missing; END $$;

DO $$ DECLARE n text; BEGIN FOREACH n IN ARRAY ARRAY['a' 'b', 'c'] LOOP NULL; END LOOP; END $$;

DO $$ BEGIN FOREACH n IN ARRAY ARRAY['a'] LOOP NULL; END LOOP; END $$;

DO $$ BEGIN IF NOT EXITS (SELECT 1 FROM t) THEN NULL; END IF; END $$;

-- What is declared is looked up before there is anybody to catch it.
DO $$ DECLARE n itn; BEGIN NULL; EXCEPTION WHEN undefined_object THEN NULL; END $$;

DO $$ DECLARE n int := no_such_function(); BEGIN NULL; EXCEPTION WHEN undefined_function THEN NULL; END $$;

-- All of these run.
DO $$
DECLARE
    word text := 'x';
    n bigint := (SELECT count(*) FROM t WHERE name = word);
    r record;
    kind "char" := 'e';
BEGIN
    UPDATE t SET id = n WHERE name = word;
    UPDATE t SET name = word WHERE id = n;
    SELECT c.oid, c.relname INTO r FROM pg_catalog.pg_class c WHERE c.oid = 't'::regclass AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace;
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = r.oid AND attname = 'id' AND attnum = ANY (ARRAY[1, 2]) AND NOT attisdropped)
        AND (SELECT data_type FROM information_schema.columns WHERE table_name = r.relname AND column_name = 'id') = 'integer'
        AND EXISTS (SELECT 1 FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid WHERE t.typname = 'mood' AND t.typtype = kind)
    THEN
        word := (SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE is_nullable = 'YES');
    ELSIF missing THEN
        NULL;
    END IF;
    FOR r IN SELECT tc.constraint_name, kcu.column_name FROM information_schema.table_constraints tc
        JOIN information_schema.key_column_usage kcu USING (constraint_name, table_schema) LOOP
        RAISE NOTICE '% %', r.constraint_name, r.column_name;
    END LOOP;
    BEGIN
        n := no_such_function();
    EXCEPTION WHEN undefined_function THEN
        NULL;
    END;
    IF n > 1000 THEN
        n := no_such_function();
    END IF;
END
$$;

-- Statistics, ranges, aggregates, exclusion constraints.
CREATE STATISTICS s (dependencies) ON id, nmae FROM t;

CREATE STATISTICS s (dependencies) ON id, name FROM t;

CREATE TYPE span AS RANGE (subtype = tiemstamp);

CREATE AGGREGATE total (int) (STYPE = int);

CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = itn);

CREATE AGGREGATE total (int) (SFUNC = int4lp, STYPE = int);

ALTER TABLE t ADD EXCLUDE USING gsit (at WITH =);

ALTER TABLE t ADD EXCLUDE USING gist (at WITH =);

ALTER TABLE t ADD EXCLUDE (at WITH =);
CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');

-- Roles.
GRANT SELECT ON t TO publci;

CREATE POLICY p ON t TO pubilc USING (true);

CREATE POLICY p ON t TO public USING (true);
GRANT SELECT ON t TO current_user, "public";
