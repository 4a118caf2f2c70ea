//! The recipes of the README, run as they stand there.

use std::process::Command;

use crate::harness::oracle::{assert_same_rows, tables};
use crate::harness::{Server, cli::pgkeep, sample};

/// The code blocks of the section, in order.
fn recipes() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## Recipes").expect("the README has recipes");
    let (section, _) = section.split_once("\n## ").expect("another section follows");
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|block| block.split_once("```").expect("a block ends").0.to_owned()).collect()
}

/// Makes every index fail, from where a restore does not look for objects of the user.
const STOP: &str = "
    CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'no index today'; END $$;
    CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION information_schema.stop()";

#[test]
fn the_recipes_in_the_readme_work_as_written() {
    let (live, other) = (Server::fresh(18, &[]), Server::fresh(18, &[]));
    live.existing("postgres").psql("CREATE DATABASE pos_riverside; CREATE DATABASE managed; CREATE DATABASE pos_check");
    let pos = live.existing("pos_riverside");
    sample::load(&pos, 1);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path().to_str().expect("UTF-8");
    let path = format!("{}:/usr/bin:/bin", pgkeep().parent().expect("a folder").display());
    let run = |script: &str| {
        let script = script.replace("new-server", &format!("127.0.0.1 -p {}", other.port()));
        let script = script.replace("spare-server", &format!("127.0.0.1 -p {}", other.port()));
        let output = Command::new("/bin/sh")
            .args(["-e", "-x", "-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .envs([("PATH", path.as_str()), ("PGHOST", "127.0.0.1"), ("PGUSER", "postgres"), ("HOME", home)])
            .envs([("PGKEEP_REPOSITORY", format!("{home}/r")), ("PGPORT", live.port().to_string())])
            .env("MANAGED_URL", live.existing("managed").url())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        said.into_owned()
    };
    std::fs::write(folder.path().join("totals.sql"), "SELECT count(*) > 0 FROM payments.payment;\n").expect("a file");
    run("pgkeep init && pgkeep dump --globals -d postgres && pgkeep dump pos_riverside && pgkeep dump pos_riverside");
    for recipe in recipes() {
        let lines = pos.query_one("SELECT count(*) FROM ord.line");
        if recipe.contains("--on-conflict-do-nothing") {
            pos.psql("DELETE FROM ord.line WHERE order_id % 3 = 0");
            run(&recipe);
            assert_eq!(pos.query_one("SELECT count(*) FROM ord.line"), lines);
            let both =
                "SELECT count(*) FROM (SELECT * FROM ord.line EXCEPT SELECT * FROM ord.line_restored) AS differs";
            assert_eq!(pos.query_one(both), "0");
            continue;
        }
        if recipe.contains("--truncate") {
            let payments = "SELECT md5(string_agg(p::text, '' ORDER BY p::text)) FROM payments.payment p";
            let (before, audits) = (pos.query_one(payments), pos.query_one("SELECT count(*) FROM payments.audit"));
            pos.psql("UPDATE payments.payment SET amount = 1; DELETE FROM payments.audit");
            run(&recipe);
            assert_eq!(pos.query_one(payments), before);
            assert_eq!(pos.query_one("SELECT count(*) FROM payments.audit"), audits);
            continue;
        }
        if recipe.contains("-n payments") {
            pos.psql("DROP SCHEMA payments CASCADE");
        }
        if let Some((plan, resume)) = recipe.split_once('\n').filter(|(_, rest)| rest.contains("--resume")) {
            run(plan);
            // Something has to stop before it can be continued.
            let check = live.existing("pos_check");
            check.psql(STOP);
            run("pgkeep restore latest -d pos_check || test $? = 4");
            check.psql("DROP EVENT TRIGGER stop; DROP FUNCTION information_schema.stop()");
            run(resume);
            assert_same_rows(&pos, &check, &tables(&check));
            continue;
        }
        run(&recipe);
    }
    assert_eq!(pos.query_one("SELECT count(*) > 0 FROM ord_restored.line"), "t");
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'payments.payment'::regclass";
    assert_ne!(pos.query_one(keys), "0", "keys into what was there come back with the schema");
    assert_eq!(other.existing("pos_riverside").query_one("SELECT count(*) > 0 FROM payments.payment"), "t");
}
