CREATE TABLE t (a int, b text, at date);
CREATE TYPE pair AS (x int, y text);
CREATE SCHEMA other;
CREATE TABLE other.u (c bigint);

-- What is looked up in a body in SQL: tables, columns, functions, arguments by name and by number, types.
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT max(a) FROM tt $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT max(aa) FROM t $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT mxa(a) FROM t $$;

CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS $$ SELECT max(a) FROM t WHERE a < m $$;

CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS $$ SELECT $2 $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 'x'::inetger $$;

CREATE FUNCTION f(n date) RETURNS int LANGUAGE sql AS $$ SELECT a FROM t WHERE a = n $$;

CREATE FUNCTION f(n date) RETURNS int LANGUAGE sql AS $$ SELECT a FROM t WHERE a = $1 $$;

CREATE FUNCTION f(p pair) RETURNS int LANGUAGE sql AS $$ SELECT p.z $$;

CREATE FUNCTION f(p pair) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(p.y '') $$;

CREATE FUNCTION f(n int) RETURNS void LANGUAGE sql AS $$ UPDATE t SET a = n WHERE bb = 'x' $$;

CREATE FUNCTION f(n int) RETURNS void LANGUAGE sql AS $$ INSERT INTO t (a, c) VALUES (n, 'x') $$;

CREATE FUNCTION f(n int) RETURNS void LANGUAGE sql AS $$ INSERT INTO t (at) VALUES (n) $$;

CREATE FUNCTION f(n int) RETURNS void LANGUAGE sql AS $$ DELETE FROM t WHERE a = n; DELETE FROM tt; $$;

-- All of it is read before any of it runs.
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ CREATE TABLE made (a int); INSERT INTO made VALUES (1); $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM; $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT c::int FROM u $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS $$ SELECT max(a) FROM t $$;

-- What all of these have right.
CREATE FUNCTION named(n int, t text DEFAULT 'x', p pair DEFAULT NULL) RETURNS int LANGUAGE sql AS $$
    SELECT max(a) + named.n + $1 + p.x FROM t WHERE b = t.b AND at > now() AND length($2) > 1
$$;
CREATE FUNCTION elsewhere() RETURNS bigint LANGUAGE sql SET search_path = other, pg_temp AS $$ SELECT c FROM u $$;
CREATE FUNCTION closed() RETURNS bigint LANGUAGE sql SET search_path TO '' AS $$ SELECT a FROM public.t $$;
CREATE FUNCTION writes(n int) RETURNS int LANGUAGE sql AS $$
    WITH new AS (INSERT INTO t (a, at) VALUES (n, '2020-01-01') RETURNING a) SELECT a FROM new;
    UPDATE t SET a = n + 1 WHERE a = writes.n RETURNING a;
