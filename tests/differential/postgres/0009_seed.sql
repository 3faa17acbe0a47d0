INSERT INTO branches (name, phone) VALUES ('Main', '+41 44 000 00 00'), ('North', NULL)
ON CONFLICT (name) DO NOTHING;

INSERT INTO branches (name)
SELECT 'South' WHERE NOT EXISTS (SELECT 1 FROM branches WHERE name = 'South');

UPDATE branches SET phone = '+41 44 000 00 01' WHERE name = 'North' AND phone IS NULL;
