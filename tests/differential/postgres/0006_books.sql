CREATE TABLE authors (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    sort_name text GENERATED ALWAYS AS (lower(name)) STORED
);

CREATE TABLE books (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    isbn char(13),
    title text NOT NULL,
    subtitle text,
    pages int CHECK (pages > 0),
    weight real,
    price numeric(8, 2),
    published_in int,
    language char(2) DEFAULT 'de' NOT NULL,
    search tsvector,
    CONSTRAINT books_pkey PRIMARY KEY (id),
    CONSTRAINT books_isbn_key UNIQUE (isbn)
);

CREATE TABLE book_authors (
    book uuid NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    author uuid NOT NULL REFERENCES authors (id) ON DELETE RESTRICT ON UPDATE CASCADE,
    position smallint NOT NULL DEFAULT 1,
    PRIMARY KEY (book, author)
);
