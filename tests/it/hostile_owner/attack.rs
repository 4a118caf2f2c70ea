//! The attacker's databases, and the witness: planted code says in the server's log as whom it ran.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::names::Names;
use crate::harness::{Database, Server};

/// The attacker: no superuser, no rights but those that a test gives.
pub(super) const ATTACKER: &str = "mallory";

/// A server with the attacker's role.
pub(super) struct Attack {
    pub(super) server: Server,
    names: Names,
    lair: Lair,
}

/// Where foreign servers of the attacker lead: takes note of who connects, and says nothing.
struct Lair {
    port: u16,
    visits: Arc<AtomicUsize>,
}

impl Lair {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        std::thread::spawn(move || {
            for visit in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                drop(visit);
            }
        });
        Self { port, visits }
    }
}

impl Attack {
    pub(super) fn on(major: u32) -> Self {
        let server = Server::fresh(major, &[("client_min_messages", "error")]);
        server.existing("postgres").psql(&format!("CREATE ROLE {ATTACKER} LOGIN"));
        Self { server, names: Names::of_all_statements(), lair: Lair::open() }
    }

    /// A new database that belongs to the attacker.
    pub(super) fn owned(&self, name: &str) -> Database {
        let postgres = self.server.existing("postgres");
        postgres.psql(&format!("CREATE DATABASE {name} TEMPLATE template0 OWNER {ATTACKER}"));
        self.server.existing(name)
    }

    /// Shadows of all that our statements call, in front of `pg_catalog`.
    pub(super) fn shadow(&self, database: &Database) {
        run_as_attacker(
            database,
            &format!("CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC; {}", self.shadows("evil", true)),
        );
        self.prefer(database);
    }

    /// Shadows of what has no exact counterpart in `pg_catalog`, in a schema that everybody searches.
    pub(super) fn shadow_as_guest(&self, database: &Database) {
        database
            .psql(&format!("GRANT CREATE ON SCHEMA public TO {ATTACKER}; CREATE SCHEMA shop AUTHORIZATION {ATTACKER}"));
        run_as_attacker(database, &self.shadows("public", false));
    }

    /// Everything in a schema `shop` that can hold code. `owner`: whether the attacker may make publications, schemas and
    /// foreign servers, and a superuser has let an event trigger call him.
    pub(super) fn plant_pieces(&self, database: &Database, owner: bool) {
        let pieces = include_str!("pieces.sql").replace("$port", &self.lair.port.to_string());
        let starts = ["create publication", "create schema", "create server", "create user mapping"];
        let of_owners = |line: &str| starts.iter().any(|start| line.starts_with(start)) || line.contains(" other.");
        let wanted = pieces.lines().filter(|line| owner || !of_owners(line));
        if owner {
            database.psql(&format!(
                "SET search_path = pg_catalog; CREATE EXTENSION postgres_fdw SCHEMA public;
                 GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO {ATTACKER}"
            ));
        }
        run_as_attacker(database, &wanted.collect::<Vec<_>>().join("\n"));
        if owner {
            database.psql("CREATE EVENT TRIGGER planted ON ddl_command_end EXECUTE FUNCTION shop.event()");
        }
    }

    /// How often somebody came to a foreign server of the attacker.
    pub(super) fn visits(&self) -> usize {
        self.lair.visits.load(Ordering::SeqCst)
    }

    /// A copy of a database of the attacker with its settings.
    pub(super) fn copy(&self, of: &Database, name: &str) -> Database {
        let postgres = self.server.existing("postgres");
        postgres.psql(&format!("CREATE DATABASE {name} TEMPLATE {} OWNER {ATTACKER}", of.name()));
        let copy = self.server.existing(name);
        self.prefer(&copy);
        copy
    }

    /// Every session of this database from now on looks into the schema of the attacker first.
    fn prefer(&self, database: &Database) {
        run_as_attacker(database, &format!("ALTER DATABASE {} SET search_path = evil, pg_catalog", database.name()));
    }

    fn shadows(&self, schema: &str, exact: bool) -> String {
        let array = |names: &BTreeSet<String>| {
            let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("array[{}]", quoted.join(","))
        };
        include_str!("shadows.sql")
            .replace("$schema", schema)
            .replace("$exact", if exact { "true" } else { "false" })
            .replace("$words", &array(&self.names.words))
            .replace("$called", &array(&self.names.called))
            .replace("$operators", &array(&self.names.operators))
    }

    /// What planted code says from now on.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { server: &self.server, from: self.server.log().len() }
    }

    /// Ends the test if the attacker has become more than he was.
    pub(super) fn assert_nothing_gained(&self, after: &str) {
        let role = self.server.existing("postgres").query_rows(&format!(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, \
             (SELECT count(*) FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid), \
             (SELECT count(*) FROM pg_catalog.pg_shdepend d WHERE d.refobjid = r.oid AND d.dbid IN \
              (SELECT oid FROM pg_catalog.pg_database WHERE datname IN ('postgres', 'template1'))) \
             FROM pg_catalog.pg_roles r WHERE rolname = '{ATTACKER}'"
        ));
        assert_eq!(role, [["f", "f", "f", "f", "f", "0", "0"]], "{after}");
    }
}

/// Planted code that runs from some moment on.
pub(super) struct Watch<'a> {
    server: &'a Server,
    from: usize,
}

impl Watch<'_> {
    /// What ran as somebody else than the attacker.
    pub(super) fn seen(&self) -> BTreeSet<String> {
        let log = self.server.log();
        let told = log[self.from..].lines().filter_map(|line| line.split_once("PLANTED <")).filter_map(|(_, rest)| {
            let (label, rest) = rest.split_once("> as <")?;
            let (user, _) = rest.split_once('>')?;
            (user != ATTACKER).then(|| label.to_owned())
        });
        told.collect()
    }
}

fn run_as_attacker(database: &Database, sql: &str) {
    database.psql(&format!("SET SESSION AUTHORIZATION {ATTACKER}; {sql}"));
}
