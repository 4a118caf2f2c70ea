-- NOT NULL: a flag up to 17, a constraint from 18 on.
CREATE SCHEMA n;
CREATE TABLE n.flags (a int NOT NULL, b int, c int NOT NULL DEFAULT 1, PRIMARY KEY (b));
CREATE TABLE n.child () INHERITS (n.flags);
CREATE TABLE n.child_again (a int NOT NULL) INHERITS (n.flags);
CREATE TABLE n.free (a int, b int, c int);
CREATE TABLE n.child_stricter () INHERITS (n.free);
ALTER TABLE n.child_stricter ALTER b SET NOT NULL;
CREATE TABLE n.parted (a int NOT NULL, b int) PARTITION BY LIST (a);
CREATE TABLE n.parted_1 PARTITION OF n.parted FOR VALUES IN (1);
CREATE TABLE n.parted_2 PARTITION OF n.parted (b NOT NULL) FOR VALUES IN (2);
CREATE TABLE n.named (a int CONSTRAINT "My ""NN" NOT NULL, b int CONSTRAINT alone NOT NULL NO INHERIT, c int NOT NULL); --@ 18+
COMMENT ON CONSTRAINT "My ""NN" ON n.named IS 'named'; --@ 18+
COMMENT ON CONSTRAINT named_c_not_null ON n.named IS 'not named'; --@ 18+
CREATE TABLE n.named_child () INHERITS (n.named); --@ 18+
CREATE TABLE n.named_child_own (a int CONSTRAINT own_name NOT NULL) INHERITS (n.named); --@ 18+
ALTER TABLE n.free ADD CONSTRAINT not_yet NOT NULL a NOT VALID; --@ 18+
ALTER TABLE n.child_stricter VALIDATE CONSTRAINT not_yet; --@ 18+
COMMENT ON CONSTRAINT not_yet ON n.free IS 'not valid'; --@ 18+
CREATE TABLE n.parted_later (a int, b int) PARTITION BY LIST (a); --@ 18+
CREATE TABLE n.parted_later_1 PARTITION OF n.parted_later FOR VALUES IN (1); --@ 18+
ALTER TABLE n.parted_later ADD CONSTRAINT late NOT NULL b NOT VALID; --@ 18+
ALTER TABLE n.parted_later_1 VALIDATE CONSTRAINT late; --@ 18+
-- A parent's is not valid: its children are valid by their own names, by the parent's under a key, or not at all.
CREATE TABLE n.doubt (a int, b int, c int, d int) PARTITION BY LIST (a); --@ 18+
CREATE TABLE n.doubt_1 PARTITION OF n.doubt FOR VALUES IN (1); --@ 18+
CREATE TABLE n.doubt_2 (a int, b int CONSTRAINT "My own" NOT NULL, c int CONSTRAINT aside NOT NULL, d int); --@ 18+
CREATE TABLE n.doubt_3 PARTITION OF n.doubt FOR VALUES IN (3); --@ 18+
ALTER TABLE n.doubt ADD CONSTRAINT doubt NOT NULL b NOT VALID, ADD CONSTRAINT doubt_c NOT NULL c NOT VALID; --@ 18+
ALTER TABLE n.doubt ATTACH PARTITION n.doubt_2 FOR VALUES IN (2); --@ 18+
ALTER TABLE n.doubt ADD CONSTRAINT doubt_d NOT NULL d NOT VALID; --@ 18+
ALTER TABLE n.doubt_1 VALIDATE CONSTRAINT doubt; --@ 18+
ALTER TABLE n.doubt_1 ADD PRIMARY KEY (b); --@ 18+
ALTER TABLE n.doubt_2 ADD PRIMARY KEY (b, c); --@ 18+
COMMENT ON CONSTRAINT aside ON n.doubt_2 IS 'named by the partition'; --@ 18+
COMMENT ON CONSTRAINT doubt_c ON n.doubt_3 IS 'not valid here either'; --@ 18+
CREATE TABLE n.doubtful (a int); --@ 18+
CREATE TABLE n.doubtful_child () INHERITS (n.doubtful); --@ 18+
ALTER TABLE n.doubtful ADD CONSTRAINT later NOT NULL a NOT VALID; --@ 18+
ALTER TABLE n.doubtful_child VALIDATE CONSTRAINT later; --@ 18+
ALTER TABLE n.doubtful_child ADD PRIMARY KEY (a); --@ 18+
