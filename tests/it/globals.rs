//! What belongs to a whole cluster is the same in another one, judged by `pg_dumpall` and by queries where it is blind.

use std::sync::Arc;

use pgkeep::catalog::{GlobalOptions, globals};
use pgkeep::object::{Grant, Kind, Object, Pass};
use pgkeep::pg::settings::Purpose;
use pgkeep::pg::{Config, Host, Session, sql};
use pgkeep::progress::Events;
use pgkeep::text;

use crate::harness::{Server, block_on, versions};

const SILENT: fn() -> Events = || Arc::new(|_| ());

#[test]
fn a_cluster_comes_back_as_it_was() {
    for major in versions() {
        let (source, target) = (cluster(major), cluster(major));
        source.existing("postgres").psql(&sql::for_version(include_str!("../../testdata/globals.sql"), major));
        let objects = block_on(read(&source, "postgres", true));
        block_on(create(&target, &objects));
        let (before, after) = (dumped(&source), dumped(&target));
        let missing: Vec<&str> = before.lines().filter(|line| !after.lines().any(|other| other == *line)).collect();
        assert!(before == after, "{major}: pg_dumpall says {after}\nwithout\n{missing:#?}");
        let all_roles = "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = 0";
        assert_eq!(source.existing("postgres").query_rows(all_roles).len(), 1, "{major}");
        let rows = |server: &Server| server.existing("postgres").query_rows(all_roles);
        assert_eq!(rows(&source), rows(&target), "{major}");
        // What was made needs nothing that comes later.
        for object in &objects {
            assert!(object.needs.iter().all(|need| *need < object.id), "{object:?}");
        }
    }
}

#[test]
fn passwords_stay_away_where_they_are_not_wanted_or_not_readable() {
    let major = *versions().last().expect("there is a version");
    let server = cluster(major);
    server.existing("postgres").psql("CREATE ROLE teller LOGIN PASSWORD 'a secret'; CREATE ROLE reader LOGIN");
    let with_password = |objects: Vec<Object>| {
        let statements = objects.iter().flat_map(|object| &object.finish).map(ToString::to_string);
        statements.filter(|statement| statement.contains("PASSWORD")).count()
    };
    assert_eq!(with_password(block_on(read(&server, "postgres", true))), 1);
    assert_eq!(with_password(block_on(read(&server, "postgres", false))), 0);
    assert_eq!(with_password(block_on(read(&server, "reader", true))), 0);
}

#[test]
fn a_tablespace_keeps_its_place() {
    let major = *versions().last().expect("there is a version");
    let server = cluster(major);
    let place = server.folder().join("data/a \"place\"").to_string_lossy().into_owned();
    let postgres = server.existing("postgres");
    // The folder must belong to the user that runs the server.
    postgres.psql(&format!("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; mkdir \"{}\"'", place.replace('"', "\\\"")));
    postgres.psql(&format!("CREATE TABLESPACE outside LOCATION '{place}'"));
    let objects = block_on(read(&server, "postgres", true));
    let space = objects.iter().find(|object| object.kind == Kind::Tablespace).expect("there is a tablespace");
    let expected = format!("CREATE TABLESPACE \"outside\" LOCATION '{place}'");
    assert_eq!(space.create[0].to_string(), expected);
}

/// Tablespaces inside the data folder let two clusters have the same ones.
fn cluster(major: u32) -> Server {
    Server::fresh(major, &[("allow_in_place_tablespaces", "on")])
}

async fn session(server: &Server, user: &str) -> Session {
    let hosts = vec![Host::tcp(server.host(), server.port())];
    Session::connect(&Config { hosts, user: user.into(), ..Config::default() }).await.expect("the server lets us in")
}

async fn read(server: &Server, user: &str, passwords: bool) -> Vec<Object> {
    let mut session = session(server, user).await;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.expect("settings");
    globals(&mut session, &GlobalOptions { passwords }, &SILENT()).await.expect("the cluster can be read")
}

async fn create(server: &Server, objects: &[Object]) {
    let mut session = session(server, "postgres").await;
    session.pin(Purpose::Loading, "UTF8");
    for pass in [Pass::Main, Pass::Grants] {
        for object in objects {
            let mut statements = Vec::new();
            if pass == Pass::Main {
                let exists = object.kind == Kind::Role && object.name.name == "postgres";
                statements.extend(object.create.iter().filter(|_| !exists).cloned());
                let owner = object.owner.as_ref();
                statements.extend(owner.map(|role| text!["ALTER ", object.identity, " OWNER TO ", role.ident()]));
                statements.extend(object.finish.iter().chain(&object.comments).chain(&object.labels).cloned());
            } else {
                statements.extend(object.grants.iter().map(Grant::sql));
            }
            for statement in statements {
                session.run_alone(&statement).await.unwrap_or_else(|error| {
                    panic!("{statement}\n{:?}", std::error::Error::source(&error).map(ToString::to_string))
                });
            }
        }
    }
}

fn dumped(server: &Server) -> String {
    let postgres = server.existing("postgres");
    let output = postgres.client("pg_dumpall").args(["--globals-only", "--restrict-key=x"]).output();
    let output = output.expect("pg_dumpall runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names of the fixture are UTF-8")
}
