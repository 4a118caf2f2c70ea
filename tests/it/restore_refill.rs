//! Rows go into tables that are there: `--truncate`, `--on-conflict-do-nothing`, `-a`, `--disable-triggers`.

use crate::cli_session::{Keeping, Ran};
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

/// Names that want quotes, keys in both directions of the alphabet, a partitioned table that is referred to, columns
/// that are generated, and triggers.
const SHOP: &str = r#"CREATE SCHEMA "s ""x"; CREATE TYPE "s ""x"."St ate" AS ENUM ('new', 'paid');
    CREATE TABLE "s ""x"."a;b" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p int, g int GENERATED ALWAYS AS (p * 2) STORED,
        st "s ""x"."St ate" DEFAULT 'new', self int REFERENCES "s ""x"."a;b");
    CREATE TABLE "s ""x"."P" (id int PRIMARY KEY, "ti'me" timestamptz DEFAULT '2026-01-01') PARTITION BY RANGE (id);
    CREATE TABLE "s ""x"."P 1" PARTITION OF "s ""x"."P" FOR VALUES FROM (0) TO (500);
    CREATE TABLE "s ""x"."P 2" PARTITION OF "s ""x"."P" FOR VALUES FROM (500) TO (100000);
    CREATE TABLE "s ""x".z (id serial PRIMARY KEY, n int UNIQUE);
    ALTER TABLE "s ""x"."a;b" ADD FOREIGN KEY (p) REFERENCES "s ""x".z;
    CREATE TABLE "s ""x"."0 first" (p int REFERENCES "s ""x"."P", a int REFERENCES "s ""x"."a;b");
    CREATE TABLE "s ""x".nothing ();
    INSERT INTO "s ""x".z (n) SELECT n FROM generate_series(1, 1000) n; INSERT INTO "s ""x"."P" SELECT id FROM "s ""x".z;
    INSERT INTO "s ""x"."a;b" (p, self) SELECT id, id FROM "s ""x".z;
    INSERT INTO "s ""x"."0 first" SELECT id, id FROM "s ""x".z; INSERT INTO "s ""x".nothing DEFAULT VALUES;
    CREATE MATERIALIZED VIEW "s ""x".m AS SELECT count(*) FROM "s ""x".z; SELECT lo_from_bytea(4711, 'large');"#;

fn shop(server: &Server) -> (Database, Database, Keeping) {
    let (source, live) = (server.database("refill_source"), server.database("refill_live"));
    source.psql(SHOP);
    live.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    (source, live, keeping)
}

/// What people do to rows that they want back.
fn spoil(live: &Database) {
    live.psql(
        r#"DELETE FROM "s ""x"."0 first" WHERE p > 300; DELETE FROM "s ""x"."a;b" WHERE id > 200 AND id NOT IN (SELECT a FROM "s ""x"."0 first");
        INSERT INTO "s ""x".z (n) VALUES (5555); UPDATE "s ""x".z SET n = -n WHERE id < 10; REFRESH MATERIALIZED VIEW "s ""x".m;
        SELECT lo_put(4711, 0, 'LARGE and larger')"#,
    );
}

#[track_caller]
fn refused(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
}

