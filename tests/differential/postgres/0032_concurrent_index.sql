CREATE INDEX CONCURRENTLY IF NOT EXISTS loans_reader ON loans (reader);
