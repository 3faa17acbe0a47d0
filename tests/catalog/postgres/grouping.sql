CREATE TABLE books (id int PRIMARY KEY, title text, pages int, shelf int);
CREATE TABLE shelves (id int PRIMARY KEY, name text, room text);
CREATE AGGREGATE longest (text) (SFUNC = textcat, STYPE = text);

-- What is shown is one value in each group.
CREATE VIEW v AS SELECT title, count(*) FROM books;

CREATE VIEW v AS SELECT title, pages, count(*) FROM books GROUP BY title;

CREATE VIEW v AS SELECT b.shelf, s.name, sum(b.pages) FROM books b JOIN shelves s ON s.id = b.shelf GROUP BY b.shelf;

CREATE VIEW v AS SELECT lower(title), max(pages) FROM books GROUP BY pages;

CREATE VIEW v AS SELECT pages FROM books HAVING true;

CREATE VIEW v AS SELECT title, sum(count(*)) OVER () FROM books GROUP BY pages;

CREATE VIEW v AS SELECT x.n FROM (SELECT title AS n, max(pages) FROM books) x;

CREATE VIEW v AS SELECT title FROM books WHERE count(*) > 1;

CREATE VIEW v AS SELECT b.title FROM books b JOIN shelves s ON s.id = max(b.shelf);

UPDATE books SET pages = 1 WHERE max(pages) > 2;

DELETE FROM books WHERE id = max(id);

CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM books GROUP BY shelf ORDER BY max(pages) $$;
CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $$ SELECT title || max(pages) FROM books $$;

-- All of these are right.
CREATE VIEW by_key AS SELECT s.id, s.name, upper(s.room) AS room, count(b.id) FROM shelves s LEFT JOIN books b ON b.shelf = s.id GROUP BY s.id;
CREATE VIEW by_other_name AS SELECT s.a, s.b, count(*) FROM shelves s (a, b, c) GROUP BY s.a;
CREATE VIEW by_output AS SELECT lower(title) AS t, count(*) FROM books GROUP BY t;
CREATE VIEW by_place AS SELECT title, count(*) FROM books GROUP BY 1;
CREATE VIEW by_expression AS SELECT pages / 10, count(*) FROM books GROUP BY pages / 10;
CREATE VIEW by_sets AS SELECT title, pages, count(*) FROM books GROUP BY GROUPING SETS ((title), (pages));
CREATE VIEW by_name AS SELECT title, "title" AS again, books.title AS more, count(*) FROM books GROUP BY books.title;
CREATE VIEW of_own AS SELECT longest(title) AS l, count(*) FROM books;
CREATE VIEW of_windows AS SELECT title, sum(pages) OVER (PARTITION BY shelf), row_number() OVER () AS n FROM books;
CREATE VIEW of_groups AS SELECT shelf, rank() OVER (ORDER BY sum(pages)) FROM books GROUP BY shelf HAVING max(pages) > 10;
CREATE VIEW of_outer AS SELECT s.id, (SELECT s.name || max(b.title) FROM books b WHERE b.shelf = s.id) FROM shelves s;
CREATE VIEW of_both AS SELECT s.room, max(s.name) AS m, (SELECT max(b.title) FROM books b WHERE b.shelf = max(s.id)) AS n FROM shelves s GROUP BY s.room;
CREATE VIEW counted AS SELECT count(*), 'x' AS constant, now() AS at FROM books;
CREATE VIEW filtered AS SELECT count(*) FILTER (WHERE pages > 10), array_agg(title ORDER BY pages) FROM books;
CREATE VIEW joined AS SELECT shelf, count(*) FROM books JOIN (SELECT id AS shelf, name FROM shelves) s USING (shelf) GROUP BY shelf;
CREATE FUNCTION h(n int) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) + n FROM books WHERE pages > n $$;
UPDATE books SET pages = (SELECT max(pages) FROM books) WHERE id IN (SELECT max(id) FROM books);
