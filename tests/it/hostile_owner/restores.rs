//! What of the attacker's own code runs when a superuser restores his objects, beside `pg_restore` in the same situation.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use super::attack::{Attack, Watch};
use super::errors;
use crate::cli_session::Keeping;
use crate::harness::{Database, versions};

/// A restore by pgkeep, and what does the same with the tools of PostgreSQL.
struct Case {
    arguments: &'static [&'static str],
    target: Target,
    like: Like,
    /// Planted code that runs beyond what the tools of PostgreSQL run, and why it has to.
    beyond: &'static [(&'static str, &'static str)],
}

/// A database of the attacker to restore into.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Empty,
    /// With shadows of what our statements call.
    Shadows,
    /// With his objects as well.
    Filled,
}

/// What to compare with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Like {
    /// `pg_dump -Fc | pg_restore`
    Restore,
    /// `pg_restore --schema-only`
    SchemaOnly,
    /// `pg_restore --clean --if-exists`
    Clean,
    /// `pg_restore --data-only` into tables that were emptied
    DataOnly,
    /// `pg_dump --data-only --inserts --on-conflict-do-nothing | psql`
    Inserts,
}

/// What every restore runs beyond what the tools of PostgreSQL run, and why it has to.
const BEYOND: [(&str, &str); 1] = [(
    "check that is not valid",
    "that of the child is valid, unlike its parent's, which pg_dump forgets; other valid checks run there while rows are loaded",
)];

const REFRESHED: (&str, &str) = (
    "event trigger",
    "materialized views are refreshed after their tables were refilled, which pg_restore --data-only leaves",
);

const PLAIN: Case = Case { arguments: &[], target: Target::Empty, like: Like::Restore, beyond: &[] };
const SHADOWED: Case = Case { target: Target::Shadows, ..PLAIN };
const FILLED: Case = Case { target: Target::Filled, ..PLAIN };

const CASES: [Case; 14] = [
    PLAIN,
    Case { arguments: &["-1"], ..PLAIN },
    Case { arguments: &["-C"], ..PLAIN },
    Case { arguments: &["-n", "shop", "-j", "1", "--verify-target"], ..SHADOWED },
    Case { arguments: &["-n", "shop", "--no-analyze", "--role", "postgres"], ..SHADOWED },
    Case { arguments: &["-t", "shop.watched"], ..PLAIN },
    Case { arguments: &["-n", "shop", "-s"], like: Like::SchemaOnly, ..SHADOWED },
    Case { arguments: &["-c"], ..SHADOWED },
    Case { arguments: &["-c"], like: Like::Clean, ..FILLED },
    Case { arguments: &["--into-schema", "shop=shop2", "-n", "shop"], ..FILLED },
    Case { arguments: &["--into-table", "shop.plain=shop.plain_old"], ..FILLED },
    Case {
        arguments: &["--truncate", "-n", "shop", "-n", "other", "--verify-target"],
        like: Like::DataOnly,
        beyond: &[
            (
                "trigger emptied",
                "TRUNCATE was asked for and fires its triggers, as by hand; --disable-triggers keeps them quiet",
            ),
            REFRESHED,
        ],
        ..FILLED
    },
    Case {
        arguments: &["--truncate", "-n", "shop", "-n", "other", "--disable-triggers"],
        like: Like::DataOnly,
        beyond: &[REFRESHED],
        ..FILLED
    },
    Case {
        arguments: &["--on-conflict-do-nothing", "-t", "shop.plain", "-t", "shop.parted*"],
        like: Like::Inserts,
        ..FILLED
    },
];

#[test]
fn a_restore_runs_no_more_of_the_attackers_code_than_pg_restore_does() {
    for major in versions() {
        let attack = Attack::on(major);
        let source = attack.owned("source");
        attack.plant_pieces(&source, true);
        let bait = attack.owned("bait");
        attack.shadow(&bait);
        let full = attack.copy(&bait, "filled");
        attack.plant_pieces(&full, true);
        let dump = custom_dump(&source, &[]);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);

        let mut found = Vec::new();
        let mut known = BTreeMap::new();
        for (number, case) in CASES.iter().enumerate() {
            let name = format!("ours_{number}");
            let ours = match case.target {
                Target::Empty => attack.owned(&name),
                Target::Shadows => attack.copy(&bait, &name),
                Target::Filled => attack.copy(&full, &name),
            };
            let allowed = known.entry(case.like).or_insert_with(|| {
                let like = if matches!(case.like, Like::Restore | Like::SchemaOnly) { &bait } else { &full };
                theirs(&attack, &source, &dump, case.like, &attack.copy(like, &format!("theirs_{number}")))
            });
            let url = if case.arguments.contains(&"-C") { attack.server.existing("made").url() } else { ours.url() };
            let watch = attack.watch();
            let ran = keeping.run(&[&["restore", "latest", "-d", &url], case.arguments].concat());
            let seen = beyond(&watch, allowed, case.beyond);
            // Bodies of functions that speak of the schema stay behind, and tables that need these.
            let code = if case.arguments.contains(&"--into-schema") { 9 } else { 0 };
            if !seen.is_empty() || ran.code != Some(code) {
                found.push(format!(
                    "{:?} ended with {:?} and ran {seen:?}: {}",
                    case.arguments,
                    ran.code,
                    errors(&ran.stderr)
                ));
            }
        }
        found.extend(script(&attack, &known[&Like::Restore], &bait, &keeping));
        assert!(found.is_empty(), "on {major}: {}", found.join("\n"));
        attack.assert_nothing_gained("restores");
    }
}