#[test]
fn tables_are_refilled_as_they_were() {
    for major in versions() {
        let (source, live, keeping) = shop(Server::shared(major));
        for more in [&[][..], &["-1"], &["--disable-triggers", "-j", "1"]] {
            spoil(&live);
            let url = live.url();
            let command = [&["restore", "latest", "-d", &url, "--truncate"][..], more].concat();
            let plan = keeping.ok(&[&command[..], &["--plan"]].concat());
            assert!(plan.contains("emptied before they are filled: s \"x.0 first, "), "{plan}");
            assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x".z"#), "1001", "a plan changes nothing");
            keeping.ok(&command);
            assert_same_schema(&source, &live);
            assert_same_data(&source, &live);
        }
        assert_eq!(live.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgkeep_restore'"), "0");
    }
}

/// What the dump left out cannot be filled again.
#[test]
fn tables_without_rows_in_the_snapshot_are_never_emptied() {
    let server = Server::shared(18);
    let live = server.database("refill_no_rows");
    live.psql("CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b AS TABLE a");
    let keeping = Keeping::new();
    for (left_out, counts) in [(&["-s"][..], "2 2"), (&["--exclude-table-data", "a"], "2 1")] {
        live.psql("TRUNCATE a, b; INSERT INTO a VALUES (1); INSERT INTO b TABLE a");
        keeping.ok(&[&["dump", "-d", &live.url()], left_out].concat());
        live.psql("TRUNCATE a, b; INSERT INTO a VALUES (2), (3); INSERT INTO b TABLE a");
        for (how, code) in [
            (&["--truncate"][..], 0),
            (&["--truncate", "-1"], 0),
            (&["--truncate", "-t", "a", "-t", "b"], 9),
            (&["-a", "-t", "a"], 9),
        ] {
            let ran = keeping.run(&[&["restore", "latest", "-d", &live.url()], how].concat());
            assert_eq!(ran.code, Some(code), "{left_out:?} {how:?}: {}{}", ran.stdout, ran.stderr);
            let asked = ran.stderr.contains("rows of table public.a, which the snapshot does not have");
            assert_eq!(asked, code == 9, "{}", ran.stderr);
            assert!(ran.stderr.contains("the snapshot has no rows of public.a"), "{}", ran.stderr);
            let found = live.query_one("SELECT (SELECT count(*) FROM a) || ' ' || count(*) FROM b");
            assert_eq!(found, counts, "{left_out:?} {how:?}");
        }
    }
}

#[test]
fn nothing_is_emptied_that_is_not_refilled() {
    for major in versions() {
        let (_, live, keeping) = shop(Server::shared(major));
        let url = live.url();
        let ran = keeping.run(&["restore", "latest", "-d", &url, "--truncate", "-t", "z", "-t", "\"P 1\""]);
        refused(
            &ran,
            &["table s \"x.a;b refers to a table that is to be emptied", "a;b_p_fkey", "s \"x.0 first refers"],
        );
        let command = ["restore", "latest", "-d", &url, "--truncate", "-t", "z", "-t", "a;b", "-t", "0 first"];
        live.psql(r#"DELETE FROM "s ""x"."0 first" WHERE p > 300; INSERT INTO "s ""x"."P" VALUES (99999)"#);
        keeping.ok(&command);
        assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x"."0 first""#), "1000");
        assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x"."P""#), "1001", "not selected");
    }
}

#[test]
fn rows_that_do_not_fit_are_refused_before_anything_is_emptied() {
    for major in versions() {
        let (_, live, keeping) = shop(Server::shared(major));
        live.psql(
            r#"ALTER TABLE "s ""x"."0 first" DROP COLUMN a; ALTER TABLE "s ""x".z ALTER COLUMN n TYPE bigint, ADD COLUMN "ne w" int;
            UPDATE "s ""x".z SET "ne w" = 1; ALTER TABLE "s ""x".z ALTER COLUMN "ne w" SET NOT NULL; DROP TABLE "s ""x".nothing;"#,
        );
        let ran = keeping.run(&["restore", "latest", "-d", &live.url(), "--truncate"]);
        refused(
            &ran,
            &[
                "table s \"x.0 first has no column a on the target",
                "column n of table s \"x.z is bigint on the target and was integer",
                "column ne w of table s \"x.z needs a value",
                "table s \"x.nothing does not exist",
            ],
        );
        assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x".z"#), "1000");
    }
}

#[test]
fn circles_of_keys_and_triggers_want_to_be_quiet() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, live) = (server.database("circle_source"), server.database("circle_live"));
        let tables = "CREATE SCHEMA c; CREATE TABLE c.a (id int PRIMARY KEY, b int); CREATE TABLE c.b (id int PRIMARY KEY, a int REFERENCES c.a);
            ALTER TABLE c.a ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES c.b DEFERRABLE; CREATE TABLE c.follows (a int REFERENCES c.a);
            CREATE FUNCTION c.spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a = NULL; RETURN NEW; END';";
        source.psql(&format!(
            "{tables} INSERT INTO c.a SELECT n FROM generate_series(1, 100) n; INSERT INTO c.b SELECT id, id FROM c.a;
             UPDATE c.a SET b = id; INSERT INTO c.follows SELECT id FROM c.a;
             CREATE TRIGGER spoil BEFORE INSERT ON c.follows FOR EACH ROW EXECUTE FUNCTION c.spoil();"
        ));
        live.psql(tables);
        live.psql("CREATE TRIGGER spoil BEFORE INSERT ON c.follows FOR EACH ROW EXECUTE FUNCTION c.spoil()");
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let url = live.url();
        let ran = keeping.run(&["restore", "latest", "-d", &url, "-a"]);
        refused(&ran, &["let none of these tables be filled first: c.a, c.b\n", "--disable-triggers"]);
        // In one transaction a key that can be deferred is.
        let ran = keeping.run(&["restore", "latest", "-d", &url, "-a", "-1", "--json"]);
        assert_eq!(ran.code, Some(10), "what triggers changed is found: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("triggers of table c.follows fire"), "{}", ran.stdout);
        assert_eq!(live.query_one("SELECT count(*) FROM c.follows WHERE a IS NULL"), "100");
        keeping.ok(&["restore", "latest", "-d", &url, "--truncate", "--disable-triggers"]);
        assert_same_schema(&source, &live);
        assert_same_data(&source, &live);
    }
}

