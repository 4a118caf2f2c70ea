-- Operators with one and two operands, that announce each other, over types of the user and of the server.
CREATE SCHEMA o;
CREATE SCHEMA "O ""x""";
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TYPE o.amount AS (value numeric);
CREATE FUNCTION o."equal ?"(o.amount, o.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value = $2.value';
CREATE FUNCTION o.differ(o.amount, o.amount) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.value <> $2.value';
CREATE FUNCTION o.negate(o.amount) RETURNS o.amount LANGUAGE sql IMMUTABLE STRICT AS 'SELECT ROW(-$1.value)::o.amount';
CREATE FUNCTION o.cross(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR o.<> (FUNCTION = o.differ, LEFTARG = o.amount, RIGHTARG = o.amount, COMMUTATOR = OPERATOR(o.<>),
    NEGATOR = OPERATOR("O ""x""".=), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR "O ""x""".= (FUNCTION = o."equal ?", LEFTARG = o.amount, RIGHTARG = o.amount, COMMUTATOR = OPERATOR("O ""x""".=),
    NEGATOR = OPERATOR(o.<>), MERGES, HASHES, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR o.- (FUNCTION = o.negate, RIGHTARG = o.amount);
CREATE OPERATOR o.- (FUNCTION = int4mi, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR o.@#@ (FUNCTION = numeric_fac, LEFTARG = bigint); --@ ..13
-- Its commutator stays without a function.
CREATE OPERATOR o.~~% (FUNCTION = o.cross, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = OPERATOR("O ""x""".%~~));
ALTER OPERATOR o.- (NONE, o.amount) OWNER TO "keeper ""of"" types";
COMMENT ON OPERATOR o.- (NONE, o.amount) IS 'negates';
COMMENT ON OPERATOR o.<> (o.amount, o.amount) IS 'differs';
