DO $$
BEGIN
    CREATE TYPE copy_state AS ENUM ('shelf', 'lent', 'lost');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'loan_channel') THEN
        CREATE TYPE loan_channel AS ENUM ('desk', 'machine', 'online');
    END IF;
END
$$;
