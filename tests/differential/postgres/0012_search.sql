CREATE FUNCTION books_search(b books) RETURNS tsvector
LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', coalesce(b.title, '') || ' ' || coalesce(b.subtitle, ''));
$$;

CREATE FUNCTION set_book_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector('simple', NEW.title);
    RETURN NEW;
END
$$;

CREATE TRIGGER books_search_update BEFORE INSERT OR UPDATE ON books
    FOR EACH ROW EXECUTE FUNCTION set_book_search();

CREATE INDEX books_search_idx ON books USING gin (search);
