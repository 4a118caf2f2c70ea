-- One row a text search configuration of the user, with its mappings as kinds of tokens and dictionaries ready for SQL.
select c.oid, n.nspname as schema, c.cfgname as name, pg_catalog.pg_get_userbyid(c.cfgowner) as owner,
       pn.nspname as parser_schema, p.prsname as parser_name,
       array(select pg_catalog.quote_ident(t.alias) || ' WITH '
                    || pg_catalog.string_agg(m.mapdict::pg_catalog.regdictionary::pg_catalog.text, ', ' order by m.mapseqno)
             from pg_catalog.pg_ts_config_map m join pg_catalog.ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype
             where m.mapcfg = c.oid
             group by t.tokid, t.alias order by t.tokid) as mappings,
       case when pg_catalog.pg_ts_config_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_ts_config c
join pg_catalog.pg_namespace n on n.oid = c.cfgnamespace
join pg_catalog.pg_ts_parser p on p.oid = c.cfgparser
join pg_catalog.pg_namespace pn on pn.oid = p.prsnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
