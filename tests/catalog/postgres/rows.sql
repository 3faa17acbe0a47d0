-- Rows of one key, in one migration; and how many columns a query in an expression has.
CREATE TABLE roles (id bigint PRIMARY KEY, name text UNIQUE, of text);
CREATE TABLE pairs (a integer, b integer, c boolean DEFAULT true, PRIMARY KEY (a, b));

INSERT INTO roles VALUES (1, 'a', 'x'), (2, 'b', 'x'), (1, 'c', 'x');

INSERT INTO roles (name, id) VALUES ('a', 1);
INSERT INTO roles (name, id) VALUES ('a', 2);

INSERT INTO roles (id, name) VALUES (10, 'j');
COMMENT ON TABLE roles IS 'x';
INSERT INTO roles (id, name) VALUES (11, NULL), (12, NULL);
INSERT INTO roles (id, name) VALUES (10, 'k');

INSERT INTO roles (id, name) VALUES (20, 't') ON CONFLICT DO NOTHING;
INSERT INTO roles (id, name) VALUES (20, 't') ON CONFLICT (id) DO NOTHING;

INSERT INTO roles (id, name) VALUES (30, 'u');
DELETE FROM roles WHERE id = 30;
INSERT INTO roles (id, name) VALUES (30, 'u');
UPDATE roles SET id = id + 100;
INSERT INTO roles (id, name) VALUES (30, 'v');

INSERT INTO pairs (a, b) VALUES (1, 1), (1, 2), (2, 1);

INSERT INTO pairs (a, b) VALUES (5, 1), (5, 1);

INSERT INTO roles (id, name) VALUES (40, 'w');
DO $$ BEGIN DELETE FROM roles; END $$;
INSERT INTO roles (id, name) VALUES (40, 'w');

CREATE TABLE later (id integer, CONSTRAINT later_key UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO later VALUES (1), (1);
DELETE FROM later;

CREATE TABLE taken (id integer NOT NULL);
CREATE UNIQUE INDEX taken_id ON taken (id);
ALTER TABLE taken ADD CONSTRAINT taken_key UNIQUE USING INDEX taken_id DEFERRABLE INITIALLY DEFERRED;
INSERT INTO taken VALUES (1), (1);
DELETE FROM taken;

CREATE TABLE parts (id integer, live boolean);
CREATE UNIQUE INDEX parts_live ON parts (id) WHERE live;
INSERT INTO parts VALUES (1, false), (1, false), (1, true);

CREATE TABLE twice (id integer PRIMARY KEY, UNIQUE (id));
INSERT INTO twice VALUES (1), (2);

CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE guarded (id integer PRIMARY KEY);
CREATE TRIGGER guarded_nothing BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION nothing();
INSERT INTO guarded VALUES (1);
INSERT INTO guarded VALUES (1);

CREATE TABLE touched (id integer PRIMARY KEY);
CREATE TRIGGER touched_nothing BEFORE UPDATE OR DELETE ON touched FOR EACH ROW EXECUTE FUNCTION nothing();

INSERT INTO touched VALUES (1);
INSERT INTO touched VALUES (1);

CREATE TABLE perhaps (id integer);
DO $$ BEGIN
    IF (SELECT count(*) FROM roles) > 1000 THEN
        CREATE UNIQUE INDEX perhaps_key ON perhaps (id);
    END IF;
END $$;
INSERT INTO perhaps VALUES (1), (1);
DROP TABLE perhaps;

UPDATE roles SET of = (SELECT name, of FROM roles LIMIT 1);

UPDATE roles SET of = (SELECT FROM roles LIMIT 1);

UPDATE roles SET (name, of) = (SELECT name, of FROM roles LIMIT 1) WHERE id < 0;

SELECT 1 FROM roles WHERE (id, name) = (SELECT id, name FROM roles LIMIT 1);

SELECT 1 FROM roles WHERE (id, name) IN (SELECT id, name FROM roles);

SELECT 1 FROM roles WHERE (id, name) IN (SELECT id FROM roles);

SELECT 1 FROM roles WHERE id IN (SELECT id, name FROM roles);

SELECT 1 FROM roles WHERE id = ANY (SELECT * FROM roles);

SELECT 1 FROM roles WHERE EXISTS (SELECT FROM roles);

SELECT array(SELECT id, name FROM roles);

SELECT 1 FROM roles WHERE (id, name) OPERATOR(pg_catalog.=) (SELECT id, name FROM roles LIMIT 1);
