-- What guests paid.

CREATE SCHEMA payments;

CREATE TYPE payments.method AS ENUM ('cash', 'card', 'voucher');

CREATE TABLE payments.payment (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id bigint NOT NULL,
    method payments.method NOT NULL,
    amount numeric(12, 2) NOT NULL CHECK (amount > 0),
    tip numeric(12, 2),
    currency char(3) NOT NULL DEFAULT 'EUR',
    card jsonb,
    receipt bytea,
    paid_at timestamptz NOT NULL DEFAULT now(),
    refunded_at timestamptz
);

CREATE TABLE payments.refund (
    id serial PRIMARY KEY,
    payment_id uuid NOT NULL,
    amount numeric(12, 2) NOT NULL,
    reason text NOT NULL DEFAULT ''
);

CREATE TABLE payments.audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    payment_id uuid NOT NULL,
    what text NOT NULL,
    before jsonb,
    after jsonb
);

-- The logo on receipts is a large object.
CREATE TABLE payments.receipt_logo (venue_id integer PRIMARY KEY, logo oid NOT NULL);

CREATE FUNCTION payments.write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO payments.audit (at, payment_id, what, before, after)
    VALUES (NEW.paid_at, NEW.id, TG_OP, CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW) - 'receipt');
    RETURN NULL;
END
$$;
