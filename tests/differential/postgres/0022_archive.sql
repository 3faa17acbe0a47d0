CREATE TABLE archive.loans AS
SELECT id, copy, reader, lower(during) AS lent_at FROM public.loans WITH NO DATA;

ALTER TABLE archive.loans ADD PRIMARY KEY (id);

CREATE TABLE archive.books (LIKE books INCLUDING DEFAULTS INCLUDING CONSTRAINTS);

CREATE UNLOGGED TABLE archive.imports (line text, at timestamptz DEFAULT now());
