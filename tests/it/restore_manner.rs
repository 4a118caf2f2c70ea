//! Ways to go about a restore: removing first, one transaction, another role, reading back, another schema.

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, sample};

const SHOP: &str = "CREATE SCHEMA s; CREATE TYPE s.state AS ENUM ('new', 'paid');
    CREATE TABLE s.a (id serial PRIMARY KEY, b int, state s.state DEFAULT 'new', t text UNIQUE);
    CREATE TABLE s.b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int REFERENCES s.a);
    ALTER TABLE s.a ADD FOREIGN KEY (b) REFERENCES s.b;
    CREATE TABLE s.p (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (5000);
    INSERT INTO s.a (t) SELECT n FROM generate_series(1, 1000) n;
    INSERT INTO s.b (a) SELECT id FROM s.a; INSERT INTO s.p SELECT id FROM s.a; UPDATE s.a SET b = id;
    CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER t BEFORE INSERT ON s.b FOR EACH ROW EXECUTE FUNCTION s.f();
    CREATE VIEW s.v AS SELECT id FROM s.a; CREATE MATERIALIZED VIEW s.m AS SELECT count(*) FROM s.v;
    COMMENT ON TABLE s.a IS 's.a'; SELECT lo_from_bytea(4711, 'large');";

fn dumped(server: &Server) -> (Database, Keeping) {
    let source = server.database("manner_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    (source, keeping)
}

#[test]
fn what_is_there_is_removed_first_where_asked() {
    let server = Server::shared(18);
    let (source, keeping) = dumped(server);
    let target = server.database("manner_clean");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-c"]);
    target.psql("DELETE FROM s.p; INSERT INTO s.a (t) VALUES ('new row'); DROP FUNCTION s.f CASCADE");
    let said = keeping.ok(&["restore", "latest", "-d", &target.url(), "-c", "--if-exists", "--verify-target"]);
    assert!(said.contains("read back from the target and found the same"), "{said}");
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

#[test]
fn one_transaction_is_all_or_nothing() {
    let server = Server::shared(18);
    let (source, keeping) = dumped(server);
    let target = server.database("manner_single");
    // In the way of a key that comes last, and no finding sees it.
    target.psql(
        "CREATE FUNCTION public.no() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
        CREATE EVENT TRIGGER no ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION public.no()",
    );
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-1", "-n", "s"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname IN ('s', 'pgkeep_restore')"), "0");
    target.psql("DROP EVENT TRIGGER no; DROP FUNCTION public.no()");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-1"]);
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

#[test]
fn everything_belongs_to_the_role_that_restores() {
    let server = &Server::fresh(18, &[]);
    let (_, keeping) = dumped(server);
    let target = server.database("manner_role");
    target.psql("CREATE ROLE \"some one\"");
    let url = target.url();
    let arguments = ["restore", "latest", "-d", &url, "-O", "-n", "s", "--role", "some one", "--verify-target"];
    let ran = keeping.run(&arguments);
    assert_eq!(ran.code, Some(8), "it may not create yet: {}{}", ran.stdout, ran.stderr);
    target.psql(&format!("GRANT CREATE ON DATABASE {} TO \"some one\"", target.name()));
    keeping.ok(&arguments);
    let others =
        "SELECT count(*) FROM pg_class WHERE relnamespace = 's'::regnamespace AND relowner <> '\"some one\"'::regrole";
    assert_eq!(target.query_one(others), "0");
    assert_eq!(target.query_one("SELECT count(*) FROM s.b"), "1000");
}

#[test]
fn rows_that_the_target_changed_are_found() {
    let server = Server::shared(18);
    let (_, keeping) = dumped(server);
    let target = server.database("manner_differs");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
    target.psql(
        "CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.t := 'x' || NEW.t; RETURN NEW; END$$;
         CREATE TRIGGER spoil BEFORE INSERT ON s.a FOR EACH ROW EXECUTE FUNCTION public.spoil();
         ALTER TABLE s.a DROP CONSTRAINT a_b_fkey; ALTER TABLE s.b DROP CONSTRAINT b_a_fkey",
    );
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-a", "-t", "s.a", "--verify-target"]);
    assert_eq!(ran.code, Some(10), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("s.a (1000 of 1000 rows)"), "{}", ran.stderr);
}

#[test]
fn the_sample_database_is_removed_and_comes_back_in_one_transaction() {
    let server = Server::shared(18);
    let source = server.database("manner_sample");
    sample::load(&source, 1);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("manner_again");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-1"]);
    assert_same_schema(&source, &target);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-c"]);
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

/// Every transaction that writes takes a number; hundreds of tables would make thousands.
#[test]
fn small_tables_share_transactions() {
    const TABLES: u64 = 200;
    let server = Server::fresh(18, &[("autovacuum", "off"), ("max_locks_per_transaction", "64")]);
    let source = server.database("manner_many");
    source.psql(&format!(
        "DO $$BEGIN FOR n IN 1..{TABLES} LOOP
             EXECUTE format('CREATE TABLE t%1$s (id int PRIMARY KEY, a text UNIQUE, above int REFERENCES t%1$s)', n);
             EXECUTE format('INSERT INTO t%1$s VALUES (1, %1$L, 1), (2, NULL, 1)', n);
         END LOOP; END$$",
    ));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("manner_many_back");
    let number = || target.query_one("SELECT pg_current_xact_id()").parse::<u64>().expect("a number");
    let before = number();
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--no-analyze", "-j", "2"]);
    let transactions = number() - before;
    assert!(transactions < TABLES / 2, "{transactions} transactions for {TABLES} tables");
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}
