//! The ledger of a restore is its own: nothing that somebody else prepared under its name is read or written, and what it
//! says is understood by the pgkeep that continues it.

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

const SHOP: &str =
    "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY); INSERT INTO s.a SELECT generate_series(1, 100);
    CREATE UNLOGGED TABLE s.u (id int); INSERT INTO s.u VALUES (1); CREATE INDEX late ON s.a (id)";

/// What a restore makes.
const LEDGER: &str = "CREATE SCHEMA pgkeep_restore;
    CREATE TABLE pgkeep_restore.ledger (snapshot text NOT NULL, item text NOT NULL, detail text,
        done timestamptz NOT NULL, PRIMARY KEY (snapshot, item));
    CREATE UNLOGGED TABLE pgkeep_restore.unlogged (snapshot text NOT NULL, item text NOT NULL, detail text,
        done timestamptz NOT NULL, PRIMARY KEY (snapshot, item));";

/// What the owner of a database can make of it, and what is said about that.
const TRAPS: [(&str, &str); 12] = [
    (
        "CREATE TRIGGER t BEFORE INSERT ON pgkeep_restore.ledger FOR EACH ROW EXECUTE FUNCTION public.spring()",
        "has trigger t",
    ),
    ("CREATE RULE r AS ON INSERT TO pgkeep_restore.ledger DO ALSO SELECT public.gain()", "has rule r"),
    ("CREATE POLICY p ON pgkeep_restore.unlogged USING (public.gain() > 0)", "has policy p"),
    ("ALTER TABLE pgkeep_restore.ledger ALTER detail SET DEFAULT public.gain()::text", "has other columns"),
    (
        "DROP TABLE pgkeep_restore.ledger; CREATE VIEW pgkeep_restore.ledger AS SELECT 'x'::text AS snapshot,
         'y'::text AS item, public.gain()::text AS detail, now() AS done",
        "table ledger is missing",
    ),
    (
        "DROP TABLE pgkeep_restore.ledger; CREATE TABLE pgkeep_restore.ledger (snapshot text NOT NULL, item text NOT NULL,
         detail text, done timestamptz NOT NULL, PRIMARY KEY (snapshot, item)) PARTITION BY LIST (snapshot)",
        "table ledger is missing",
    ),
    ("CREATE TABLE public.child () INHERITS (pgkeep_restore.ledger)", "is of another kind"),
    ("CREATE INDEX i ON pgkeep_restore.ledger ((public.gain()))", "has other indexes"),
    ("ALTER TABLE pgkeep_restore.ledger ADD CONSTRAINT k CHECK (public.gain() > 0)", "has constraint k"),
    ("CREATE FUNCTION pgkeep_restore.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "is in it"),
    ("GRANT TRIGGER ON pgkeep_restore.unlogged TO PUBLIC", "others have privileges on table unlogged"),
    ("GRANT CREATE ON SCHEMA pgkeep_restore TO PUBLIC", "others have privileges on it"),
];

/// A database of a role that is no superuser, with functions that note who runs them.
fn hostile(server: &Server, hint: &str) -> (Database, String) {
    let target = server.database(hint);
    let role = format!("owner_{}", target.name());
    target.psql(&format!(
        "CREATE ROLE {role}; ALTER DATABASE {0} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}; SET ROLE {role};
         CREATE TABLE public.gained (by text);
         CREATE FUNCTION public.note() RETURNS int LANGUAGE plpgsql AS
            $$BEGIN INSERT INTO public.gained VALUES (session_user); RETURN 1; END$$;
         CREATE FUNCTION public.gain() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN public.note(); END$$;
         CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN PERFORM public.gain(); RETURN NEW; END$$",
        target.name()
    ));
    (target, role)
}

#[test]
fn a_ledger_that_somebody_else_prepared_is_refused() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("prepared_source");
        source.psql(SHOP);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        for (at, (trap, words)) in TRAPS.iter().enumerate() {
            let (target, role) = hostile(&server, &format!("prepared_{at}"));
            target.psql(&format!("SET ROLE {role}; {LEDGER} {trap}; DELETE FROM public.gained"));
            let url = target.url();
            for more in [&["-n", "s"][..], &["-n", "s", "--plan"], &["-n", "s", "-O", "-x", "--role", &role]] {
                let ran = keeping.run(&[&["restore", "latest", "-d", &url], more].concat());
                let said = format!("on {major}, {trap}: {}{}", ran.stdout, ran.stderr);
                assert_eq!(ran.code, Some(8), "{said}");
                assert!(said.contains(words) && said.contains("schema pgkeep_restore"), "{said}");
                assert_eq!(target.query_one("SELECT count(*) FROM public.gained"), "0", "{said}");
            }
            // The trap is one.
            if at == 0 {
                target.psql("INSERT INTO pgkeep_restore.ledger VALUES ('', '', NULL, now())");
                assert_eq!(target.query_one("SELECT by FROM public.gained"), "postgres");
            }
            // One transaction has no ledger.
            keeping.ok(&["restore", "latest", "-d", &url, "-n", "s", "-1", "--no-analyze"]);
            assert_eq!(target.query_one("SELECT count(*) FROM s.a"), "100");
        }
        let (target, role) = hostile(&server, "prepared_whole");
        target.psql(&format!("SET ROLE {role}; {LEDGER}"));
        let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-n", "s"]);
        assert_eq!(ran.code, Some(8), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("it belongs to role {role}")), "{}", ran.stderr);
    }
}

