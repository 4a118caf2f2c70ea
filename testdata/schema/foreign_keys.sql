-- Foreign keys.
CREATE SCHEMA f;
CREATE TABLE f.one (id int PRIMARY KEY, a int, b text, UNIQUE (a, b));
CREATE TABLE f.two (id int PRIMARY KEY REFERENCES f.one ON DELETE CASCADE ON UPDATE SET NULL, a int, b text,
  CONSTRAINT "Mean ""FK" FOREIGN KEY (a, b) REFERENCES f.one (a, b) MATCH FULL ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE f.one ADD CONSTRAINT back FOREIGN KEY (a) REFERENCES f.two DEFERRABLE;
ALTER TABLE f.one ADD CONSTRAINT self FOREIGN KEY (a) REFERENCES f.one NOT VALID;
ALTER TABLE f.one ADD CONSTRAINT unenforced FOREIGN KEY (a) REFERENCES f.two NOT ENFORCED; --@ 18+
CREATE TABLE f.set_columns (a int, b text, FOREIGN KEY (a, b) REFERENCES f.one (a, b) ON DELETE SET NULL (b)); --@ 15+
COMMENT ON CONSTRAINT "Mean ""FK" ON f.two IS 'mean';
CREATE TABLE f.parted (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE f.parted_1 PARTITION OF f.parted FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE f.parted_1_1 PARTITION OF f.parted_1 FOR VALUES FROM (0) TO (10);
CREATE TABLE f.parted_2 PARTITION OF f.parted FOR VALUES IN (2);
CREATE TABLE f.to_parted (a int, b int, FOREIGN KEY (a, b) REFERENCES f.parted);
CREATE TABLE f.from_parted (a int, b int REFERENCES f.one, FOREIGN KEY (a, b) REFERENCES f.parted) PARTITION BY LIST (a);
CREATE TABLE f.from_parted_1 PARTITION OF f.from_parted FOR VALUES IN (1);
CREATE TABLE f.from_parted_2 PARTITION OF f.from_parted FOR VALUES IN (2);
ALTER TABLE f.from_parted_2 ADD CONSTRAINT own FOREIGN KEY (b) REFERENCES f.two;
ALTER TABLE f.from_parted ADD CONSTRAINT late FOREIGN KEY (b) REFERENCES f.two NOT VALID; --@ 18+
CREATE TABLE f.temporal (id int4range, at tsrange, PRIMARY KEY (id, at WITHOUT OVERLAPS)); --@ 18+
CREATE TABLE f.temporal_child (id int4range, at tsrange, FOREIGN KEY (id, PERIOD at) REFERENCES f.temporal (id, PERIOD at)); --@ 18+
CREATE TABLE f.parent (a int REFERENCES f.one);
CREATE TABLE f.child (FOREIGN KEY (a) REFERENCES f.two) INHERITS (f.parent);
