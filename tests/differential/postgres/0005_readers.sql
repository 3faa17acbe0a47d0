CREATE TABLE readers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email citext NOT NULL,
    "fullName" text NOT NULL,
    kind membership NOT NULL DEFAULT 'guest',
    home_branch smallint REFERENCES branches,
    born date,
    password_hash text,
    tags text[] NOT NULL DEFAULT '{}',
    settings jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    UNIQUE (email),
    CHECK (born < created_at)
);
CREATE INDEX readers_name_idx ON readers (lower("fullName"));
CREATE INDEX readers_tags_idx ON readers USING gin (tags);
CREATE INDEX ON readers (home_branch) WHERE home_branch IS NOT NULL;
