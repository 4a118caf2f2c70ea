//! Names and strings that look like SQL: whatever people write in them, it means nothing to a restore.

use crate::cli_session::Keeping;
use crate::harness::{Options, Server, versions};

fn cluster(major: u32) -> Server {
    Server::fresh(major, &[])
}

/// A grant of another role on the database names it once more, and the source may not notice a copy beside it.
#[test]
fn a_copy_in_the_same_cluster_leaves_the_source_alone() {
    for major in versions() {
        let server = cluster(major);
        let source = server.database_with("house'q", &Options::default());
        let name = format!("\"{}\"", source.name());
        source.psql(&format!(
            "CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; CREATE TABLE t (); REVOKE ALL ON DATABASE {name} FROM PUBLIC;
             GRANT CONNECT ON DATABASE {name} TO a WITH GRANT OPTION; SET ROLE a; GRANT CONNECT ON DATABASE {name} TO b;
             RESET ROLE; COMMENT ON DATABASE {name} IS $x$DATABASE {name}$x$; ALTER ROLE c IN DATABASE {name} SET work_mem = '5MB'",
            ));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        source.psql(&format!("REVOKE CONNECT ON DATABASE {name} FROM a CASCADE"));
        let acl = |name: &str| format!("SELECT datacl FROM pg_database WHERE datname = $x${name}$x$");
        let before = source.query_one(&acl(source.name()));
        assert!(!before.contains("b=c/a"), "{before}");

        keeping.ok(&["restore", "latest", "-C", "-d", &server.existing("house_copy").url()]);
        assert_eq!(source.query_one(&acl(source.name())), before, "on {major}");
        assert_eq!(source.query_one(&acl("house_copy")), "{postgres=CTc/postgres,a=c*/postgres,b=c/a}", "on {major}");
        let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'house_copy'";
        assert_eq!(source.query_one(comment), format!("DATABASE {name}"));
    }
}
