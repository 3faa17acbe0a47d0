-- Names that nobody wrote.
CREATE TABLE a (id int PRIMARY KEY, b int UNIQUE, c int CHECK (c > 0), d int REFERENCES a, e int, f text);

CREATE TABLE two (x int, y int, z text, PRIMARY KEY (x, y), UNIQUE (y, x), UNIQUE (z), CHECK (x > y), CHECK (x > 0), CHECK (x < 100), CHECK (true));

CREATE TABLE child (p int, q int, r int, FOREIGN KEY (p, q) REFERENCES two, FOREIGN KEY (p, q) REFERENCES two (x, y), FOREIGN KEY (q, p) REFERENCES two (y, x));

CREATE INDEX ON a (b);

CREATE INDEX ON a (b);

CREATE INDEX ON a (b, c);

CREATE INDEX ON a (lower(f));

CREATE INDEX ON a (lower(f), upper(f));

CREATE INDEX ON a ((b + c));

CREATE INDEX ON a ((b + c), (b * c), lower(f), lower(f));

CREATE INDEX ON a (e) INCLUDE (f);

CREATE INDEX ON a ((e::text));

CREATE INDEX ON a ((f || 'x'));

CREATE INDEX ON a ((coalesce(f, 'x')));

CREATE INDEX ON a ((CASE WHEN e > 0 THEN 1 ELSE 2 END));

CREATE INDEX ON a ((greatest(b, c)));

CREATE INDEX ON a ((f IS NULL));

CREATE INDEX ON a (substring(f from 1 for 2));

CREATE INDEX ON a (substring(f, 1, 2));

CREATE INDEX ON a (trim(f));

CREATE INDEX ON a ((lower(f) || upper(f)));

CREATE INDEX ON a ((lower(f)::varchar));

CREATE INDEX ON a ((nullif(f, '')));

CREATE INDEX ON a (md5(f) text_pattern_ops);

CREATE INDEX ON a (pg_catalog.lower(f));

CREATE UNIQUE INDEX ON a (f) WHERE e > 0;

CREATE INDEX ON a USING hash (f);

CREATE INDEX ON a ((ARRAY[b, c]));

CREATE INDEX ON a ((row(b, c) IS NULL));

CREATE INDEX ON a (extract(epoch from make_interval(0,0,0,0,0,0,e)));

CREATE INDEX ON a (abs(e));

CREATE INDEX ON a ((b));

CREATE INDEX ON a ((a.b));

CREATE INDEX ON a ((f COLLATE "C"));

CREATE INDEX ON a (lower(f) COLLATE "C");

CREATE TABLE twins (x int, CHECK (x > 0), CONSTRAINT twins_x_check CHECK (x > 1));

CREATE TABLE twins_of (x int CONSTRAINT twins_of_x_check1 CHECK (x > 0) CHECK (x > 2), CHECK (x > 3), CHECK (x > 4));

-- The name of a key is taken by a relation.
CREATE TABLE taken_pkey (i int);

CREATE TABLE taken (id int PRIMARY KEY, k int);

CREATE TABLE taken_k_key (i int);

ALTER TABLE taken ADD UNIQUE (k);

ALTER TABLE taken ADD UNIQUE (k);

ALTER TABLE taken ADD CHECK (k > 0);

ALTER TABLE taken ADD CHECK (k > 0), ADD CHECK (k > 1);

ALTER TABLE taken ADD FOREIGN KEY (k) REFERENCES a, ADD FOREIGN KEY (k) REFERENCES a;

ALTER TABLE taken ADD COLUMN v int UNIQUE CHECK (v > 1) REFERENCES a (id);

CREATE TABLE an_extremely_long_table_name_that_goes_on_and_on_and_on_a (an_extremely_long_column_name_that_goes_on_and_on_and_on int UNIQUE CHECK (an_extremely_long_column_name_that_goes_on_and_on_and_on > 0), id serial PRIMARY KEY, s int);

ALTER TABLE an_extremely_long_table_name_that_goes_on_and_on_and_on_a ADD UNIQUE (an_extremely_long_column_name_that_goes_on_and_on_and_on), ADD UNIQUE (id, s, an_extremely_long_column_name_that_goes_on_and_on_and_on);

CREATE INDEX ON an_extremely_long_table_name_that_goes_on_and_on_and_on_a (s, id, an_extremely_long_column_name_that_goes_on_and_on_and_on, s, id);

CREATE TABLE "ümläute_überall_ñandú_ñandú_ñandú_ñandú" ("größe_der_füße_über_alles_in_der_wélt_ñ" serial UNIQUE, "straße" int CHECK ("straße" > 0));

CREATE INDEX ON "ümläute_überall_ñandú_ñandú_ñandú_ñandú" ("größe_der_füße_über_alles_in_der_wélt_ñ");

CREATE TABLE x (a int, b int, c int, d int, e int, f int, CONSTRAINT x_pkey CHECK (a > 0));

ALTER TABLE x ADD PRIMARY KEY (a);

CREATE TABLE y (a int CONSTRAINT y_a_key CHECK (a > 1) UNIQUE);

CREATE TABLE z (a int CONSTRAINT first PRIMARY KEY, b int CONSTRAINT second UNIQUE, c int CONSTRAINT third CHECK (c > 0), d int CONSTRAINT fourth REFERENCES a, CONSTRAINT fifth UNIQUE (a, b));

CREATE TABLE z2 (a int CONSTRAINT first PRIMARY KEY);

CREATE TABLE z3 (a int CONSTRAINT third CHECK (a > 0), b int CONSTRAINT third CHECK (b > 0));

CREATE TABLE z4 (a int CONSTRAINT third CHECK (a > 0) CONSTRAINT fourth UNIQUE);

CREATE TABLE ex (a int, b int, EXCLUDE (a WITH =), EXCLUDE USING btree (a WITH =, b WITH =), EXCLUDE ((a + b) WITH =), EXCLUDE (abs(a) WITH =) WHERE (b > 0));

CREATE TABLE "Quoted Name" ("Some Col" int PRIMARY KEY, "UP" int UNIQUE, "x""y" int CHECK ("x""y" > 0), f int REFERENCES "Quoted Name");

ALTER TABLE a RENAME TO a2;

ALTER TABLE a2 ADD UNIQUE (e);

CREATE INDEX ON a2 (e);

ALTER TABLE a2 RENAME COLUMN e TO e2;

CREATE INDEX ON a2 (e2);

CREATE TABLE ck (a int, b int, CHECK (a > 0 AND a < 10), CHECK (a > b), CHECK (b IS NOT NULL), CHECK (a IN (1,2) OR ck.a > 5), CHECK (length(a::text) > 0), CHECK (ck IS NOT NULL));

CREATE TABLE sameline (a int, b int, UNIQUE (a), UNIQUE (a), PRIMARY KEY (a), UNIQUE (a, b), UNIQUE (a, b));

CREATE TABLE dup (a int UNIQUE, UNIQUE (a));

CREATE TABLE dup2 (a int PRIMARY KEY, UNIQUE (a));

CREATE TABLE dup3 (a int PRIMARY KEY, CONSTRAINT dup3_u UNIQUE (a));

CREATE TABLE dup4 (a int, CONSTRAINT u1 UNIQUE (a), CONSTRAINT u2 UNIQUE (a));

CREATE TABLE dup5 (a int UNIQUE UNIQUE);

CREATE TABLE dup6 (a int, UNIQUE (a) DEFERRABLE, UNIQUE (a));

CREATE TABLE dup7 (a int, b int, UNIQUE (a) INCLUDE (b), UNIQUE (a));
