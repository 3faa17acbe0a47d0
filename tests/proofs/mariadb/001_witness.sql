-- Every migration behind this one leaves a row here each time that it is applied.
CREATE TABLE IF NOT EXISTS witness (
    id        BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    migration VARCHAR(10) NOT NULL,
    step      INT         NOT NULL
);
