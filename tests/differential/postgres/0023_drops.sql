DROP INDEX IF EXISTS readers_tags_idx;
ALTER TABLE books DROP COLUMN weight, DROP CONSTRAINT books_isbn_key;
DROP VIEW lent_copies;
DROP FUNCTION books_search(books);
DROP TABLE archive.imports;
DROP TRIGGER books_touch ON books;
