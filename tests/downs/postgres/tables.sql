-- up
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, age integer);
-- down inverse
DROP TABLE users;
-- down refused
DROP TABLE user;
-- down refused
DROP TABLE users
DROP TABLE users;
-- down nothing
-- nobody knows how
-- down nothing
SELECT 1;
-- down differs
INSERT INTO users (id, name) VALUES (1, 'x');
-- up
ALTER TABLE users ADD COLUMN email text, ADD COLUMN score integer NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX users_email ON users (email);
-- down inverse
ALTER TABLE users DROP COLUMN score, DROP COLUMN email;
-- down differs
ALTER TABLE users DROP COLUMN score;
-- down differs
DROP INDEX users_email;
ALTER TABLE users DROP COLUMN email;
-- down refused
ALTER TABLE users DROP COLUMN mail;
-- down refused
DROP INDEX users_mail;
-- up
ALTER TABLE users DROP COLUMN age;
-- down inverse
ALTER TABLE users ADD COLUMN age integer;
-- down differs
ALTER TABLE users ADD COLUMN age bigint;
-- down differs
ALTER TABLE users ADD COLUMN age integer NOT NULL DEFAULT 0;
-- down differs
ALTER TABLE users ADD COLUMN ages integer;
-- up
ALTER TABLE users ALTER COLUMN score TYPE bigint, ALTER COLUMN score DROP DEFAULT, ALTER COLUMN score DROP NOT NULL;
-- down inverse
ALTER TABLE users ALTER COLUMN score TYPE integer, ALTER COLUMN score SET DEFAULT 0, ALTER COLUMN score SET NOT NULL;
-- down differs
ALTER TABLE users ALTER COLUMN score TYPE integer, ALTER COLUMN score SET NOT NULL;
-- down differs
ALTER TABLE users ALTER COLUMN score TYPE integer, ALTER COLUMN score SET DEFAULT 0;
-- down differs
ALTER TABLE users ALTER COLUMN score SET DEFAULT 0, ALTER COLUMN score SET NOT NULL;
-- down differs
ALTER TABLE users ALTER COLUMN score TYPE integer, ALTER COLUMN score SET DEFAULT 1, ALTER COLUMN score SET NOT NULL;
-- up
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN name TO full_name;
-- down inverse
ALTER TABLE people RENAME COLUMN full_name TO name;
ALTER TABLE people RENAME TO users;
-- down differs
ALTER TABLE people RENAME TO users;
-- down differs
ALTER TABLE people RENAME COLUMN full_name TO name;
-- down refused
ALTER TABLE users RENAME TO people;
-- up
CREATE TABLE posts (id serial PRIMARY KEY, author bigint NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    body text CHECK (length(body) > 0));
CREATE INDEX posts_author ON posts (author) WHERE body IS NOT NULL;
-- down inverse
DROP TABLE posts;
-- down refused
DROP TABLE people;
-- up
ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES people (id);
ALTER TABLE posts DROP CONSTRAINT posts_body_check;
DROP INDEX posts_author;
CREATE INDEX posts_author ON posts (author, id);
-- down inverse
ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES people (id) ON DELETE CASCADE;
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (length(body) > 0);
DROP INDEX posts_author;
CREATE INDEX posts_author ON posts (author) WHERE body IS NOT NULL;
-- down differs
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (length(body) > 0);
DROP INDEX posts_author;
CREATE INDEX posts_author ON posts (author) WHERE body IS NOT NULL;
-- down differs
ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES people (id) ON DELETE CASCADE;
DROP INDEX posts_author;
CREATE INDEX posts_author ON posts (author) WHERE body IS NOT NULL;
-- down differs
ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES people (id) ON DELETE CASCADE;
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (length(body) > 0);
-- up
INSERT INTO people (id, full_name) VALUES (1, 'a');
-- down inverse
SELECT 'rows are nobody''s affair';
-- down inverse
DELETE FROM people WHERE id = 1;
-- down refused
DELETE FROM users WHERE id = 1;
-- up
ALTER TABLE people ADD COLUMN number integer;
-- down nothing
DO $$ BEGIN END $$;
-- down refused
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relname = 'people') THEN
    ALTER TABLE people DROP COLUMN numbers;
  END IF;
END $$;
-- down inverse
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relname = 'people') THEN
    ALTER TABLE people DROP COLUMN number;
  END IF;
END $$;
