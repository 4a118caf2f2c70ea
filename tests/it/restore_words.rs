//! Names and strings that look like SQL: whatever people write in them, it means nothing to a restore.

use crate::cli_session::Keeping;
use crate::harness::oracle::schema_text;
use crate::harness::{Database, Options, Server, versions};

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

/// What used to be looked for in statements, all in one string.
fn words(database: &str) -> String {
    format!(
        "COLLATE \"nope\" INHERITS (y) NOT VALID NOT ENFORCED DATABASE \"{database}\" PARTITION BY (x) 'a'::regclass \
         \"elsewhere\".\"t\" DO 'BEGIN END' ALTER TABLE SET COMPRESSION lz4 RETURNS trigger INPUT = canonical = \
         DROP CONSTRAINT TABLESPACE \"x\" SET search_path TO 'words' \\ -- /* E'"
    )
}

/// The words in every kind of string that a definition may hold, as `:w`; labels hold the start of them, `:l`.
const WORDED: &str = "CREATE SCHEMA words; CREATE TYPE words.e AS ENUM (:l); CREATE TABLE words.k (e words.e DEFAULT :l, k text) PARTITION BY LIST (k);
    CREATE TABLE words.k1 PARTITION OF words.k FOR VALUES IN (:w); INSERT INTO words.k VALUES (:l, :w); CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t ();
    CREATE FUNCTION words.f() RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT :w $f$;
    CREATE FUNCTION words.g(a text DEFAULT :w) RETURNS text LANGUAGE sql AS $f$ SELECT a $f$;
    CREATE FUNCTION words.act() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN new.d := :w; RETURN new; END $f$;
    CREATE DOMAIN words.d AS text DEFAULT :w CHECK (value <> 'x' || :w);
    CREATE TABLE words.up (id int PRIMARY KEY, d text DEFAULT :w); INSERT INTO words.up VALUES (1), (2);
    CREATE TABLE words.t (id int PRIMARY KEY REFERENCES words.up, d text DEFAULT :w, e words.d, CHECK (d <> 'x' || :w));
    INSERT INTO words.t VALUES (1), (2); CREATE INDEX i ON words.t (d) WHERE d <> :w;
    CREATE STATISTICS words.s (dependencies) ON id, d FROM words.t; COMMENT ON STATISTICS words.s IS :w;
    CREATE TRIGGER act BEFORE UPDATE ON words.t FOR EACH ROW WHEN (old.d <> :w) EXECUTE FUNCTION words.act(:w);
    ALTER TABLE words.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON words.t USING (d <> :w);
    CREATE VIEW words.v AS SELECT id, :w AS w FROM words.t; CREATE MATERIALIZED VIEW words.m AS SELECT :w AS w;
    CREATE RULE r AS ON DELETE TO words.v DO INSTEAD SELECT :w;
    COMMENT ON SCHEMA words IS :w; COMMENT ON TABLE words.t IS :w; COMMENT ON COLUMN words.t.d IS :w;
    COMMENT ON CONSTRAINT t_id_fkey ON words.t IS :w; COMMENT ON FUNCTION words.f() IS :w; COMMENT ON VIEW words.v IS :w;";

/// Longest label of an enumeration, but for some room.
const LABEL: usize = 60;

/// A database with a string in the place of `:w`, its snapshot, and what every way of restoring made of it.
struct Twin {
    source: Database,
    string: String,
    keeping: Keeping,
    found: Vec<(String, String)>,
}

impl Twin {
    fn new(server: &Server, string: impl Fn(&str) -> String) -> Self {
        let source = server.database("words");
        let string = string(source.name());
        let label: String = string.chars().take(LABEL).collect();
        let worded =
            WORDED.replace(":w", &format!("'{}'", string.replace('\'', "''"))).replace(":l", &format!("'{label}'"));
        source.psql(&worded);
        source.psql(&format!("COMMENT ON DATABASE {} IS '{}'", source.name(), string.replace('\'', "''")));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        Self { source, string, keeping, found: Vec::new() }
    }

    /// Without the string, whichever way a server or a program writes it, and without names of databases.
    fn plain(&self, text: &str, target: &Database) -> String {
        let string = self.string.replace('\'', "''");
        let escaped = format!("E'{}'", string.replace('\\', "\\\\"));
        let argument = self.string.replace('\\', "\\\\");
        let label: String = self.string.chars().take(LABEL).collect();
        let forms =
            [(escaped.as_str(), "'W'"), (&string, "W"), (&argument, "W"), (&self.string, "W"), (label.as_str(), "W")];
        let text = forms.iter().fold(text.to_owned(), |text, (form, short)| text.replace(form, short));
        text.replace(target.name(), "TARGET").replace(self.source.name(), "SOURCE")
    }

