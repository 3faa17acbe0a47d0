CREATE OR REPLACE VIEW loan_history AS
SELECT l.id, l.reader, row_number() OVER (PARTITION BY l.reader ORDER BY lower(l.during)) AS nth,
       CASE WHEN upper(l.during) IS NULL THEN 'open' ELSE 'closed' END AS state,
       coalesce(l.renewed, 0) > 2 AS often, r.tags[1] AS first_tag, r.settings ->> 'theme' AS theme
FROM loans l
JOIN LATERAL (SELECT * FROM readers WHERE readers.id = l.reader) r ON true
ORDER BY 1;