#[test]
fn a_refill_that_fails_leaves_the_rows_or_is_continued() {
    let (source, live, keeping) = shop(Server::shared(18));
    let stop = r#"CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
        CREATE TRIGGER no BEFORE INSERT ON "s ""x"."0 first" FOR EACH STATEMENT EXECUTE FUNCTION public.no()"#;
    live.psql(r#"DELETE FROM "s ""x"."0 first" WHERE p > 300"#);
    live.psql(stop);
    let url = live.url();
    let ran = keeping.run(&["restore", "latest", "-d", &url, "--truncate", "-1"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x"."0 first""#), "300");
    let ran = keeping.run(&["restore", "latest", "-d", &url, "--truncate"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x"."0 first""#), "0");
    live.psql("DROP FUNCTION public.no CASCADE");
    keeping.ok(&["restore", "latest", "-d", &url, "--truncate", "--resume"]);
    assert_same_data(&source, &live);
}

#[test]
fn rows_that_are_there_are_kept() {
    for major in versions() {
        let (source, live, keeping) = shop(Server::shared(major));
        live.psql(
            r#"DELETE FROM "s ""x"."0 first"; DELETE FROM "s ""x"."a;b" WHERE id > 900; UPDATE "s ""x".z SET n = -n WHERE id <= 5;
            DELETE FROM "s ""x"."P" WHERE id BETWEEN 400 AND 599;
            SELECT nextval('"s ""x".z_id_seq') FROM generate_series(1, 77); SELECT setval('"s ""x"."a;b_id_seq"', 3);"#,
        );
        let url = live.url();
        for more in [&["-1"][..], &[]] {
            let command =
                [&["restore", "latest", "-d", &url, "--on-conflict-do-nothing", "-T", "nothing"][..], more].concat();
            let said = keeping.ok(&command);
            let lines = match more {
                ["-1"] => [
                    "a;b: 100 rows added, 900 were there",
                    "P 1: 100 rows added, 399 were there",
                    ".z: 0 rows added, 1,000 were",
                ],
                _ => [
                    "a;b: 0 rows added, 1,000 were there",
                    "P 1: 0 rows added, 499 were",
                    ".z: 0 rows added, 1,000 were",
                ],
            };
            for line in lines {
                assert!(said.contains(line), "{line} in {said}");
            }
            if more.is_empty() {
                break;
            }
            // Without a key nothing is there already.
            assert!(said.contains("0 first: 1,000 rows added, 0 were there"), "{said}");
            live.psql(r#"DELETE FROM "s ""x"."0 first" WHERE ctid IN (SELECT max(ctid) FROM "s ""x"."0 first" GROUP BY p HAVING count(*) > 1)"#);
        }
        assert_eq!(live.query_one(r#"SELECT count(*) FROM "s ""x".z WHERE n < 0"#), "5");
        assert_eq!(live.query_one(r#"SELECT last_value FROM "s ""x".z_id_seq"#), "1077", "never backwards");
        assert_eq!(live.query_one(r#"SELECT last_value FROM "s ""x"."a;b_id_seq""#), "1000");
        live.psql(r#"UPDATE "s ""x".z SET n = -n WHERE id <= 5; TRUNCATE "s ""x"."0 first""#);
        keeping.ok(&["restore", "latest", "-d", &url, "-a", "-t", "0 first", "-t", "\"s \"\"x\".z_id_seq"]);
        assert_same_data(&source, &live);
        assert_same_schema(&source, &live);
    }
}

#[test]
fn a_role_without_rights_is_told_all_of_them_before() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let (_, live, keeping) = shop(&server);
        live.psql(
            r#"CREATE ROLE poor LOGIN; GRANT CONNECT, CREATE ON DATABASE postgres TO poor; GRANT USAGE ON SCHEMA "s ""x" TO poor;
            GRANT INSERT, SELECT ON "s ""x"."0 first" TO poor; ALTER TABLE "s ""x"."0 first" ENABLE ROW LEVEL SECURITY;"#,
        );
        live.psql(&format!("GRANT CREATE ON DATABASE {} TO poor", live.name()));
        let ran = keeping.run(&[
            "restore",
            "latest",
            "-d",
            &live.url_as("poor"),
            "--truncate",
            "--disable-triggers",
            "-t",
            "0 first",
            "-t",
            "z",
        ]);
        refused(
            &ran,
            &[
                "lacks TRUNCATE on table s \"x.0 first",
                "lacks INSERT and TRUNCATE on table s \"x.z",
                "row security of table s \"x.0 first applies",
                "triggers cannot be disabled",
            ],
        );
    }
}
