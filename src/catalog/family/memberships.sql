-- One row a membership. Up to 15 the grantor means nothing and may be gone; the first superuser needs no mention, since
-- grants of superusers are his.
select g.rolname as role, m.rolname as member, a.admin_option,
       a.inherit_option, a.set_option, case when a.grantor <> 10 then b.rolname end as grantor              --@ 16+
       null as inherit_option, null as set_option, null as grantor                                         --@ ..15
from pg_catalog.pg_auth_members a
join pg_catalog.pg_roles g on g.oid = a.roleid
join pg_catalog.pg_roles m on m.oid = a.member
left join pg_catalog.pg_roles b on b.oid = a.grantor
where not (g.rolname ~ '^pg_' and m.rolname ~ '^pg_')
order by g.rolname, m.rolname, b.rolname
