CREATE PROCEDURE close_branch(which smallint)
LANGUAGE sql AS $$
    UPDATE branches SET is_open = false WHERE id = which;
$$;

CREATE OR REPLACE FUNCTION reader_age(born date, at date DEFAULT CURRENT_DATE) RETURNS int
LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$ SELECT extract(year FROM age(at, born))::int $$;

CREATE AGGREGATE concat_all (text) (SFUNC = textcat, STYPE = text, INITCOND = '');

COMMENT ON FUNCTION reader_age(date, date) IS 'In whole years';