/// Members of the role that restores own its ledger, and may do with it what they like between two transactions.
#[test]
fn a_ledger_that_was_exchanged_is_refused() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("exchanged_source");
        source.psql(SHOP);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let (target, role) = hostile(&server, "exchanged");
        let owner = format!("SET ROLE {role};");
        let trap = TRAPS[0].0;
        target.psql(&format!(
            "CREATE FUNCTION information_schema.act() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
             AS $$BEGIN {trap}; END$$; ALTER FUNCTION information_schema.act() OWNER TO {role};
             CREATE EVENT TRIGGER act ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
             EXECUTE FUNCTION information_schema.act()"
        ));
        let url = target.url();
        let restore = ["restore", "latest", "-d", &url, "-n", "s", "-O", "-x", "--role", &role];
        // The trap is laid while the last of the work is done.
        let ran = keeping.run(&restore);
        assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("has trigger t"), "on {major}: {}", ran.stderr);
        let sprung = || target.query_one("SELECT count(*) FROM public.gained");
        let by_itself = sprung();
        let ran = keeping.run(&[&restore[..], &["--resume"]].concat());
        assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(sprung(), by_itself, "on {major}");
        target.psql(&format!("{owner} DROP TRIGGER t ON pgkeep_restore.ledger; RESET ROLE; DROP EVENT TRIGGER act"));
        keeping.ok(&[&restore[..], &["--resume"]].concat());
        assert_eq!(target.query_one("SELECT count(*) FROM s.a"), "100");
        assert_eq!(sprung(), by_itself, "on {major}");
    }
}

/// A restore that failed once and can be continued.
fn stopped(keeping: &Keeping, target: &Database) {
    target.psql(
        "CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql
         AS $$BEGIN RAISE EXCEPTION 'not today'; END$$;
         CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION information_schema.stop()",
    );
    let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    target.psql("DROP EVENT TRIGGER stop; DROP FUNCTION information_schema.stop()");
}

#[test]
fn a_ledger_of_another_version_says_who_continues_it() {
    let server = Server::shared(18);
    let source = server.database("version_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("version_target");
    stopped(&keeping, &target);
    let change = |from: &str, to: &str| {
        target.psql(&format!("UPDATE pgkeep_restore.ledger SET detail = replace(detail, '{from}', '{to}')"));
    };
    let ours = format!(r#"{{"version":1,"pgkeep":"{}""#, env!("CARGO_PKG_VERSION"));
    let later = r#"{"version":7,"pgkeep":"9.9.9""#;
    change(&ours, later);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--resume"]);
    assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
    for words in ["was begun by pgkeep 9.9.9", "continue it with pgkeep 9.9.9"] {
        assert!(ran.stderr.contains(words), "no {words} in {}", ran.stderr);
    }
    change(later, &ours);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--resume", "-O"]);
    assert!(ran.stderr.contains("of another selection or with other definitions"), "{}", ran.stderr);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--resume"]);
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

/// Privileges that the role gives by default would let others into its ledger.
#[test]
fn default_privileges_do_not_open_the_ledger() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("open_source");
        source.psql(SHOP);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let target = server.database("open_target");
        target.psql(
            "CREATE ROLE \"read er\"; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO \"read er\", PUBLIC;
             ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO \"read er\" WITH GRANT OPTION",
        );
        stopped(&keeping, &target);
        let open = "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.relnamespace = 'pgkeep_restore'::regnamespace AND a.grantee <> c.relowner";
        assert_eq!(target.query_one(open), "0", "on {major}");
        keeping.ok(&["restore", "latest", "-d", &target.url(), "--resume"]);
        assert_same_data(&source, &target);
    }
}

/// Our own bookkeeping is no part of a database; a schema of a user under its name is.
#[test]
fn an_unfinished_restore_is_dumped_without_its_ledger() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("unfinished_source");
        source.psql(SHOP);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let target = server.database("unfinished_target");
        stopped(&keeping, &target);
        let ran = keeping.run(&["dump", "-d", &target.url()]);
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("a restore into this database has not ended"), "{}", ran.stderr);
        assert!(!keeping.ok(&["show", "latest"]).contains("pgkeep_restore"));
        keeping.ok(&["drill", "latest", "-d", &server.existing("postgres").url()]);
        let copy = server.database("unfinished_copy");
        keeping.ok(&["restore", "latest", "-d", &copy.url()]);
        assert_eq!(copy.query_one("SELECT count(*) FROM s.a"), "100");
        keeping.ok(&["restore", "latest~1", "-d", &target.url(), "--resume"]);

        let named = server.database("unfinished_named");
        named.psql(&format!("{LEDGER} ALTER TABLE pgkeep_restore.ledger ADD mine int; INSERT INTO pgkeep_restore.ledger VALUES ('a', 'b', 'c', now(), 1)"));
        keeping.ok(&["dump", "-d", &named.url()]);
        let back = server.database("unfinished_back");
        let ran = keeping.run(&["restore", "latest", "-d", &back.url()]);
        assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("in one transaction (-1)"), "{}", ran.stderr);
        keeping.ok(&["restore", "latest", "-d", &back.url(), "-1"]);
        assert_same_schema(&named, &back);
        assert_same_data(&named, &back);
    }
}
