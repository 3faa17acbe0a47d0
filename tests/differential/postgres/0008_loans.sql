CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE IF NOT EXISTS loans (
    id bigserial,
    copy bigint NOT NULL REFERENCES copies (number),
    reader bigint NOT NULL REFERENCES readers (id) ON DELETE CASCADE,
    channel loan_channel,
    during tstzrange NOT NULL,
    renewed int DEFAULT 0,
    CONSTRAINT loans_pkey PRIMARY KEY (id),
    CONSTRAINT loans_one_at_a_time EXCLUDE USING gist (copy WITH =, during WITH &&)
);
