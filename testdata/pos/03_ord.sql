-- Orders: the largest tables.

CREATE SCHEMA ord;

CREATE TYPE ord.state AS ENUM ('open', 'sent', 'served', 'closed', 'cancelled');
CREATE SEQUENCE ord.ticket AS integer START WITH 100 MINVALUE 1 MAXVALUE 999 CYCLE;

CREATE TABLE ord."Order" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue_id integer NOT NULL,
    person_id bigint NOT NULL,
    ticket integer NOT NULL DEFAULT nextval('ord.ticket'),
    state ord.state NOT NULL DEFAULT 'open',
    guests smallint NOT NULL DEFAULT 1 CHECK (guests > 0),
    "table" text,
    note text,
    placed_at timestamptz NOT NULL DEFAULT now(),
    revision integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE ord."Order" IS 'one visit of a party of guests';

CREATE TABLE ord.line (
    order_id bigint NOT NULL,
    line smallint NOT NULL,
    item_id integer NOT NULL,
    quantity numeric(8, 3) NOT NULL DEFAULT 1,
    price menu.price,
    total numeric GENERATED ALWAYS AS (round(quantity * price, 2)) STORED,
    extras jsonb,
    note text,
    CONSTRAINT line_pkey PRIMARY KEY (order_id, line),
    CONSTRAINT "some" CHECK (quantity > 0)
);

CREATE TABLE ord.event (
    id bigserial,
    order_id bigint NOT NULL,
    at timestamptz NOT NULL,
    state ord.state NOT NULL,
    device uuid NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE ord.event_2024_01 PARTITION OF ord.event FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
CREATE TABLE ord.event_2024_02 PARTITION OF ord.event FOR VALUES FROM ('2024-02-01 00:00+00') TO ('2024-03-01 00:00+00');
CREATE TABLE ord.event_2024_03 PARTITION OF ord.event FOR VALUES FROM ('2024-03-01 00:00+00') TO ('2024-04-01 00:00+00');
CREATE TABLE ord.event_2024_04 PARTITION OF ord.event FOR VALUES FROM ('2024-04-01 00:00+00') TO ('2024-05-01 00:00+00');
CREATE TABLE ord.event_2024_05 PARTITION OF ord.event FOR VALUES FROM ('2024-05-01 00:00+00') TO ('2024-06-01 00:00+00');
CREATE TABLE ord.event_2024_06 PARTITION OF ord.event FOR VALUES FROM ('2024-06-01 00:00+00') TO ('2024-07-01 00:00+00');
CREATE TABLE ord.event_later PARTITION OF ord.event DEFAULT;

CREATE FUNCTION ord.count_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END
$$;

CREATE FUNCTION ord.total(of_order bigint) RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = ord, pg_temp AS $$
DECLARE
    sum_of_lines numeric;
BEGIN
    SELECT coalesce(sum(l.total), 0) INTO sum_of_lines FROM ord.line l WHERE l.order_id = of_order;
    RETURN sum_of_lines;
END
$$;

CREATE VIEW ord.open_order WITH (security_barrier) AS
    SELECT o.id, o.ticket, p.email, ord.total(o.id) AS total
    FROM ord."Order" o JOIN users.person p ON p.id = o.person_id WHERE o.state = 'open';
