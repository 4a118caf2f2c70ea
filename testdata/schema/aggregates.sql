-- Aggregates: no argument, ordered sets, hypothetical sets, moving and parallel ones.
CREATE SCHEMA a;
CREATE SCHEMA "A ""x""";
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FUNCTION "A ""x"""."plus +"(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 + $2';
CREATE FUNCTION a.done(integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION a.done(integer, integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE a.count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a."sum ""of"""(integer) (SFUNC = "A ""x"""."plus +", STYPE = integer, INITCOND = '0', FINALFUNC = a.done,
    FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE);
CREATE AGGREGATE a.extra(integer) (SFUNC = "A ""x"""."plus +", STYPE = integer, FINALFUNC = a.done, FINALFUNC_EXTRA,
    FINALFUNC_MODIFY = READ_WRITE, PARALLEL = RESTRICTED);
CREATE AGGREGATE a.average(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, SSPACE = 128, FINALFUNC = numeric_avg,
    COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize,
    MSFUNC = numeric_avg_accum, MINVFUNC = numeric_accum_inv, MSTYPE = internal, MSSPACE = 64, MFINALFUNC = numeric_avg,
    MFINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
CREATE AGGREGATE a.moving(integer) (SFUNC = int4_sum, STYPE = bigint, MSFUNC = int4_avg_accum, MINVFUNC = int4_avg_accum_inv,
    MSTYPE = bigint[], MINITCOND = '{0,0}', MFINALFUNC = int2int4_sum);
CREATE AGGREGATE a.smallest(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE AGGREGATE a.percentile(double precision ORDER BY "the value" double precision) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_cont_float8_final);
CREATE AGGREGATE a.rank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
    FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE a.gather(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}'); --@ 14+
CREATE AGGREGATE a.gather(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}'); --@ ..13
ALTER AGGREGATE a.count(*) OWNER TO "keeper ""of"" types";
ALTER AGGREGATE a.percentile(double precision ORDER BY double precision) OWNER TO "keeper ""of"" types";
REVOKE ALL ON FUNCTION a.count() FROM PUBLIC;
REVOKE ALL ON FUNCTION a.percentile(double precision, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION a.rank("any") TO "keeper ""of"" types";
COMMENT ON AGGREGATE a.count(*) IS 'counts';
COMMENT ON AGGREGATE a.percentile(double precision ORDER BY double precision) IS 'ordered';
