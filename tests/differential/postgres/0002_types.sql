CREATE TYPE membership AS ENUM ('guest', 'reader', 'librarian');
CREATE TYPE billing.currency AS ENUM ('EUR', 'CHF', 'USD');
CREATE DOMAIN postal_code AS varchar(12) CHECK (VALUE ~ '^[A-Z0-9 -]+$');
CREATE DOMAIN billing.amount AS numeric(12, 2) NOT NULL DEFAULT 0 CONSTRAINT amount_positive CHECK (VALUE >= 0);
CREATE TYPE address AS (street text, house_number varchar(10), code postal_code, city text);
CREATE TYPE opening_hours AS RANGE (subtype = timestamp);
