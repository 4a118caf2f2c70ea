-- Text search: all four kinds, mappings with several dictionaries, odd names.
CREATE SCHEMA s;
CREATE SCHEMA "S ""x""";
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TEXT SEARCH PARSER s."Parser ""x""" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
    HEADLINE = prsd_headline, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH PARSER s.small (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE s."Template ""x""" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH TEMPLATE s.small (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY "S ""x"""."Dictionary ""x""" (TEMPLATE = s."Template ""x""", STOPWORDS = 'english', accept = false);
CREATE TEXT SEARCH DICTIONARY s.stem (TEMPLATE = snowball, LANGUAGE = 'german', STOPWORDS = 'german');
CREATE TEXT SEARCH DICTIONARY s.plain (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION s.empty (PARSER = s.small);
CREATE TEXT SEARCH CONFIGURATION s."Configuration ""x""" (PARSER = s."Parser ""x""");
ALTER TEXT SEARCH CONFIGURATION s."Configuration ""x""" ADD MAPPING FOR asciiword, word, numhword
    WITH "S ""x"""."Dictionary ""x""", s.stem, pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION s."Configuration ""x""" ADD MAPPING FOR url WITH s.plain;
CREATE TEXT SEARCH CONFIGURATION s.copied (COPY = english);
ALTER TEXT SEARCH DICTIONARY s.stem OWNER TO "keeper ""of"" types";
ALTER TEXT SEARCH CONFIGURATION s.copied OWNER TO "keeper ""of"" types";
COMMENT ON TEXT SEARCH PARSER s.small IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE s.small IS 'a template';
COMMENT ON TEXT SEARCH DICTIONARY s.stem IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION s.copied IS 'a configuration';