/// What ran and is neither run by the tools of PostgreSQL nor known to be unavoidable.
fn beyond(watch: &Watch<'_>, allowed: &BTreeSet<String>, known: &[(&str, &str)]) -> BTreeSet<String> {
    let known: Vec<&str> = BEYOND.iter().chain(known).map(|(label, _)| *label).collect();
    let seen = watch.seen().into_iter();
    seen.filter(|label| !allowed.contains(label) && !known.contains(&label.as_str())).collect()
}

/// The script that `sql` writes, run by the superuser in a database of the attacker.
fn script(attack: &Attack, allowed: &BTreeSet<String>, bait: &Database, keeping: &Keeping) -> Option<String> {
    let target = attack.copy(bait, "ours_script");
    let script = keeping.ok(&["sql", "latest"]);
    let watch = attack.watch();
    let output = target.try_psql(script.as_bytes());
    let beyond = beyond(&watch, allowed, &[]);
    let well = output.status.success() && beyond.is_empty();
    (!well).then(|| format!("the script ran {beyond:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A restore that stopped and is continued, and a drill of a database with shadows, whose scratch database gets them too.
#[test]
fn continued_restores_and_drills_run_no_more_either() {
    for major in versions() {
        let attack = Attack::on(major);
        let source = attack.owned("source");
        attack.plant_pieces(&source, true);
        let bait = attack.owned("bait");
        attack.shadow(&bait);
        let allowed =
            theirs(&attack, &source, &custom_dump(&source, &[]), Like::Restore, &attack.copy(&bait, "theirs"));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        attack.shadow(&source);
        keeping.ok(&["dump", "-d", &source.url()]);

        // What looks like the leftover of a drill that was killed is swept before the next one.
        attack.copy(&bait, "pgkeep_drill_evil");
        // No index can be made until the event trigger is gone.
        let stopped = attack.copy(&bait, "stopped");
        stopped.psql(
            "SET search_path = pg_catalog; CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
             CREATE EVENT TRIGGER refusing ON ddl_command_start WHEN tag IN ('CREATE INDEX') EXECUTE FUNCTION public.refuse()",
        );
        let watch = attack.watch();
        let arguments = ["restore", "latest~1", "-n", "shop", "-d", &stopped.url(), "--keep-going"];
        let ran = keeping.run(&arguments);
        assert_eq!(ran.code, Some(9), "on {major}: {}", ran.stderr);
        stopped.psql("DROP EVENT TRIGGER refusing");
        let ran = keeping.run(&[&arguments[..], &["--resume"]].concat());
        assert_eq!(ran.code, Some(0), "on {major}: {}", ran.stderr);
        let seen = beyond(&watch, &allowed, &[]);
        assert!(seen.is_empty(), "on {major} a restore that is continued ran {seen:?}");

        let checks = keeping.folder.path().join("checks.sql");
        std::fs::write(&checks, "SELECT pg_catalog.count(*) = 300 AND 'a'::text || 'b' = 'ab' FROM ONLY shop.plain;\n")
            .unwrap();
        let server = attack.server.existing("postgres").url();
        let watch = attack.watch();
        let ran = keeping.run(&["drill", "latest", "-d", &server, "--check", checks.to_str().unwrap()]);
        let seen = beyond(&watch, &allowed, &[]);
        assert!(
            ran.code == Some(0) && seen.is_empty(),
            "on {major} a drill ran {seen:?}: {}{}",
            ran.stdout,
            errors(&ran.stderr)
        );
        attack.assert_nothing_gained("drills");
    }
}

/// What the tools of PostgreSQL run as the superuser.
fn theirs(attack: &Attack, source: &Database, dump: &[u8], like: Like, target: &Database) -> BTreeSet<String> {
    let options: &[&str] = match like {
        Like::Restore => &[],
        Like::SchemaOnly => &["--schema-only"],
        Like::Clean => &["--clean", "--if-exists"],
        Like::DataOnly => {
            // Not by TRUNCATE, whose trigger would be seen as theirs.
            target.psql(&format!("SET search_path = pg_catalog; SET session_replication_role = replica; {EMPTY}"));
            &["--data-only"]
        }
        Like::Inserts => {
            let script = pg_dump(
                source,
                &["--data-only", "--inserts", "--on-conflict-do-nothing", "-t", "shop.plain", "-t", "shop.parted*"],
            );
            let watch = attack.watch();
            let known = |line: &&[u8]| !line.starts_with(b"SET transaction_timeout");
            target
                .psql_bytes(&script.split_inclusive(|byte| *byte == b'\n').filter(known).collect::<Vec<_>>().concat());
            return watch.seen();
        }
    };
    let watch = attack.watch();
    let mut restore = target.client("pg_restore");
    restore.args(["-d", target.name()]).args(options);
    let output = crate::harness::database::feed(restore.stderr(Stdio::piped()), dump);
    let seen = watch.seen();
    assert!(!seen.is_empty(), "pg_restore: {}", String::from_utf8_lossy(&output.stderr));
    seen
}

const EMPTY: &str = "DROP PUBLICATION attack; DELETE FROM other.cast_to; DELETE FROM shop.bare; DELETE FROM shop.plain; DELETE FROM shop.parted; DELETE FROM shop.watched; DELETE FROM shop.guarded";

fn custom_dump(source: &Database, options: &[&str]) -> Vec<u8> {
    pg_dump(source, &[&["-Fc"], options].concat())
}

fn pg_dump(source: &Database, options: &[&str]) -> Vec<u8> {
    let output = source.client("pg_dump").args(options).output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
