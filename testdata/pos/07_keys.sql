-- What comes after the rows: keys across schemas, indexes, triggers, policies, grants, and a materialized view.

ALTER TABLE users.person ADD CONSTRAINT person_email_key UNIQUE (venue_id, email);
ALTER TABLE users.person ADD CONSTRAINT person_venue_fkey FOREIGN KEY (venue_id) REFERENCES users.venue;
ALTER TABLE users."the ""night"" shift" ADD FOREIGN KEY ("who's on") REFERENCES users.person ON DELETE CASCADE;
CREATE INDEX person_working ON users.person (venue_id, job) WHERE left_at IS NULL;

ALTER TABLE menu.category ADD FOREIGN KEY (parent_id) REFERENCES menu.category;
ALTER TABLE menu.item ADD FOREIGN KEY (category_id) REFERENCES menu.category ON UPDATE CASCADE;
ALTER TABLE menu.item ADD CONSTRAINT "item's SKU" UNIQUE (sku);
ALTER TABLE menu.photo ADD FOREIGN KEY (item_id) REFERENCES menu.item ON DELETE CASCADE;
CREATE INDEX item_words ON menu.item USING gin (words);
CREATE INDEX item_name ON menu.item (lower(name) text_pattern_ops, price DESC NULLS LAST) INCLUDE (gross) WHERE active;
CREATE UNIQUE INDEX category_place ON menu.category (parent_id, place) NULLS NOT DISTINCT; --@ 15+

ALTER TABLE ord."Order" ADD FOREIGN KEY (venue_id) REFERENCES users.venue;
ALTER TABLE ord."Order" ADD FOREIGN KEY (person_id) REFERENCES users.person;
ALTER TABLE ord.line ADD FOREIGN KEY (order_id) REFERENCES ord."Order" ON DELETE CASCADE;
ALTER TABLE ord.line ADD FOREIGN KEY (item_id) REFERENCES menu.item;
ALTER TABLE ord.event ADD FOREIGN KEY (order_id) REFERENCES ord."Order";
CREATE INDEX "Order placed" ON ord."Order" USING brin (placed_at);
CREATE INDEX order_open ON ord."Order" (venue_id) WHERE state IN ('open', 'sent');
CREATE INDEX event_order ON ord.event (order_id, at);
CREATE STATISTICS ord.line_facts (dependencies, ndistinct) ON item_id, price FROM ord.line;
CREATE TRIGGER revision BEFORE UPDATE ON ord."Order" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION ord.count_revision();

ALTER TABLE payments.payment ADD CONSTRAINT payment_order_fkey FOREIGN KEY (order_id) REFERENCES ord."Order";
ALTER TABLE payments.refund ADD FOREIGN KEY (payment_id) REFERENCES payments.payment DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX payment_order ON payments.payment (order_id);
CREATE INDEX payment_kept ON payments.payment (paid_at) WHERE refunded_at IS NULL;
CREATE INDEX payment_day ON payments.payment (((paid_at AT TIME ZONE 'UTC')::date));
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON payments.payment FOR EACH ROW EXECUTE FUNCTION payments.write_audit();
CREATE MATERIALIZED VIEW payments.day AS
    SELECT (paid_at AT TIME ZONE 'UTC')::date AS day, method, count(*) AS payments, sum(amount) AS amount
    FROM payments.payment GROUP BY 1, 2;
CREATE UNIQUE INDEX day_method ON payments.day (day, method);
COMMENT ON MATERIALIZED VIEW payments.day IS 'takings by day; refreshed at night';
CREATE VIEW payments.unpaid AS
    SELECT o.id, o.placed_at FROM ord."Order" o LEFT JOIN payments.payment p ON p.order_id = o.id WHERE p.id IS NULL;

ALTER TABLE inventory.recipe ADD FOREIGN KEY (item_id) REFERENCES menu.item, ADD FOREIGN KEY (ingredient_id) REFERENCES inventory.ingredient;
ALTER TABLE inventory.movement ADD FOREIGN KEY (ingredient_id) REFERENCES inventory.ingredient NOT VALID;
ALTER TABLE inventory.movement ADD FOREIGN KEY (counted_by) REFERENCES users.person ON DELETE SET NULL;
CREATE INDEX movement_ingredient ON inventory.movement (ingredient_id, at DESC);

ALTER TABLE users.person ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_venue ON users.person FOR ALL TO pos_app
    USING (venue_id = current_setting('pos.venue', true)::integer) WITH CHECK (job <> 'owner');

GRANT USAGE ON SCHEMA users, menu, ord, payments, inventory TO pos_app, pos_report;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA users, menu, ord, payments, inventory TO pos_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA users, ord, payments, inventory TO pos_app;
GRANT SELECT ON payments.payment, payments.day, ord."Order" TO pos_report;
GRANT SELECT (id, venue_id, job) ON users.person TO pos_report WITH GRANT OPTION;
REVOKE ALL ON FUNCTION ord.total(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ord.total(bigint) TO pos_app;
GRANT SELECT ON LARGE OBJECT 90001 TO pos_report;
ALTER DEFAULT PRIVILEGES IN SCHEMA payments GRANT SELECT ON TABLES TO pos_report;
ALTER TABLE inventory.supplier_price OWNER TO pos_app;
