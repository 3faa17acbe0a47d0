CREATE INDEX IF NOT EXISTS copies_in_repair ON copies (branch) WHERE state = 'repair';
ALTER TABLE copies ADD COLUMN IF NOT EXISTS repaired_on date CHECK (repaired_on > '2000-01-01');
