ALTER TABLE reservations ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS own_reservations ON reservations;
CREATE POLICY own_reservations ON reservations FOR SELECT
    USING (reader = nullif(current_setting('library.reader', true), '')::bigint);

CREATE POLICY write_reservations ON reservations FOR ALL TO PUBLIC
    USING (true) WITH CHECK (note IS NOT NULL);

GRANT SELECT, INSERT ON reservations TO PUBLIC;
REVOKE INSERT ON reservations FROM PUBLIC;
GRANT USAGE ON SCHEMA billing TO PUBLIC;
