-- Operator classes and families: full, empty, with storage, in a family of the server, with loose members.
CREATE SCHEMA c;
CREATE SCHEMA "C ""x""";
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TYPE c.amount AS (value numeric);
CREATE FUNCTION c.lt(c.amount, c.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value < $2.value';
CREATE FUNCTION c.le(c.amount, c.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value <= $2.value';
CREATE FUNCTION c.eq(c.amount, c.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value = $2.value';
CREATE FUNCTION c.ge(c.amount, c.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value >= $2.value';
CREATE FUNCTION c.gt(c.amount, c.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value > $2.value';
CREATE FUNCTION c.compare(c.amount, c.amount) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT CASE WHEN $1.value < $2.value THEN -1 WHEN $1.value > $2.value THEN 1 ELSE 0 END';
CREATE OPERATOR c.< (FUNCTION = c.lt, LEFTARG = c.amount, RIGHTARG = c.amount, COMMUTATOR = OPERATOR(c.>), NEGATOR = OPERATOR(c.>=));
CREATE OPERATOR c.<= (FUNCTION = c.le, LEFTARG = c.amount, RIGHTARG = c.amount, COMMUTATOR = OPERATOR(c.>=), NEGATOR = OPERATOR(c.>));
CREATE OPERATOR c.= (FUNCTION = c.eq, LEFTARG = c.amount, RIGHTARG = c.amount, COMMUTATOR = OPERATOR(c.=));
CREATE OPERATOR c.>= (FUNCTION = c.ge, LEFTARG = c.amount, RIGHTARG = c.amount, COMMUTATOR = OPERATOR(c.<=), NEGATOR = OPERATOR(c.<));
CREATE OPERATOR c.> (FUNCTION = c.gt, LEFTARG = c.amount, RIGHTARG = c.amount, COMMUTATOR = OPERATOR(c.<), NEGATOR = OPERATOR(c.<=));
CREATE OPERATOR CLASS c."Amount ""ops""" DEFAULT FOR TYPE c.amount USING btree AS
    OPERATOR 1 c.<, OPERATOR 2 c.<=, OPERATOR 3 c.=, OPERATOR 4 c.>=, OPERATOR 5 c.>, FUNCTION 1 c.compare(c.amount, c.amount);
CREATE OPERATOR FAMILY "C ""x"""."family" USING btree;
CREATE OPERATOR FAMILY "C ""x"""."family" USING hash;
CREATE OPERATOR CLASS c.reverse FOR TYPE integer USING btree FAMILY "C ""x"""."family" AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
ALTER OPERATOR FAMILY "C ""x"""."family" USING btree ADD
    OPERATOR 1 >(bigint, integer), OPERATOR 3 =(bigint, integer), FUNCTION 1 (bigint, integer) btint84cmp(bigint, integer),
    OPERATOR 1 >(integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR CLASS c.empty FOR TYPE integer USING gist AS STORAGE integer;
CREATE OPERATOR CLASS c.stored FOR TYPE text[] USING gin AS
    OPERATOR 1 &&(anyarray, anyarray), FUNCTION 2 ginarrayextract(anyarray, internal, internal), STORAGE text;
CREATE OPERATOR CLASS c.near FOR TYPE box USING gist AS
    OPERATOR 1 <<(box, box), OPERATOR 15 <->(box, point) FOR ORDER BY float_ops,
    FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
    FUNCTION 7 gist_box_same(box, box, internal), FUNCTION 8 (box, box) gist_box_distance(internal, box, smallint, oid, internal);
ALTER OPERATOR CLASS c.reverse USING btree OWNER TO "keeper ""of"" types";
ALTER OPERATOR FAMILY "C ""x"""."family" USING hash OWNER TO "keeper ""of"" types";
COMMENT ON OPERATOR CLASS c.reverse USING btree IS 'backwards';
COMMENT ON OPERATOR FAMILY "C ""x"""."family" USING btree IS 'a family';
CREATE TABLE c.indexed (a c.amount, b integer);
CREATE INDEX indexed_a ON c.indexed (a);
CREATE INDEX indexed_b ON c.indexed (b c.reverse);
