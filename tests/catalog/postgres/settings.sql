-- Settings that no server has, and collations of schemas that are not there.
SET lock_timeout = '1s';
SET LOCAL "Statement_Timeout" TO 0;
SET timezone = 'UTC';
SET DateStyle TO ISO;
SET app.anything = '1';
SET default_with_oids = false;
SET sort_mem = 1000;
RESET lock_timeout;
SHOW work_mem;
ALTER ROLE CURRENT_USER RESET nothing_of_the_kind;

SET lokc_timeout = '1s';

SET lokc_timeout TO DEFAULT;

RESET lokc_timeout;

SHOW lokc_timeout;

CREATE FUNCTION one() RETURNS integer LANGUAGE sql SET serach_path = public AS 'SELECT 1';

CREATE FUNCTION one() RETURNS integer LANGUAGE sql SET search_path = public SET app.x = 'y' AS 'SELECT 1';

ALTER FUNCTION one() SET serach_path = public;

ALTER FUNCTION one() RESET serach_path;

ALTER ROLE CURRENT_USER SET lokc_timeout = 1;

DO $$ BEGIN
    SET lokc_timeout = '1s';
EXCEPTION WHEN undefined_object THEN NULL;
END $$;

DO $$ BEGIN
    SET lokc_timeout = '1s';
END $$;

CREATE FUNCTION late() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET lokc_timeout = '1s'; END $$;

CREATE TABLE collated (a text COLLATE "pg_catalog"."C", b text COLLATE "C");
CREATE INDEX collated_a ON collated (a COLLATE pg_catalog."C" DESC);
SELECT a COLLATE pg_catalog."default" FROM collated;

CREATE TABLE collated_not (a text COLLATE "pg_catlog"."C");

CREATE INDEX collated_not ON collated (a COLLATE pg_catlog."C");

SELECT a COLLATE pg_catlog."C" FROM collated;
