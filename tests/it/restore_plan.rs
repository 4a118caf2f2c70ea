//! `restore --plan`: tells what would happen and changes nothing.

use crate::cli_session::{Keeping, parse};
use crate::harness::Server;

const SHOP: &str = "CREATE SCHEMA shop; CREATE ROLE \"pgkeep plan\";
    CREATE TABLE shop.big (id int PRIMARY KEY, t text); INSERT INTO shop.big SELECT n, repeat('x', 50) FROM generate_series(1, 2000) n;
    CREATE TABLE shop.small (id int PRIMARY KEY REFERENCES shop.big); INSERT INTO shop.small VALUES (1), (2);
    ALTER TABLE shop.small OWNER TO \"pgkeep plan\";";

#[test]
fn a_plan_lists_what_would_be_done_and_changes_nothing() {
    let server = Server::fresh(18, &[]);
    let source = server.database("plan_source");
    source.psql(SHOP);
    let target = server.database("plan_target");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);

    let said = keeping.ok(&["restore", "latest", "-d", &target.url(), "--plan"]);
    let place = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what} in {said}"));
    assert!(said.contains("2,002 rows in 2 tables"), "{said}");
    assert!(place("schema shop") < place("table shop.big"), "{said}");
    assert!(place("rows loaded:") < place("created after the rows:"), "{said}");
    assert!(place("constraint shop.big.big_pkey") < place("foreign key shop.small"), "{said}");
    assert_eq!(target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname IN ('shop', 'pgkeep_restore')"), "0");

    let events = keeping.events(&["restore", "latest", "-d", &target.url(), "--plan"]);
    let plan = events.last().unwrap();
    assert_eq!((&plan["possible"], &plan["rows"]), (&true.into(), &2002.into()), "{plan}");
    assert_eq!(plan["tables"][0]["table"], "shop.big");
}

#[test]
fn a_plan_tells_everything_that_stands_in_the_way() {
    let server = Server::fresh(18, &[]);
    let source = server.database("plan_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    source.psql("DROP TABLE shop.small; DROP ROLE \"pgkeep plan\"");

    let ran = keeping.run(&["restore", "latest", "-d", &source.url(), "--plan"]);
    assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
    for part in ["in the way: database plan_source", "is not empty", "role pgkeep plan does not exist", "CREATE ROLE"] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    let ran = keeping.run(&["restore", "latest", "-d", &source.url(), "--plan", "--json"]);
    let events = parse(&ran.stdout);
    let plan = events.iter().find(|event| event["event"] == "summary").unwrap();
    assert_eq!(plan["possible"], false);
    assert_eq!(plan["findings"].as_array().unwrap().iter().filter(|f| f["fatal"] == true).count(), 2, "{plan}");
}
