CREATE TABLE IF NOT EXISTS branches (
    id smallserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    place address,
    opened_on date NOT NULL DEFAULT CURRENT_DATE,
    hours opening_hours,
    phone varchar(32),
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT branches_name_not_blank CHECK (length(btrim(name)) > 0)
);
COMMENT ON TABLE branches IS 'Where books are lent';
COMMENT ON COLUMN branches.hours IS 'This week';
