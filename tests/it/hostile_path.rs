//! Owners of databases cannot put operators of their own in the place of the system's: a superuser who dumps, plans,
//! drills or lists never calls them.

use pgkeep::catalog::GlobalOptions;
use pgkeep::plan::Pattern;
use pgkeep::progress::silent;
use pgkeep::{drill, dump, restore};

use crate::harness::{Database, Server, block_on, versions};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

/// What a call of such an operator leaves in the server's log, whatever becomes of its transaction.
const MARK: &str = "an operator of somebody else was called";

/// Left and right type, operator, of pairs that our statements could take for the system's.
const SHADOWS: [(&str, &str, &str); 12] = [
    ("\"char\"", "\"char\"", "="),
    ("\"char\"", "unknown", "="),
    ("oid", "oid", "="),
    ("oid", "int4", "="),
    ("oid", "int4", "<>"),
    ("name", "name", "="),
    ("name", "text", "="),
    ("name", "text", "<>"),
    ("name", "text", "!~"),
    ("text", "text", "="),
    ("int2", "int4", ">"),
    ("bool", "bool", "="),
];

/// Plants the operators in a schema as a role that may create there and nothing else.
fn plant(database: &Database, role: &str, schema: &str) {
    let mut sql = format!("SET ROLE {role}; SET search_path = {schema};");
    for (at, (left, right, operator)) in SHADOWS.iter().enumerate() {
        let (left, right) = (left.replace("unknown", "text"), right.replace("unknown", "text"));
        sql += &format!(
            "CREATE FUNCTION {schema}.shadow_{at}({left}, {right}) RETURNS bool LANGUAGE plpgsql AS \
             $$BEGIN RAISE LOG '{MARK}: {operator}({left}, {right})'; RETURN false; END$$; \
             CREATE OPERATOR {schema}.{operator} (leftarg = {left}, rightarg = {right}, function = {schema}.shadow_{at});"
        );
    }
    database.psql(&sql);
}

#[track_caller]
fn assert_uncalled(server: &Server, since: usize, what: &str) {
    let log = server.log();
    let called: Vec<&str> = log[since..].lines().filter(|line| line.contains(MARK)).take(5).collect();
    assert!(called.is_empty(), "{what} on {}: {called:#?}", server.major());
}

/// A database of the role, with its operators, first on its path or in `public` behind the default path.
fn hostile_database(server: &Server, role: &str, first: bool) -> Database {
    let database = server.database("theirs");
    let name = database.name();
    let sql = match first {
        true => format!("ALTER DATABASE {name} OWNER TO {role}; CREATE SCHEMA evil AUTHORIZATION {role}"),
        false => format!("GRANT CREATE ON SCHEMA public TO {role}"),
    };
    database.psql(&sql);
    database
        .psql("CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY); INSERT INTO s.t VALUES (1); CREATE SEQUENCE s.q");
    plant(&database, role, if first { "evil" } else { "public" });
    if first {
        database.psql(&format!("SET ROLE {role}; ALTER DATABASE {name} SET search_path = evil, pg_catalog"));
    }
    database
}

#[test]
fn operators_on_the_path_of_a_database_are_never_called() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        server.existing("postgres").psql("CREATE ROLE mallory LOGIN");
        for first in [true, false] {
            let database = hostile_database(&server, "mallory", first);
            // The bait works: an ordinary superuser's statement falls for it.
            let mut psql = database.client("psql");
            psql.args(["-X", "-q", "-c", "SELECT relkind = 'r'::\"char\", relname !~ 't' FROM pg_class LIMIT 1"]);
            assert!(psql.output().expect("psql runs").status.success());
            assert!(server.log().contains(MARK), "nothing would be shown on {major}");
            let since = server.log().len();
            let folder = tempfile::tempdir().expect("a temporary folder");
            block_on(async {
                let repository = repository(&folder.path().join("r")).await;
                let dumping = dump_options(&database);
                expect(dump::run(&repository, &dumping, &silent()).await, "dump");
                assert_uncalled(&server, since, "dump");
                let reader = latest(&repository).await;
                let mut planning = restore_options(&database);
                expect(restore::outline(&reader, &planning, &silent()).await, "plan");
                planning.clean = true;
                expect(restore::outline(&reader, &planning, &silent()).await, "plan of a restore that cleans");
                planning.clean = false;
                planning.fill = restore::Fill::Truncate;
                expect(restore::outline(&reader, &planning, &silent()).await, "plan of a refill");
                assert_uncalled(&server, since, "restore --plan");
                expect(drill::run(&reader, &drilling(&database), &silent()).await, "drill");
                assert_uncalled(&server, since, "drill");
                let pattern = Some(Pattern::of_schema("theirs*").expect("a pattern"));
                let globals = Some(GlobalOptions::default());
                let all = dump::all::Options { dump: dumping.clone(), pattern, at_once: 2, globals };
                let done = expect(dump::all::run(&repository, &all, &silent()).await, "dump of all databases");
                assert!(done.failed.is_empty(), "{:?}", done.failed);
                assert_uncalled(&server, since, "dump --all-databases");
                expect(dump::globals(&repository, &dumping, &GlobalOptions::default(), &silent()).await, "globals");
                assert_uncalled(&server, since, "globals");
                let mut refilling = restore_options(&database);
                refilling.fill = restore::Fill::Truncate;
                refilling.verify = true;
                refilling.selection.data_only = true;
                expect(restore::from_snapshot(&reader, &refilling, &silent()).await, "refill");
                assert_uncalled(&server, since, "a refill with its look back");
            });
        }
    }
}

/// A drill with a check that would meet them.
fn drilling(database: &Database) -> drill::Options {
    let restore = restore_options(database);
    let checks = vec![("f".to_owned(), "SELECT count(*) = 1 FROM s.t WHERE a::oid = 1".to_owned())];
    drill::Options { restore, max_bytes: None, checks, keep: false }
}
