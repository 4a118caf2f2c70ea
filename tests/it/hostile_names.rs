//! Names that would command a terminal, forge a line of ours or break a statement are shown escaped, wherever people
//! read them, and come back as they were.

use crate::cli_session::{Keeping, Ran, parse};
use crate::harness::{Server, assert_same_data, assert_same_schema, versions};

/// Clears a screen, retitles a window, forges a line, reorders text, formats, quotes, expands.
const BAD: [&str; 6] = [
    "a\u{1b}[2Jb",
    "c\u{1b}]0;title\u{7}d",
    "e\npgkeep: error: forged\r\\! id",
    "f\u{202e}g\u{9b}31mh",
    "%s%n {0} $(id) `id` ${HOME}",
    "q'u\"o\\te; DROP TABLE x --",
];

#[test]
fn names_that_command_terminals_are_shown_and_not_obeyed() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let ident = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let database = server.database("names \u{1b}[31m % \u{202e}");
        let target = server.database("back \u{1b}[31m \u{7}");
        let mut sql = String::from("SET standard_conforming_strings = on; SET client_min_messages = error;\n");
        for (number, name) in BAD.iter().enumerate() {
            let (quoted, text) = (ident(name), literal(name));
            sql += &format!(
                "CREATE ROLE {quoted} LOGIN; CREATE SCHEMA {quoted} AUTHORIZATION {quoted};
                 CREATE TYPE {quoted}.{quoted} AS ENUM ({text});
                 CREATE TABLE {quoted}.\"t{number}\" ({quoted} {quoted}.{quoted} DEFAULT {text}, n int, CONSTRAINT {quoted} CHECK (n > 0));
                 CREATE INDEX {quoted} ON {quoted}.\"t{number}\" (n);
                 INSERT INTO {quoted}.\"t{number}\" VALUES ({text}, 1);
                 CREATE TABLE {quoted}.refuses (n int); INSERT INTO {quoted}.refuses VALUES (1);
                 CREATE FUNCTION {quoted}.f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE WARNING 'warned %', {text}; RAISE EXCEPTION 'refused %', {text}
                   USING DETAIL = {text}, HINT = {text}; END $f$;
                 COMMENT ON SCHEMA {quoted} IS {text}; GRANT USAGE ON SCHEMA {quoted} TO PUBLIC;\n"
            );
        }
        database.psql(&sql);
        let keeping = Keeping::new();
        let mut told = String::new();
        let mut read = |arguments: &[&str], code: i32| {
            let ran = keeping.run(arguments);
            assert_eq!(ran.code, Some(code), "on {major} {arguments:?}: {}{}", ran.stdout, ran.stderr);
            assert_harmless(&ran, arguments);
            told += &ran.stdout;
            told += &ran.stderr;
        };
        let (from, to) = (database.url(), target.url());
        keeping.ok(&["dump", "-d", &from]);
        read(&["dump", "-v", "-d", &from, "--label", BAD[0]], 0);
        read(&["dump", "-d", &from, "-t", BAD[2]], 2);
        read(&["list"], 0);
        read(&["show"], 0);
        read(&["restore", "latest", "--plan", "-d", &to], 0);
        keeping.ok(&["restore", "latest", "-d", &to]);
        assert_same_schema(&database, &target);
        assert_same_data(&database, &target);
        read(&["restore", "latest", "--plan", "-d", &to], 8);
        read(&["drill", "latest", "-v", "-d", &to], 0);

        // Errors and warnings of the server, and what differs.
        for name in BAD {
            let table = format!("{}.refuses", ident(name));
            target.psql(&format!(
                "CREATE TRIGGER {0} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {0}.f()",
                ident(name)
            ));
            read(&["restore", "latest", "-1", "-a", "-t", &table, "-d", &to], 4);
            let url = format!("{to}?user=nobody&application_name={}", "%1b%5b2J%0a");
            read(&["dump", "-d", &url], 3);
        }
        keeping.ok(&["dump", "-d", &to]);
        read(&["diff", "latest~1", "latest"], 0);
        for arguments in [&["list", "--json"][..], &["show", "--json"], &["diff", "latest~1", "latest", "--json"]] {
            parse(&keeping.ok(arguments));
        }
        for expected in ["a\\x1b[2Jb", "e\\npgkeep: error: forged\\r\\! id", "f\\u{202e}g\\x9b31mh"] {
            assert!(told.contains(expected), "on {major} nothing shows {expected}: {told}");
        }
    }
}

/// Nothing but lines of ours, without anything that a terminal obeys.
fn assert_harmless(ran: &Ran, arguments: &[&str]) {
    for text in [&ran.stdout, &ran.stderr] {
        let obeyed = text.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(obeyed, None, "{arguments:?}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("pgkeep: error: forged")), "{arguments:?}: {text}");
    }
}
