DO $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'copies' AND column_name = 'bought_on'
    ) THEN
        ALTER TABLE copies RENAME COLUMN bought_on TO acquired_on;
    END IF;
END
$$;
ALTER TABLE IF EXISTS no_such_table RENAME TO another;
