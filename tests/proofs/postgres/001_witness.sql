-- Every migration behind this one leaves a row here each time that it is applied.
CREATE TABLE IF NOT EXISTS witness (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    migration text   NOT NULL,
    step      integer NOT NULL
);
