\set name accounts
\i other.sql
SELECT :name, :'name';
