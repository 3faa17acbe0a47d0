ALTER TABLE books ALTER COLUMN subtitle TYPE varchar(300);
ALTER TABLE books ALTER COLUMN published_in TYPE smallint USING published_in::smallint;
ALTER TABLE branches ALTER COLUMN phone TYPE text, ALTER COLUMN opened_on DROP DEFAULT;
ALTER TABLE loans ALTER renewed SET NOT NULL;
ALTER DOMAIN billing.amount DROP NOT NULL;
