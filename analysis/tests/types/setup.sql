CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN email AS text;
CREATE TABLE people (
    id integer PRIMARY KEY,
    small smallint,
    big bigint,
    price numeric(10, 2),
    ratio double precision,
    name text NOT NULL,
    code varchar(20),
    letter char(1),
    active boolean,
    born date,
    woken time,
    made timestamp,
    seen timestamptz,
    pause interval,
    key uuid,
    doc jsonb,
    raw json,
    tags text[],
    numbers integer[],
    host inet,
    mood mood,
    moods mood[],
    pair pair,
    count positive,
    mail email,
    span int4range,
    place point
);
CREATE TABLE pets (id bigint PRIMARY KEY, owner integer REFERENCES people (id), name varchar(50), weight real);
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION shown(integer) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE FUNCTION shown(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION listed(anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[$1]';
CREATE FUNCTION joined(VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT $1[1]';
CREATE FUNCTION padded(text, integer DEFAULT 3) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