$$;
CREATE FUNCTION conflict(n int) RETURNS void LANGUAGE sql AS $$ INSERT INTO t (a) VALUES (n) ON CONFLICT (a) DO NOTHING $$;
CREATE FUNCTION any_of(anyelement, VARIADIC anyarray) RETURNS boolean LANGUAGE sql AS $$ SELECT no_such_function($1) $$;
CREATE FUNCTION itself(n int) RETURNS int LANGUAGE sql AS $$ SELECT CASE WHEN n > 0 THEN itself(n - 1) ELSE 0 END $$;
CREATE PROCEDURE does(which int) LANGUAGE sql AS $$ UPDATE t SET b = 'x' WHERE a = which; $$;
CREATE FUNCTION quoted("N n" int) RETURNS text LANGUAGE sql AS 'SELECT ''it''''s '' || "N n"';

-- What a function answers is what it says.
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT '1' $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT b FROM t $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT a, b FROM t $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ INSERT INTO t (a) VALUES (1) $$;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ $$;

CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$ SELECT a, b FROM t $$;

CREATE FUNCTION f() RETURNS SETOF pair LANGUAGE sql AS $$ SELECT b, a FROM t $$;

CREATE FUNCTION f() RETURNS TABLE (x int, y text) LANGUAGE sql AS $$ SELECT a FROM t $$;

CREATE FUNCTION f(OUT x int, OUT y date) LANGUAGE sql AS $$ SELECT a, b FROM t $$;

CREATE FUNCTION answers() RETURNS text LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION narrowed() RETURNS smallint LANGUAGE sql AS $$ SELECT 1::bigint $$;
CREATE FUNCTION a_pair() RETURNS pair LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION a_row() RETURNS pair LANGUAGE sql AS $$ SELECT ROW(1, 'x')::pair $$;
CREATE FUNCTION all_of() RETURNS SETOF t LANGUAGE sql AS $$ SELECT * FROM t $$;
CREATE FUNCTION rows_of() RETURNS SETOF t LANGUAGE sql AS $$ SELECT t FROM t $$;
CREATE FUNCTION a_table() RETURNS TABLE (x int, y text) LANGUAGE sql AS $$ SELECT a, b FROM t UNION ALL VALUES (1, 'x') $$;
CREATE FUNCTION one_column() RETURNS TABLE (x int) LANGUAGE sql AS $$ SELECT a FROM t $$;
CREATE FUNCTION outs(OUT x int, OUT y text) LANGUAGE sql AS $$ SELECT a, b FROM t $$;
CREATE FUNCTION whatever() RETURNS SETOF record LANGUAGE sql AS $$ SELECT a, b FROM t $$;
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS $$ SELECT a, b FROM t; $$;

-- Bodies that are bound.
-- since 14
CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql RETURN m + 1;

-- since 14
CREATE FUNCTION f(n int) RETURNS int BEGIN ATOMIC SELECT max(c) FROM t; END;

-- since 14
CREATE FUNCTION f() RETURNS date RETURN 1;

-- since 14
CREATE TABLE kept (a int);
CREATE FUNCTION bound(n int) RETURNS int RETURN (SELECT max(a) + n FROM kept);
CREATE FUNCTION also_bound(n int) RETURNS int BEGIN ATOMIC INSERT INTO t (a) VALUES (n); SELECT a FROM kept WHERE a = n; END;

-- since 14
DROP TABLE kept;

-- since 14
DROP FUNCTION bound(int), also_bound(int);
DROP TABLE kept;

-- Defaults of arguments.
CREATE FUNCTION f(n int DEFAULT 'a'::text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;

CREATE FUNCTION f(n int, m int DEFAULT n) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;

CREATE FUNCTION f(n int DEFAULT nwo()) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;

CREATE FUNCTION f(n int DEFAULT 1) RETURNS int AS $$ SELECT 1 $$;

-- Of PL/pgSQL: the grammar, and the types of variables.
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 1; RETURN NEW; $$;

CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NWE.a := 1; RETURN NEW; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n inetger; BEGIN RETURN 1; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r tt%ROWTYPE; BEGIN RETURN 1; END $$;

-- since 18
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE c t.c%TYPE; BEGIN RETURN 1; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF NOT EXITS (SELECT 1 FROM t) THEN RETURN 0; END IF; RETURN 1; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 +; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SELET 1; RETURN 1; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%'; RETURN 1; END $$;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE a int; BEGIN FOR b IN SELECT a FROM t LOOP NULL; END LOOP; RETURN a; END $$;

CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN SELECT max(a) INTO m FROM t; RETURN m; END $$;

-- Nothing else of it is looked at before it is called.
CREATE FUNCTION late(n int, INOUT m text, OUT o t) LANGUAGE plpgsql AS $$
#variable_conflict use_column
<<whole>>
DECLARE
    first CONSTANT numeric(10, 2) NOT NULL := n * 2;
    again ALIAS FOR $1;
    row_of t%ROWTYPE;
    like_a public.t.a%TYPE;
    like_n n%TYPE;
    list text[] DEFAULT ARRAY['a', 'b'];
    made_of timestamp with time zone;
    some CURSOR (k int) FOR SELECT * FROM t WHERE a = k;
    r record;
BEGIN
    $1 := 2;
    late.m := 'x';
    whole.r := whole.first;
    PERFORM no_such_function(n), missing FROM no_such_table;
    INSERT INTO no_such_table VALUES (1), (2, 3);
    FOR r IN some(1) LOOP
        CONTINUE WHEN r.nothing IS NULL;
        EXIT whole WHEN n > 2;
    END LOOP;
    FOR i IN REVERSE 10..1 BY 2 LOOP NULL; END LOOP;
    FOREACH m SLICE 0 IN ARRAY list LOOP RAISE NOTICE '% %%', m USING HINT = 'x'; END LOOP;
    CASE n WHEN 1, 2 THEN NULL; ELSE RAISE unique_violation USING MESSAGE = 'x'; END CASE;
    GET DIAGNOSTICS n = ROW_COUNT;
    ASSERT n > 0, 'x';
    EXECUTE format('SELECT %L', n) INTO STRICT o.b USING n, m;
    SELECT a, b INTO STRICT o FROM t;
    row_of.a = 1;
    list[1] := 'z';
    BEGIN
        NULL;
    EXCEPTION WHEN others OR SQLSTATE '22012' THEN
        RAISE;
    END;
    RETURN;
END
$$;
CREATE FUNCTION many() RETURNS SETOF t LANGUAGE plpgsql AS $$
DECLARE
    r t;
BEGIN
    FOR r IN EXECUTE 'SELECT * FROM t' LOOP
        RETURN NEXT r;
    END LOOP;
    RETURN QUERY SELECT * FROM gone;
    RETURN QUERY EXECUTE 'SELECT * FROM ' || quote_ident('t') USING 1;
    RETURN;
END
$$;
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        OLD.anything := TG_ARGV[0];
        RETURN OLD;
    END IF;
    NEW.anything := coalesce(NEW.other, (SELECT max(x) FROM changed));
    RETURN NEW;
END
$$;

-- Unless nobody looks.
SET LOCAL check_function_bodies = off;
CREATE FUNCTION unseen() RETURNS int LANGUAGE sql AS $$ SELECT a FROM no_such_table $$;
CREATE FUNCTION unread() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN $$;
