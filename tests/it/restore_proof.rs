//! A restore says of rows what was proven, and names who is at fault where they are not what they were.

use crate::cli_session::{Keeping, parse};
use crate::harness::{Database, Server, versions};

const SHOP: &str = "CREATE SCHEMA s; CREATE TABLE s.a (id int, t text); CREATE TABLE s.b (id int PRIMARY KEY);
    CREATE TABLE s.c (id int); INSERT INTO s.a SELECT n, 'x' FROM generate_series(1, 100) n;
    INSERT INTO s.b SELECT id FROM s.a; INSERT INTO s.c SELECT id FROM s.a; CREATE VIEW s.v AS SELECT * FROM s.b";

const SENT: &str = "these rows were sent as in the snapshot and counted by the server";

fn dumped(server: &Server) -> (Database, Keeping) {
    let source = server.database("proof_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    (source, keeping)
}

/// A target with the tables and without rows.
fn prepared(server: &Server, keeping: &Keeping, sql: &str) -> Database {
    let target = server.database("proof_target");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
    target.psql(sql);
    target
}

fn trigger(body: &str) -> String {
    format!(
        "CREATE FUNCTION public.act() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;
         CREATE TRIGGER act BEFORE INSERT ON s.a FOR EACH ROW EXECUTE FUNCTION public.act()"
    )
}

#[test]
fn rows_that_triggers_change_are_not_called_restored() {
    for major in versions() {
        let server = Server::shared(major);
        let (_, keeping) = dumped(server);
        let spoil = trigger("NEW.t := 'y'; RETURN NEW;");
        let traps = [
            (spoil.clone(), &["-a"][..], "s.a (100 of 100 rows)"),
            (format!("{spoil}; ALTER TABLE s.a ENABLE ALWAYS TRIGGER act"), &["-a", "--disable-triggers"], "s.a (100"),
            (spoil.clone(), &["--truncate", "-t", "s.a"], "s.a (100 of 100 rows)"),
            (trigger("INSERT INTO s.c VALUES (0); RETURN NEW;"), &["-a"], "s.c (200 of 100 rows)"),
            (
                "CREATE FUNCTION public.act() RETURNS event_trigger LANGUAGE plpgsql AS
                    $$BEGIN IF to_regclass('s.c') IS NOT NULL THEN DELETE FROM s.c; END IF; END$$;
                 DROP SCHEMA s CASCADE; CREATE EVENT TRIGGER act ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
                 EXECUTE FUNCTION public.act(); ALTER EVENT TRIGGER act ENABLE ALWAYS"
                    .to_owned(),
                &["-n", "s"],
                "s.c (0 of 100 rows)",
            ),
        ];
        for (trap, how, words) in traps {
            let target = prepared(server, &keeping, &trap);
            let ran = keeping.run(&[&["restore", "latest", "-d", &target.url()], how].concat());
            let said = format!("on {major}, {trap}: {}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, Some(10), "{said}");
            assert!(said.contains(words) && said.contains("trigger act"), "{said}");
            assert!(!said.contains("reading it back was not finished") && !said.contains(SENT), "{said}");
        }
    }
}

#[test]
fn what_is_said_is_what_was_looked_at() {
    for major in versions() {
        let server = Server::shared(major);
        let (_, keeping) = dumped(server);
        let proof = |target: &Database, how: &[&str]| {
            let events = parse(&keeping.ok(&[&["restore", "latest", "-d", &target.url(), "--json"], how].concat()));
            events.last().expect("a summary").clone()
        };
        let target = server.database("proof_new");
        assert!(keeping.ok(&["restore", "latest", "-d", &target.url()]).contains(SENT));
        let harmless = trigger("RETURN NEW;");
        let target = prepared(server, &keeping, &harmless);
        let said = keeping.ok(&["restore", "latest", "-d", &target.url(), "-a"]);
        assert!(said.contains("3 tables read back from the target and found the same"), "on {major}: {said}");
        assert!(!said.contains(SENT), "on {major}: {said}");

        let target = prepared(server, &keeping, &harmless);
        let summary = proof(&target, &["-a", "--disable-triggers"]);
        assert_eq!((&summary["proof"], &summary["tables_read_back"]), (&"sent".into(), &serde_json::Value::Null));
        let summary = proof(&target, &["--truncate", "-t", "s.a"]);
        assert_eq!((&summary["proof"], &summary["tables_read_back"]), (&"read_back".into(), &1.into()), "{summary}");
        // What had rows of its own cannot be compared, and that is said.
        let summary = proof(&target, &["-a", "-t", "s.a"]);
        assert_eq!(summary["proof"], "sent", "{summary}");
        assert_eq!(summary["unproven"][0]["table"], "s.a", "{summary}");
        let said = keeping.ok(&["restore", "latest", "-d", &target.url(), "-t", "s.b", "--on-conflict-do-nothing"]);
        assert!(said.contains("not compared: s.b: rows that it had are kept"), "on {major}: {said}");
        assert!(!said.contains(SENT), "on {major}: {said}");
    }
}

#[test]
fn a_trigger_that_drops_rows_is_no_damage_of_the_repository() {
    for major in versions() {
        let server = Server::shared(major);
        let (_, keeping) = dumped(server);
        for how in [&["-a"][..], &["-a", "-1"], &["--truncate", "-t", "s.a"]] {
            let target = prepared(server, &keeping, &trigger("IF NEW.id > 90 THEN RETURN NULL; END IF; RETURN NEW;"));
            let ran = keeping.run(&[&["restore", "latest", "-d", &target.url()], how].concat());
            assert_eq!(ran.code, Some(4), "on {major}: {}{}", ran.stdout, ran.stderr);
            for words in ["load s.a", "100 rows were sent", "the server kept 90", "a trigger of the target"] {
                assert!(ran.stderr.contains(words), "on {major}: no {words} in {}", ran.stderr);
            }
            assert!(!ran.stderr.contains("verify"), "on {major}: {}", ran.stderr);
            assert_eq!(target.query_one("SELECT count(*) FROM s.a"), "0");
        }
    }
}

/// Where both a key and a trigger may be why a row was not added, nobody knows which.
#[test]
fn rows_that_a_trigger_turned_away_are_not_called_kept() {
    for major in versions() {
        let server = Server::shared(major);
        let (_, keeping) = dumped(server);
        let on_b = |when: &str, body: &str| trigger(body).replace("ON s.a", "ON s.b").replace("BEFORE INSERT", when);
        let odd = "IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW;";
        let told = "s.b: 49 rows added, 51 were there already or were turned away by a trigger";
        let known = "s.b: 99 rows added, 1 were there already\n";
        for (trap, how, words) in [
            (on_b("BEFORE INSERT", odd), &[][..], told),
            (
                format!("{}; ALTER TABLE s.b ENABLE ALWAYS TRIGGER act", on_b("BEFORE INSERT", odd)),
                &["--disable-triggers"],
                told,
            ),
            (on_b("BEFORE INSERT", odd), &["--disable-triggers"], known),
            (on_b("AFTER INSERT", "RETURN NULL;"), &[], known),
        ] {
            let target = prepared(server, &keeping, &format!("INSERT INTO s.b VALUES (2); {trap}"));
            let url = target.url();
            let command = [&["restore", "latest", "-d", &url, "-t", "s.b", "--on-conflict-do-nothing"], how].concat();
            let said = keeping.ok(&command);
            assert!(said.contains(words), "on {major}, {trap}: {said}");
            if words == told {
                target.psql("DELETE FROM s.b WHERE id <> 2");
                let events = parse(&keeping.ok(&[&command[..], &["--json"]].concat()));
                let kept = &events.last().expect("a summary")["kept"][0];
                assert_eq!((&kept["kept"], &kept["kept_or_turned_away"]), (&0.into(), &51.into()), "{kept}");
            }
        }
    }
}

/// COPY passes rules by, and ON CONFLICT cannot be used beside them: that is told before anything is done.
#[test]
fn rules_do_not_meddle_with_rows() {
    for major in versions() {
        let server = Server::shared(major);
        let (_, keeping) = dumped(server);
        for rule in
            ["INSERT TO s.b DO INSTEAD NOTHING", "INSERT TO s.b DO ALSO DELETE FROM s.b", "UPDATE TO s.b DO NOTHING"]
        {
            let target = prepared(server, &keeping, &format!("CREATE RULE meddle AS ON {rule}"));
            let url = target.url();
            let ran = keeping.run(&["restore", "latest", "-d", &url, "-t", "s.b", "--on-conflict-do-nothing"]);
            assert_eq!(ran.code, Some(8), "on {major}, {rule}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("table s.b has rules") && ran.stderr.contains("meddle"), "{}", ran.stderr);
            keeping.ok(&["restore", "latest", "-d", &url, "-a", "-t", "s.b", "--verify-target"]);
            assert_eq!(target.query_one("SELECT count(*) FROM s.b"), "100", "on {major}, {rule}");
        }
    }
}

/// What stored nothing did not finish.
#[test]
fn a_dump_of_databases_that_stored_none_ends_as_each_of_them() {
    let server = Server::fresh(18, &[]);
    let postgres = server.existing("postgres");
    postgres.psql("CREATE ROLE poor LOGIN");
    let closed = server.database("none_closed");
    closed.psql("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let keeping = Keeping::new();
    let alone = keeping.run(&["dump", "-d", &closed.url_as("poor")]);
    let ran = keeping.run(&["dump", "--all-databases", "none_*", "-d", &postgres.url_as("poor")]);
    assert_eq!(ran.code, alone.code, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.code != Some(9) && ran.stderr.contains("none of 1 database was dumped"), "{}", ran.stderr);
    let open = server.database("none_open");
    let ran = keeping.run(&["dump", "--all-databases", "none_*", "-d", &postgres.url_as("poor")]);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("1 of 2 databases were not dumped"), "{} {}", open.name(), ran.stderr);
}
