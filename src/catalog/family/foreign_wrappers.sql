-- One row a foreign data wrapper.
select w.oid, w.fdwname as name, pg_catalog.pg_get_userbyid(w.fdwowner) as owner, w.fdwacl as acl,
       pg_catalog.acldefault('F', w.fdwowner) as acl_default,
       case when w.fdwhandler <> 0 then w.fdwhandler::pg_catalog.regproc end as handler,
       case when w.fdwvalidator <> 0 then w.fdwvalidator::pg_catalog.regproc end as validator,
       w.fdwoptions as options
from pg_catalog.pg_foreign_data_wrapper w
order by w.oid
