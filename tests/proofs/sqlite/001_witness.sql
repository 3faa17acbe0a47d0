-- Every migration behind this one leaves a row here each time that it is applied.
CREATE TABLE IF NOT EXISTS witness (id INTEGER PRIMARY KEY, migration TEXT NOT NULL, step INTEGER NOT NULL);
