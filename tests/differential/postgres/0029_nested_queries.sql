WITH totals AS (
    SELECT reader, sum(total) AS spent FROM billing.invoices WHERE paid_at IS NOT NULL GROUP BY reader
)
UPDATE readers SET kind = 'reader'
FROM totals WHERE totals.reader = readers.id AND totals.spent > 100 AND readers.kind = 'visitor';

DELETE FROM reservations r
USING books b
WHERE b.id = r.book AND NOT EXISTS (SELECT 1 FROM copies c WHERE c.book = b.id) AND r.placed_at < now() - interval '1 year';

INSERT INTO archive.loans (id, copy, reader, lent_at)
SELECT l.id, l.copy, l.reader, lower(l.during) FROM loans l
WHERE upper(l.during) < now() - make_interval(years => 2)
ON CONFLICT (id) DO UPDATE SET lent_at = EXCLUDED.lent_at;