    /// Restores, and remembers what is said of single objects and what is on the target afterwards.
    fn restore(&mut self, target: &Database, arguments: &[&str]) {
        let url = target.url();
        let ran = self.keeping.run(&[&["restore", "latest", "-d", &url], arguments].concat());
        let said = ran
            .stdout
            .lines()
            .filter(|line| line.starts_with("  "))
            .chain(ran.stderr.lines().filter(|line| line.starts_with("pgkeep")));
        let said = format!("{:?}\n{}", ran.code, said.collect::<Vec<_>>().join("\n"));
        self.remember(target, arguments, &said);
    }

    fn remember(&mut self, target: &Database, way: &[&str], said: &str) {
        let all = format!("{said}\n{}", schema_text(target));
        self.found.push((way.join(" "), self.plain(&all, target)));
    }

    fn every_way(mut self, server: &Server) -> Vec<(String, String)> {
        let new = server.existing(&format!("{}_new", self.source.name()));
        self.restore(&new, &["-C"]);
        self.restore(&new, &["--clean", "--verify-target"]);
        self.restore(&new, &["--truncate", "--disable-triggers"]);
        self.restore(&server.database("part"), &["-n", "words", "-1"]);
        self.restore(&server.database("part"), &["-n", "words", "--no-toast-compression", "--no-tablespaces"]);
        self.restore(
            &server.database("part"),
            &["-t", "words.t", "-t", "words.up", "--with-dependencies", "--keep-going"],
        );
        let script = self.keeping.ok(&["sql", "latest"]);
        let read = server.database("script");
        read.psql(&script);
        self.remember(&read, &["sql"], "");
        let source = server.existing(self.source.name());
        self.restore(&source, &["--into-table", "words.t=copy"]);
        self.restore(&source, &["--into-schema", "words=again"]);
        self.found
    }
}

#[test]
fn words_in_strings_change_nothing() {
    for major in versions() {
        let server = cluster(major);
        let plain = Twin::new(&server, |_| "W".into()).every_way(&server);
        let worded = Twin::new(&server, words).every_way(&server);
        for ((way, plain), (_, worded)) in plain.iter().zip(&worded) {
            assert_eq!(plain, worded, "{way} on {major}");
            assert!(plain.starts_with("Some(0)") || way == "sql", "{way} on {major}: {plain}");
        }
    }
}

#[test]
fn sound_databases_are_not_refused_for_their_defaults() {
    let server = Server::shared(18);
    let (source, target) = (server.database("defaults"), server.database("defaults_copy"));
    source.psql(
        "CREATE TABLE t (a text DEFAULT 'write COLLATE \"nope\" to sort'); CREATE TABLE u (a text DEFAULT E'x\\nINHERITS (y');
         INSERT INTO t DEFAULT VALUES; INSERT INTO u DEFAULT VALUES",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping.ok(&["restore", "latest", "-d", &target.url()]);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--into-table", "u=copy"]);
    assert_eq!(target.query_one("SELECT t.a || copy.a FROM t, copy"), "write COLLATE \"nope\" to sortx\nINHERITS (y");
}

/// What a definition asks for and the target lacks is known from the catalog, not from text.
#[test]
fn collations_that_are_missing_are_found_wherever_they_are_named() {
    for major in versions() {
        let server = cluster(major);
        let (source, target) = (server.database("collated"), server.database("collated_copy"));
        source.psql(
            "SET allow_system_table_mods = on; CREATE COLLATION pg_catalog.\"od d\" FROM \"C\";
             CREATE TABLE a (x text COLLATE \"od d\"); CREATE TABLE b (x text, CHECK (x COLLATE \"od d\" > 'a'));
             CREATE VIEW c AS SELECT x COLLATE \"od d\" AS x FROM b; CREATE INDEX d ON b (x COLLATE \"od d\");
             CREATE DOMAIN e AS text COLLATE \"od d\"; CREATE TABLE f (x text DEFAULT 'COLLATE \"unheard\"')",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
        assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("collation od d, of"), "on {major}: {}", ran.stderr);
        assert!(ran.stderr.contains("4 more"), "all five are told on {major}: {}", ran.stderr);
        assert!(!ran.stderr.contains("unheard"), "{}", ran.stderr);
    }
}
