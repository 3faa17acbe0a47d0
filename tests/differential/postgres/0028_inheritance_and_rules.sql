CREATE TABLE media (id serial PRIMARY KEY, label text NOT NULL, added date DEFAULT now());
CREATE TABLE films (minutes int CHECK (minutes BETWEEN 1 AND 600)) INHERITS (media);
CREATE RULE films_keep AS ON DELETE TO films DO INSTEAD NOTHING;
CREATE STATISTICS media_stats (dependencies) ON label, added FROM media;
