CREATE TABLE IF NOT EXISTS posts (
    id        uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    author_id uuid NOT NULL REFERENCES users (id),
    title     text NOT NULL
);

CREATE INDEX IF NOT EXISTS posts_author_id ON posts (author_id);
