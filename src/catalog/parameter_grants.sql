-- One row a setting with grants on it (15+), which the first superuser owns.
select p.oid, p.parname as name, p.paracl as acl, pg_catalog.acldefault('p', 10) as acl_default  --@ 15+
from pg_catalog.pg_parameter_acl p                                                               --@ 15+
order by p.parname                                                                               --@ 15+
