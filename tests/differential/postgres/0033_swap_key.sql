ALTER TABLE authorships DROP CONSTRAINT book_authors_pkey;
CREATE UNIQUE INDEX authorships_key ON authorships (book, author, position);
ALTER TABLE authorships ADD CONSTRAINT authorships_pkey PRIMARY KEY USING INDEX authorships_key;
ALTER TABLE branches DROP CONSTRAINT IF EXISTS branches_phone_check, ADD CONSTRAINT branches_phone_check CHECK (phone LIKE '+%');
