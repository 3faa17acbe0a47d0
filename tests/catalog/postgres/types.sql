CREATE TYPE e AS ENUM ('a', 'b', 'a');

CREATE TYPE e AS ENUM ();

CREATE TYPE e AS ENUM ('a', 'b');

CREATE TYPE e AS ENUM ('a');

CREATE TABLE e (a int);

CREATE TABLE t (a int);

CREATE TYPE t AS (x int);

CREATE TYPE _e AS (x int);

CREATE TYPE _t AS ENUM ('x');

CREATE TABLE arr (a e[], b _e, c t[], d _t);

CREATE TYPE long_one_that_is_of_the_maximal_length_of_sixty_three_bytes_yes AS ENUM ('x');

CREATE TYPE r AS RANGE (subtype = int);

CREATE TABLE ranged (a r, b rmultirange, c r[], d int4range, e int4multirange);

CREATE TYPE r_range AS RANGE (subtype = float8, multirange_type_name = mr);

CREATE TABLE ranged2 (a r_range, b mr);

CREATE TYPE timerange AS RANGE (subtype = time);

CREATE TABLE ranged3 (a timemultirange);

DROP TYPE r;

DROP TYPE rmultirange;

CREATE TYPE c AS (a int, b text, a int);

CREATE TYPE c AS (a int, b text);

CREATE TYPE c2 AS (x c, y c[], z e);

DROP TYPE c;

ALTER TYPE c ADD ATTRIBUTE b int;

ALTER TYPE c ADD ATTRIBUTE d int, DROP ATTRIBUTE a;

ALTER TYPE c DROP ATTRIBUTE a;

ALTER TYPE c DROP ATTRIBUTE IF EXISTS a;

ALTER TYPE c ALTER ATTRIBUTE nope TYPE int;

ALTER TYPE c ALTER ATTRIBUTE d TYPE nope;

ALTER TYPE c RENAME ATTRIBUTE d TO b;

ALTER TYPE c RENAME ATTRIBUTE d TO dd;

ALTER TYPE c RENAME ATTRIBUTE d TO ddd;

CREATE TABLE uses_c (x c);

ALTER TYPE c ADD ATTRIBUTE z int;

ALTER TYPE c DROP ATTRIBUTE b;

ALTER TYPE c RENAME ATTRIBUTE b TO bb;

ALTER TYPE c ADD VALUE 'z';

DROP TYPE shell;

CREATE DOMAIN d AS int NOT NULL DEFAULT 5 CHECK (VALUE > 0) CHECK (VALUE < 100);

CREATE DOMAIN d AS int;

CREATE DOMAIN e AS int;

CREATE DOMAIN d2 AS nope;

CREATE DOMAIN d2 AS d CHECK (VALUE < 50);

CREATE DOMAIN d4 AS int CHECK (nope > 0);

CREATE DOMAIN d7 AS varchar(10);

CREATE TABLE doms (a d, b d2, c d6, d d7, e d7[]);

DROP DOMAIN d;

DROP DOMAIN e;

DROP TYPE d7;

ALTER DOMAIN d7 ADD CONSTRAINT x CHECK (VALUE <> '');

ALTER DOMAIN d DROP CONSTRAINT d_check;

ALTER DOMAIN d DROP CONSTRAINT nope;

ALTER DOMAIN d DROP CONSTRAINT IF EXISTS nope;

ALTER DOMAIN d DROP NOT NULL;

ALTER DOMAIN d SET SCHEMA nope;

ALTER TYPE d RENAME TO dd;

ALTER DOMAIN e RENAME TO ee;

CREATE SCHEMA s;

CREATE DOMAIN s.d AS text;

CREATE TABLE in_s (a s.d, b s.d[]);

ALTER DOMAIN s.d SET SCHEMA public;

ALTER TABLE in_s ALTER COLUMN a TYPE d;

ALTER TABLE in_s ALTER COLUMN a TYPE s.d;

CREATE TYPE s.e AS ENUM ('q');

CREATE TABLE in_s2 (a s.e, b e, c s.e[]);

ALTER TYPE s.e ADD VALUE 'w' BEFORE 'q';

CREATE TABLE types (a int, b int2, c int8, d float, e float(3), f real, g decimal(10), h numeric(10,2), i varchar, j varchar(5), k char, l char(5), m bpchar, n "char", o text, p bytea, q timestamp, r timestamptz(3), s timestamp(0) with time zone, t time, u timetz, v date, w interval, x interval day to second, y interval(3), z interval year);

CREATE TABLE types2 (a bit, b bit(5), c bit varying, d varbit(7), e bool, f json, g jsonb, h uuid, i inet, j cidr, k macaddr, l macaddr8, m money, n point, o line, p tsvector, q tsquery, r xml, s oid, t regclass, u name, v int4range, w tstzrange, x int[], y int[][], z int array, aa int array[5], ab text[3], ac numeric(5)[], ad timestamp(3)[], ae pg_lsn, af regtype, ag xid, ah national character varying(5), ai nchar(4), aj character varying, ak dec(4,2), al timestamp without time zone[], am interval hour to minute[], an pg_catalog.int4, ao pg_catalog."char", ap pg_catalog.bpchar, aq pg_catalog.varchar(9), ar "varchar", at_ "timestamptz", au jsonpath, av box, aw hstore);

CREATE TABLE types2 (a bit, b bit(5), c bit varying, d varbit(7), e bool, f json, g jsonb, h uuid, i inet, j cidr, k macaddr, l macaddr8, m money, n point, o line, p tsvector, q tsquery, r xml, s oid, t regclass, u name, v int4range, w tstzrange, x int[], y int[][], z int array, aa int array[5], ab text[3], ac numeric(5)[], ad timestamp(3)[], ae pg_lsn, af regtype, ag xid, ah national character varying(5), ai nchar(4), aj character varying, ak dec(4,2), al timestamp without time zone[], am interval hour to minute[], an pg_catalog.int4, ao pg_catalog."char", ap pg_catalog.bpchar, aq pg_catalog.varchar(9), ar "varchar", at_ "timestamptz", au jsonpath, av box);

CREATE TABLE types3 (a varchar(0));

CREATE TABLE types3 (a varchar(99999999));

CREATE TABLE types3 (a numeric(2000));

CREATE TABLE types3 (a int(5));

CREATE TABLE types3 (a text(5));

CREATE TABLE types3 (a uuid(5));

CREATE TABLE types3 (a numeric(1,2,3));

CREATE TABLE types3 (a timestamp(9));

CREATE TABLE types3 (a "int4");

CREATE TABLE types4 (a pg_catalog.text, b "text");

CREATE TABLE types5 (a types4, b types4[]);

CREATE TABLE types6 (a types6);

CREATE TABLE types7 (a int, b nope.e);

CREATE TABLE types7 (a int, b s.nope);

ALTER TABLE types4 ALTER COLUMN a TYPE int USING a::int;
