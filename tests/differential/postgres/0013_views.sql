CREATE OR REPLACE VIEW lent_copies AS
SELECT c.number, c.book, b.title, l.reader, upper(l.during) AS due
FROM copies c
JOIN books b ON b.id = c.book
LEFT JOIN loans l ON l.copy = c.number
WHERE c.state = 'lent';

CREATE VIEW branch_sizes (branch, copies) AS
SELECT br.name, count(c.number) FROM branches br LEFT JOIN copies c ON c.branch = br.id GROUP BY br.name;

CREATE MATERIALIZED VIEW IF NOT EXISTS popular AS
SELECT book, count(*) AS loans FROM loans JOIN copies ON copies.number = loans.copy GROUP BY book
WITH NO DATA;

CREATE UNIQUE INDEX IF NOT EXISTS popular_book ON popular (book);
