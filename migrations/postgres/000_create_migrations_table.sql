-- What the service's first releases kept of themselves. The files go on writing to it; glowplug keeps its own record.
BEGIN;

CREATE TABLE IF NOT EXISTS schema_migrations (
    version    text        NOT NULL,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
);

INSERT INTO schema_migrations (version, name)
VALUES ('000', 'create_migrations_table')
ON CONFLICT (version) DO NOTHING;

COMMIT;
