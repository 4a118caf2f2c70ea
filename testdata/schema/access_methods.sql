-- Access methods over handlers of the server and of the user, and what uses them.
CREATE SCHEMA m;
CREATE FUNCTION m."handler ""x"""(internal) RETURNS table_am_handler LANGUAGE internal AS 'heap_tableam_handler';
CREATE ACCESS METHOD "heap ""x""" TYPE TABLE HANDLER m."handler ""x""";
CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;
CREATE OPERATOR CLASS m.integers FOR TYPE integer USING tree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE TABLE m.a (a integer) USING "heap ""x""";
COMMENT ON ACCESS METHOD tree IS 'a method';
