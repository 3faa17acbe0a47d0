DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'reservations_note_short') THEN
        ALTER TABLE reservations ADD CONSTRAINT reservations_note_short CHECK (length(note) < 150);
    END IF;
END
$$;

DO $$
BEGIN
    ALTER TABLE reservations ADD CONSTRAINT reservations_once UNIQUE (book, placed_at);
EXCEPTION
    WHEN duplicate_table THEN NULL;
END
$$;

ALTER TABLE reservations ALTER COLUMN book DROP NOT NULL;
ALTER TABLE reservations ALTER COLUMN note SET DEFAULT '';
