CREATE TABLE IF NOT EXISTS events (
    happened_at timestamptz NOT NULL,
    kind text NOT NULL,
    reader bigint,
    payload jsonb
) PARTITION BY RANGE (happened_at);

CREATE TABLE IF NOT EXISTS events_2024 PARTITION OF events
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE IF NOT EXISTS events_2025 PARTITION OF events
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE IF NOT EXISTS events_rest PARTITION OF events DEFAULT;

CREATE INDEX IF NOT EXISTS events_kind ON events (kind, happened_at);
