CREATE TABLE billing.invoices (
    id bigserial PRIMARY KEY,
    reader bigint REFERENCES public.readers,
    total billing.amount,
    currency billing.currency NOT NULL DEFAULT 'CHF',
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    paid_at timestamptz,
    CONSTRAINT paid_after_issued CHECK (paid_at IS NULL OR paid_at >= issued_at)
);

CREATE TABLE billing.invoice_lines (
    invoice bigint NOT NULL REFERENCES billing.invoices ON DELETE CASCADE,
    line int NOT NULL,
    what text NOT NULL,
    amount numeric(12, 2) NOT NULL,
    tax numeric(12, 2) GENERATED ALWAYS AS (amount * 0.081) STORED,
    PRIMARY KEY (invoice, line)
);

CREATE INDEX invoices_open ON billing.invoices (reader, issued_at DESC NULLS LAST) WHERE paid_at IS NULL;
