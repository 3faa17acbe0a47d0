CREATE SEQUENCE IF NOT EXISTS copy_numbers AS bigint START WITH 1000 INCREMENT BY 1 CACHE 10;

CREATE TABLE IF NOT EXISTS copies (
    number bigint PRIMARY KEY DEFAULT nextval('copy_numbers'),
    book uuid NOT NULL,
    branch smallint NOT NULL,
    state copy_state NOT NULL DEFAULT 'shelf',
    bought_on date,
    CONSTRAINT copies_book_fkey FOREIGN KEY (book) REFERENCES books (id),
    CONSTRAINT copies_branch_fkey FOREIGN KEY (branch) REFERENCES branches (id) DEFERRABLE INITIALLY DEFERRED
);

ALTER SEQUENCE copy_numbers OWNED BY copies.number;
CREATE INDEX IF NOT EXISTS copies_by_book ON copies (book, branch) INCLUDE (state);
