//! Dumps of databases in which objects of all kinds come and go meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli_session::Keeping;
use crate::harness::{Server, versions};

/// What stays, and a procedure that makes and drops everything else, a few generations at a time.
const CHURN: &str = r"
CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT n, n FROM generate_series(1, 1000) n;
CREATE FUNCTION stays(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 1';
CREATE VIEW staying AS SELECT id, stays(n) FROM t;
DO $$ BEGIN FOR i IN 1..150 LOOP
    EXECUTE format('CREATE FUNCTION stays_%s(a int, b text) RETURNS int LANGUAGE sql AS ''SELECT 1''', i);
    EXECUTE format('CREATE VIEW staying_%s AS SELECT id, stays_%1$s(n, ''x'') AS n FROM t', i);
END LOOP; END $$;
CREATE SEQUENCE generations;
CREATE PROCEDURE churn(rounds int) LANGUAGE plpgsql AS $$
DECLARE g bigint; s text;
BEGIN
    FOR i IN 1..rounds LOOP
        g := nextval('generations');
        s := 'churn_' || g;
        EXECUTE format('CREATE SCHEMA %I', s);
        EXECUTE format('CREATE TYPE %I.mood AS ENUM (''good'', ''bad'')', s);
        EXECUTE format('CREATE TYPE %I.pair AS (m %1$I.mood, n int)', s);
        EXECUTE format('CREATE DOMAIN %I.small AS int DEFAULT 7 CHECK (value < 100)', s);
        EXECUTE format('CREATE FUNCTION %I.f(p %1$I.pair, n int DEFAULT 3) RETURNS %1$I.mood LANGUAGE sql AS ''SELECT p.m''', s);
        EXECUTE format('CREATE AGGREGATE %I.total(int) (sfunc = int4pl, stype = int, initcond = 0)', s);
        EXECUTE format('CREATE SEQUENCE %I.numbers', s);
        EXECUTE format('CREATE VIEW %I.v AS SELECT id, n, nextval(''%1$I.numbers'') FROM t', s);
        EXECUTE format('CREATE RULE r AS ON DELETE TO %I.v DO INSTEAD NOTHING', s);
        EXECUTE format('CREATE MATERIALIZED VIEW %I.m AS SELECT id, n FROM t WHERE id < 10', s);
        EXECUTE format('CREATE INDEX i ON %I.m ((n + 1))', s);
        COMMIT;
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', 'churn_' || (g - 6));
        COMMIT;
    END LOOP;
END $$;
SET client_min_messages = error;
CALL churn(10);
";

#[test]
fn objects_that_come_and_go_end_no_dump() {
    for major in versions() {
        let source = Server::shared(major).database("churn");
        source.psql(CHURN);
        let keeping = Keeping::new();
        let stop = AtomicBool::new(false);
        let rounds = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut rounds = 0;
                while !stop.load(Ordering::SeqCst) {
                    source.psql("SET client_min_messages = error; CALL churn(20)");
                    rounds += 1;
                }
                rounds
            });
            let failed: Vec<String> = (0..12)
                .map(|_| keeping.run(&["dump", "-d", &source.url(), "-j", "2"]))
                .filter(|ran| ran.code != Some(0))
                .map(|ran| ran.stderr)
                .collect();
            stop.store(true, Ordering::SeqCst);
            let rounds = writer.join().expect("the writer ran");
            assert!(failed.is_empty(), "on {major}, {} of 12: {}", failed.len(), failed.join("\n"));
            rounds
        });
        assert!(rounds > 0, "on {major} nothing came or went");
        for back in ["latest~11", "latest~5", "latest"] {
            let target = Server::shared(major).database("churn_back");
            let ran = keeping.run(&["restore", back, "-d", &target.url(), "-j", "2"]);
            assert_eq!(ran.code, Some(0), "{back} on {major}: {}", ran.stderr);
            assert_eq!(target.query_one("SELECT count(*) FROM staying"), "1000");
            assert_eq!(target.query_one("SELECT count(*) FROM pg_proc WHERE proname LIKE 'stays%'"), "151");
            assert_eq!(target.query_one("SELECT count(*) FROM pg_class WHERE relname LIKE 'staying%'"), "151");
        }
    }
}

#[test]
fn what_is_replaced_at_every_try_is_missing_in_the_snapshot() {
    let server = Server::shared(*versions().last().expect("there is a version"));
    let source = server.database("replaced");
    source.psql(
        "CREATE TABLE t AS SELECT 1 AS n; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE VIEW v AS SELECT f() AS n;
         CREATE PROCEDURE replace() LANGUAGE plpgsql AS $$ BEGIN
             WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'stop') LOOP
                 DROP FUNCTION f CASCADE;
                 CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE VIEW v AS SELECT f() AS n;
                 COMMIT;
             END LOOP;
         END $$",
    );
    let keeping = Keeping::new();
    let url = source.url();
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| source.psql("SET client_min_messages = error; CALL replace()"));
        let ran = keeping.run(&["dump", "-d", &url]);
        source.psql("CREATE TABLE stop ()");
        ran
    });
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    for said in ["they are not in the snapshot", "error: 2 objects replaced at every try to read the catalog"] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    for left in ["missing: functions: public.f", "missing: views: public.v"] {
        assert!(ran.stdout.contains(left), "{}", ran.stdout);
    }
    assert!(keeping.ok(&["list"]).contains("2 missing"), "{}", keeping.ok(&["list"]));
    keeping.ok(&["dump", "-d", &url]);
}
