INSERT INTO authors (name) VALUES ('A. Writer'), ('B. Poet');
INSERT INTO books (title, pages, price) VALUES ('On Lending', 120, 19.90);
INSERT INTO book_authors (book, author)
SELECT b.id, a.id FROM books b CROSS JOIN authors a WHERE b.title = 'On Lending' AND a.name LIKE 'A.%';
