ALTER TABLE readers RENAME COLUMN "fullName" TO full_name;
ALTER TABLE book_authors RENAME TO authorships;
ALTER INDEX readers_name_idx RENAME TO readers_full_name_idx;
ALTER TABLE branches RENAME CONSTRAINT branches_name_not_blank TO branches_named;
ALTER TYPE membership RENAME VALUE 'guest' TO 'visitor';
ALTER VIEW branch_sizes RENAME TO branch_copies;
ALTER SEQUENCE copy_numbers RENAME TO copies_number_seq;
ALTER FUNCTION touch_updated_at() RENAME TO touch;
