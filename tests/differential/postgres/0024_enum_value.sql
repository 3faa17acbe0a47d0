ALTER TYPE copy_state ADD VALUE IF NOT EXISTS 'repair' AFTER 'lent';
