DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['authors', 'copies', 'loans'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS created_by bigint REFERENCES readers (id)', t);
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (created_by)', t || '_created_by_idx', t);
    END LOOP;
END
$$;
