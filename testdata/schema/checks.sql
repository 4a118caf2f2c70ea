-- CHECK constraints.
CREATE SCHEMA c;
CREATE TABLE c.kinds (a int CHECK (a > 0), b text, CONSTRAINT "Both ""of them" CHECK (a > length(b) OR b IS NULL),
  CONSTRAINT alone CHECK (b <> '') NO INHERIT);
ALTER TABLE c.kinds ADD CONSTRAINT later CHECK (a < 100) NOT VALID;
ALTER TABLE c.kinds ADD CONSTRAINT unenforced CHECK (a < 50) NOT ENFORCED; --@ 18+
CREATE TABLE c.child () INHERITS (c.kinds);
CREATE TABLE c.child_own (CONSTRAINT "Both ""of them" CHECK (a > length(b) OR b IS NULL), CHECK (a <> 7)) INHERITS (c.kinds);
ALTER TABLE c.child_own ADD CONSTRAINT own_later CHECK (a <> 8) NOT VALID;
ALTER TABLE c.child VALIDATE CONSTRAINT later;
CREATE TABLE c.parted (a int, b int, CONSTRAINT positive CHECK (a > 0)) PARTITION BY LIST (a);
CREATE TABLE c.parted_1 PARTITION OF c.parted FOR VALUES IN (1);
CREATE TABLE c.parted_2 (b int, a int, CONSTRAINT positive CHECK (a > 0), CONSTRAINT own CHECK (b > 0));
ALTER TABLE c.parted ATTACH PARTITION c.parted_2 FOR VALUES IN (2);
ALTER TABLE c.parted ADD CONSTRAINT late CHECK (b < 1000) NOT VALID;
COMMENT ON CONSTRAINT "Both ""of them" ON c.kinds IS 'of both';
COMMENT ON CONSTRAINT later ON c.kinds IS 'not valid';
COMMENT ON CONSTRAINT "Both ""of them" ON c.child IS 'inherited';
COMMENT ON CONSTRAINT positive ON c.parted_1 IS 'of a partition';
