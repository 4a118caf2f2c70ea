-- One row: the identity and the last checkpoint of the server; some providers deny these functions.
select s.system_identifier, c.timeline_id as timeline, c.redo_lsn, c.next_xid
from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c
