-- One row a subscription of this database, with the options that differ from those of every server version.
select s.oid, s.subname as name, pg_catalog.pg_get_userbyid(s.subowner) as owner,
       not s.subpasswordrequired as passwordless,                                                      --@ 16+
       false as passwordless,                                                                          --@ ..15
       s.subconninfo, s.subslotname, s.subpublications, nullif(s.subsynccommit, 'off') as subsynccommit,
       nullif(s.suborigin, 'any') as suborigin,                                                        --@ 16+
       null as suborigin,                                                                              --@ ..15
       pg_catalog.array_remove(array[
         null                                                                                          --@ 13
         case when s.subbinary then 'binary = true' end                                                --@ 14+
         -- Its default is another one from 18 on.
         , case when s.substream then 'streaming = on' else 'streaming = off' end                      --@ 14..15
         , case s.substream when 't' then 'streaming = on' when 'p' then 'streaming = parallel'        --@ 16+
                            else 'streaming = off' end                                                 --@ 16+
         , case when s.subtwophasestate <> 'd' then 'two_phase = on' end                               --@ 15+
         , case when s.subdisableonerr then 'disable_on_error = true' end                              --@ 15+
         , case when not s.subpasswordrequired then 'password_required = false' end                    --@ 16+
         , case when s.subrunasowner then 'run_as_owner = true' end                                    --@ 16+
         , case when s.subfailover then 'failover = true' end                                          --@ 17+
       ]::pg_catalog.text[], null) as options
from pg_catalog.pg_subscription s
where s.subdbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
order by s.oid
