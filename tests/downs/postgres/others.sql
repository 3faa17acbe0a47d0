-- up
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (day date PRIMARY KEY, mood mood NOT NULL);
-- down inverse
DROP TABLE days;
DROP TYPE mood;
-- down differs
DROP TABLE days;
-- down refused
DROP TYPE mood;
DROP TABLE days;
-- up
ALTER TYPE mood ADD VALUE 'happy';
-- down differs
ALTER TABLE days ADD COLUMN x integer;
-- down nothing
SELECT 1;
-- down inverse
ALTER TYPE mood RENAME TO old_mood;
CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE days ALTER COLUMN mood TYPE mood USING mood::text::mood;
DROP TYPE old_mood;
-- up
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION half(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n / 2';
CREATE TRIGGER touched BEFORE UPDATE ON days FOR EACH ROW EXECUTE FUNCTION touch();
-- down inverse
DROP TRIGGER touched ON days;
DROP FUNCTION half(integer);
DROP FUNCTION touch();
-- down differs
DROP TRIGGER touched ON days;
DROP FUNCTION touch();
-- down differs
DROP FUNCTION half(integer);
-- down refused
DROP FUNCTION touch();
-- down refused
DROP TRIGGER touched ON days;
DROP FUNCTION half(text);
-- up
CREATE OR REPLACE FUNCTION half(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n >> 1';
CREATE FUNCTION half(n bigint) RETURNS bigint LANGUAGE sql AS 'SELECT n >> 1';
CREATE VIEW moods AS SELECT mood FROM days;
-- down inverse
DROP VIEW moods;
DROP FUNCTION half(bigint);
CREATE OR REPLACE FUNCTION half(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n / 2';
-- down differs
DROP VIEW moods;
DROP FUNCTION half(bigint);
-- down differs
DROP VIEW moods;
CREATE OR REPLACE FUNCTION half(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n / 2';
-- down differs
DROP FUNCTION half(bigint);
CREATE OR REPLACE FUNCTION half(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n / 2';
-- down refused
DROP FUNCTION half;
-- up
CREATE OR REPLACE VIEW moods AS SELECT mood, day FROM days;
-- down inverse
DROP VIEW moods;
CREATE VIEW moods AS SELECT mood FROM days;
-- down differs
DROP VIEW moods;
-- down refused
CREATE OR REPLACE VIEW moods AS SELECT mood FROM days;
-- up
CREATE SCHEMA app;
CREATE TABLE app.things (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE SEQUENCE numbers;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
ALTER TABLE days ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON days USING (true);
-- down inverse
DROP POLICY mine ON days;
ALTER TABLE days DISABLE ROW LEVEL SECURITY;
DROP DOMAIN positive;
DROP SEQUENCE numbers;
DROP SCHEMA app CASCADE;
-- down differs
DROP POLICY mine ON days;
DROP DOMAIN positive;
DROP SEQUENCE numbers;
DROP TABLE app.things;
-- down differs
DROP DOMAIN positive;
DROP SEQUENCE numbers;
DROP SCHEMA app CASCADE;
-- down differs
DROP POLICY mine ON days;
DROP SCHEMA app CASCADE;
-- down refused
DROP SCHEMA app;
-- up
CREATE TABLE log (at timestamptz NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX log_at ON log (at);
-- down inverse
DROP TABLE log;
-- down differs
DROP TABLE log_1;
-- up
DROP TABLE log_1;
-- down inverse
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- down differs
CREATE TABLE log_1 (at timestamptz NOT NULL, line text);
CREATE INDEX log_1_at_idx ON log_1 (at);
-- down differs
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- up
DROP TYPE mood CASCADE;
-- down differs
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
-- down nothing
DO $$ BEGIN END $$;
