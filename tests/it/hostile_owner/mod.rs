//! Nobody becomes somebody else: what the owner of a database, or somebody who may only create in a schema of it, has
//! planted there does not run as the superuser who dumps it, and in a restore no more of it runs than with `pg_restore`.

mod attack;
mod names;
mod restores;

use crate::cli_session::Keeping;
use crate::harness::{Database, versions};
use attack::Attack;

/// Commands that only read, or only look at what they would do.
const READING: [&[&str]; 11] = [
    &["dump"],
    &["dump", "-s", "--statistics"],
    &["dump", "-a", "-n", "shop"],
    &["dump", "-t", "shop.plain", "--with-dependencies", "--skip-unreadable"],
    &["dump", "-n", "shop", "--enable-row-security"],
    &["dump", "-n", "shop", "--serializable-deferrable", "--lock-wait-timeout", "10s"],
    &["dump", "-n", "shop", "--load-via-partition-root", "-O", "-x", "--extra-float-digits", "0"],
    &["restore", "latest", "--plan"],
    &["restore", "latest", "--plan", "-c", "-n", "shop"],
    &["restore", "latest", "--plan", "--truncate", "-n", "shop"],
    &["restore", "latest", "--plan", "--on-conflict-do-nothing", "-n", "shop"],
];

#[test]
fn nothing_planted_runs_when_a_superuser_dumps_or_looks() {
    for major in versions() {
        let attack = Attack::on(major);
        let owned = attack.owned("owned");
        attack.plant_pieces(&owned, true);
        attack.shadow(&owned);
        let guest = attack.server.database("guest");
        attack.shadow_as_guest(&guest);
        attack.plant_pieces(&guest, false);
        assert_witness_sees(&attack, &owned, "relation pg_class");
        assert_witness_sees(&attack, &guest, "better operator (oid, integer)");

        let mut found = Vec::new();
        for database in [&owned, &guest] {
            let keeping = Keeping::new();
            for arguments in READING {
                let url = database.url();
                observe(&attack, &keeping, &[arguments, &["-d", &url]].concat(), &mut found);
            }
            for arguments in [
                &["show"][..],
                &["list"],
                &["diff", "latest~1", "latest"],
                &["cat", "latest", "shop.plain"],
                &["sql", "latest"],
            ] {
                observe(&attack, &keeping, arguments, &mut found);
            }
        }
        let keeping = Keeping::new();
        let url = attack.server.existing("postgres").url();
        observe(&attack, &keeping, &["dump", "--all-databases", "*", "--globals", "-d", &url], &mut found);
        assert!(found.is_empty(), "on {major}: {}", found.join("\n"));
        assert_eq!(attack.visits(), 0, "on {major}: a dump or a plan led to a foreign server");
        drop(owned.try_psql(b"SELECT FROM other.far"));
        assert!(attack.visits() > 0, "who reads the foreign table is seen");
        attack.assert_nothing_gained("dumps");
    }
}

/// Notes what ran as somebody else, and a command that did not end well.
fn observe(attack: &Attack, keeping: &Keeping, arguments: &[&str], found: &mut Vec<String>) {
    let watch = attack.watch();
    let ran = keeping.run(arguments);
    let seen = watch.seen();
    let refusal = arguments.contains(&"--plan") && ran.code == Some(8);
    if !seen.is_empty() || ran.code != Some(0) && !refusal {
        found.push(format!("{arguments:?} ended with {:?} and ran {seen:?}: {}", ran.code, errors(&ran.stderr)));
    }
}

/// What is no progress.
fn errors(stderr: &str) -> String {
    let told = stderr
        .lines()
        .filter(|line| !line.starts_with("pgkeep: ") || line.contains("error") || line.contains("warning"));
    told.collect::<Vec<_>>().join("\n")
}

/// A superuser who does not take care runs planted code, and the log tells it.
fn assert_witness_sees(attack: &Attack, database: &Database, label: &str) {
    let watch = attack.watch();
    drop(database.try_psql(b"select oid from pg_class where oid = 0"));
    assert!(watch.seen().contains(label), "{:?}", watch.seen());
}
