-- What is in store.

CREATE SCHEMA inventory;

CREATE TABLE inventory.ingredient (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    unit char(2) NOT NULL DEFAULT 'kg',
    minimum real,
    shelf_life interval
);

CREATE TABLE inventory.recipe (
    item_id integer,
    ingredient_id integer,
    amount double precision NOT NULL,
    PRIMARY KEY (item_id, ingredient_id)
);

CREATE TABLE inventory.movement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ingredient_id integer NOT NULL,
    change numeric(14, 4) NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    counted_by bigint
);

CREATE TABLE inventory.supplier_price (
    ingredient_id integer NOT NULL,
    valid tstzrange NOT NULL,
    price money,
    EXCLUDE USING gist (valid WITH &&)
);

CREATE VIEW inventory.stock AS
    SELECT i.id, i.name, coalesce(sum(m.change), 0) AS amount, i.unit
    FROM inventory.ingredient i LEFT JOIN inventory.movement m ON m.ingredient_id = i.id GROUP BY i.id;
