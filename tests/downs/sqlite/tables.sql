-- up
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);
CREATE INDEX users_name ON users (name);
-- down inverse
DROP TABLE users;
-- down differs
DROP INDEX users_name;
-- down refused
DROP TABLE user;
-- down refused
DROP INDEX user_name;
-- down nothing
-- there is no way
-- up
ALTER TABLE users ADD COLUMN email TEXT;
-- down inverse
ALTER TABLE users DROP COLUMN email;
-- down refused
ALTER TABLE users DROP COLUMN mail;
-- down differs
DROP INDEX users_name;
ALTER TABLE users DROP COLUMN email;
-- down inverse
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);
INSERT INTO new_users SELECT id, name, age FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE INDEX users_name ON users (name);
-- down differs
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);
INSERT INTO new_users SELECT id, name, age FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
-- down differs
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
INSERT INTO new_users SELECT id, name, age FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE INDEX users_name ON users (name);
-- up
ALTER TABLE users RENAME TO people;
CREATE VIEW names AS SELECT name FROM people;
CREATE TRIGGER gone AFTER DELETE ON people BEGIN SELECT 1; END;
-- down inverse
DROP TRIGGER gone;
DROP VIEW names;
ALTER TABLE people RENAME TO users;
-- down differs
DROP VIEW names;
ALTER TABLE people RENAME TO users;
-- down differs
DROP TRIGGER gone;
ALTER TABLE people RENAME TO users;
-- down differs
DROP TRIGGER gone;
DROP VIEW names;
-- up
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES people (id), UNIQUE (author, id));
-- down inverse
DROP TABLE posts;
-- down differs
CREATE TABLE other (id INTEGER PRIMARY KEY);
DROP TABLE posts;
-- up
ALTER TABLE posts RENAME COLUMN author TO writer;
-- down inverse
ALTER TABLE posts RENAME COLUMN writer TO author;
-- down differs
ALTER TABLE posts ADD COLUMN author INTEGER;
-- down refused
ALTER TABLE posts RENAME COLUMN author TO writer;
-- up
DROP TABLE posts;
-- down inverse
CREATE TABLE posts (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL REFERENCES people (id), UNIQUE (writer, id));
-- down differs
CREATE TABLE posts (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL, UNIQUE (writer, id));
-- down inverse
CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL REFERENCES people (id), UNIQUE (writer, id));
-- down differs
CREATE TABLE posts (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL REFERENCES people (id));
