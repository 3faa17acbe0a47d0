CREATE EXTENSION citext;

CREATE TABLE src (id serial PRIMARY KEY, n text NOT NULL UNIQUE, c int CHECK (c > 0), d int DEFAULT 4, g int GENERATED ALWAYS AS (c * 2) STORED, i int GENERATED ALWAYS AS IDENTITY, f int REFERENCES src, CONSTRAINT big CHECK (d > 1), CONSTRAINT pair UNIQUE (c, d), EXCLUDE (c WITH =));

CREATE INDEX src_special_name ON src (d, lower(n));

CREATE INDEX ON src (n) WHERE d > 0;

CREATE UNIQUE INDEX src_u ON src (c) INCLUDE (d);

CREATE TABLE l0 (LIKE src);

CREATE TABLE l1 (LIKE src INCLUDING ALL);

CREATE TABLE l2 (LIKE src INCLUDING DEFAULTS);

CREATE TABLE l3 (LIKE src INCLUDING CONSTRAINTS);

CREATE TABLE l4 (LIKE src INCLUDING INDEXES);

CREATE TABLE l5 (LIKE src INCLUDING GENERATED);

CREATE TABLE l6 (LIKE src INCLUDING IDENTITY);

CREATE TABLE l7 (LIKE src INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY);

CREATE TABLE l8 (before int, LIKE src INCLUDING INDEXES, after int UNIQUE);

CREATE TABLE l9 (id int, LIKE src);

CREATE TABLE l9 (LIKE src, LIKE src);

CREATE TABLE l9 (LIKE src, id int);

CREATE TABLE l9 (LIKE src INCLUDING INDEXES, PRIMARY KEY (c));

CREATE TABLE l10 (LIKE src INCLUDING CONSTRAINTS, CONSTRAINT big CHECK (c > 9));

CREATE TABLE l10 (LIKE src INCLUDING CONSTRAINTS, CHECK (c > 9));

CREATE TABLE l11 (LIKE nope);

CREATE VIEW v AS SELECT id, n FROM src;

CREATE TABLE l12 (LIKE v);

CREATE TYPE ty AS (a int, b text);

CREATE TABLE l13 (LIKE ty);

CREATE SEQUENCE sq;

CREATE TABLE l14 (LIKE sq);

CREATE TABLE l15 (LIKE src INCLUDING STORAGE INCLUDING COMMENTS INCLUDING STATISTICS);

CREATE TABLE l16 (x int, LIKE l0, y int);

CREATE TABLE l17 (LIKE l16 INCLUDING ALL) INHERITS (l0);

CREATE TABLE part (LIKE src INCLUDING DEFAULTS) PARTITION BY RANGE (c);

DROP TABLE src;

DROP TABLE src CASCADE;

CREATE TABLE long_source (a_rather_long_column_name_number_one int, a_rather_long_column_name_number_two int, UNIQUE (a_rather_long_column_name_number_one, a_rather_long_column_name_number_two));

CREATE INDEX ON long_source (a_rather_long_column_name_number_two);

CREATE INDEX ON long_source (a_rather_long_column_name_number_two);

CREATE INDEX ON long_source ((a_rather_long_column_name_number_one + 1), abs(a_rather_long_column_name_number_two));

CREATE TABLE long_copy (LIKE long_source INCLUDING ALL);

CREATE TABLE long_copy2 (LIKE long_copy INCLUDING INDEXES);

CREATE TEMP TABLE t (LIKE long_source INCLUDING ALL);

CREATE TABLE ctas AS SELECT * FROM long_source;

CREATE TABLE ctas2 (one, two) AS SELECT * FROM long_source WITH NO DATA;

CREATE TABLE ctas3 (one, two, three) AS SELECT * FROM long_source;

CREATE TABLE ctas4 (one, one) AS SELECT * FROM long_source;

CREATE TABLE IF NOT EXISTS ctas AS SELECT 1 AS a;

CREATE TABLE ctas AS SELECT 1 AS a;

CREATE TABLE ctas5 AS SELECT 1 AS a, 2 AS a;

CREATE TABLE ctas7 AS TABLE long_source;

SELECT * INTO ctas8 FROM long_source;

SELECT * INTO TEMP ctas9 FROM long_source;
