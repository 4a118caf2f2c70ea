//! What libpq's users write leads to the same server as with libpq's own psql.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pgkeep::pg::{Config, Environment, Given, Session};

use crate::harness::{Database, Server, block_on};

/// User, database, application name and whether it is a socket, as the server sees a connection.
const WHERE: &str = "SELECT concat_ws(',', current_user, current_database(), current_setting('application_name'),
    inet_client_addr() IS NULL, current_setting('geqo')) AS v";

struct Place {
    server: Server,
    home: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let server = Server::setup(18).hba("host all bob 127.0.0.1/32 scram-sha-256").start();
        let database = server.existing("postgres");
        database.psql("CREATE ROLE bob LOGIN PASSWORD 'it''s: \\me'; CREATE ROLE \"o'bob\" LOGIN; CREATE DATABASE bob");
        database.psql("CREATE DATABASE \"my db\"");
        Self { server, home: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Where psql ends up.
    fn psql(&self, arguments: &[&str], variables: &[(&str, String)]) -> String {
        let database = Database::existing(&self.server, "postgres");
        let mut psql = database.client("psql");
        psql.env_clear()
            .env("HOME", self.home.path())
            .args(["-X", "-A", "-t", "-w"])
            .args(["-c", WHERE])
            .args(arguments);
        let output = psql.envs(variables.iter().map(|(name, value)| (*name, value))).output().unwrap();
        match output.status.success() {
            true => String::from_utf8(output.stdout).unwrap().trim().replace(",psql,", ",pgkeep,"),
            false => "refused".into(),
        }
    }

    /// Where we end up.
    fn ours(&self, given: &Given, variables: &[(&str, String)]) -> String {
        let variables: HashMap<_, _> = variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
        let variable = |name: &str| variables.get(name).cloned();
        let home = Some(self.home.path().to_owned());
        let environment = Environment { variable: &variable, home, user: Some("postgres".into()) };
        let Ok(config) = Config::resolve(given, &environment) else { return "refused".into() };
        block_on(async {
            let Ok(mut session) = Session::connect(&config).await else { return "refused".into() };
            let rows = session.query(WHERE).await.unwrap();
            rows.one().unwrap().text("v").unwrap().lossy().into_owned()
        })
    }

    fn same(&self, arguments: &[&str], variables: &[(&str, String)]) -> String {
        let mut given = Given::default();
        for pair in arguments.chunks(2) {
            let value = Some(pair[1].into());
            match pair[0] {
                "-h" => given.host = value,
                "-p" => given.port = value,
                "-U" => given.user = value,
                _ => given.database = value,
            }
        }
        // psql's user would be that of the process.
        let mut with_user = variables.to_vec();
        if !variables.iter().any(|(name, _)| *name == "PGUSER") && !arguments.join(" ").contains("user") {
            with_user.push(("PGUSER", "postgres".into()));
        }
        let (theirs, ours) = (self.psql(arguments, &with_user), self.ours(&given, &with_user));
        assert_eq!(ours, theirs, "{arguments:?} {variables:?}");
        ours
    }
}

#[test]
fn psql_and_we_end_up_at_the_same_place() {
    let place = Place::new();
    let (port, folder) = (place.server.port().to_string(), place.server.folder().display().to_string());
    let env = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let here = env(&[("PGHOST", "127.0.0.1"), ("PGPORT", &port)]);
    let plus = |more: &[(&'static str, &str)]| [here.clone(), env(more)].concat();

    assert_eq!(place.same(&["-d", "postgres"], &here), "postgres,postgres,pgkeep,f,on");
    assert_eq!(place.same(&["-h", &folder, "-p", &port, "-d", "my db"], &[]), "postgres,my db,pgkeep,t,on");
    place.same(&["-d", "dbname='my db' user='o\\'bob' application_name=x options='-c geqo=off'"], &here);
    place.same(&["-d", &format!("postgresql://o%27bob@localhost:{port}/my%20db?application_name=a%26b")], &[]);
    place.same(&["-d", &format!("postgres:///postgres?host={folder}&port={port}&options=-c%20geqo%3Doff")], &[]);
    place.same(&["-d", &format!("postgres://%2F{}/postgres?port={port}", &folder[1..])], &[]);
    place.same(&["-d", &format!("host=127.0.0.1,127.0.0.1 port=1,{port} dbname=postgres")], &[]);
    place.same(&["-d", &format!("postgres://127.0.0.1:1,127.0.0.1:{port}/postgres")], &[]);
    place.same(&["-d", "hostaddr=127.0.0.1 host=elsewhere.invalid dbname=postgres"], &env(&[("PGPORT", &port)]));
    place.same(&[], &plus(&[("PGDATABASE", "my db"), ("PGOPTIONS", "-c geqo=off"), ("PGAPPNAME", "env")]));
    place.same(&["-h", "wrong.invalid", "-d", &format!("host=127.0.0.1 port={port} dbname=postgres")], &[]);

    // Passwords: none, given, from the environment, from the password file.
    let bob = ["-U", "bob", "-d", "my db"];
    assert_eq!(place.same(&bob, &here), "refused");
    assert_eq!(place.same(&bob, &plus(&[("PGPASSWORD", "it's: \\me")])), "bob,my db,pgkeep,f,on");
    assert_eq!(place.same(&["-d", "user=bob password='it\\'s: \\\\me'"], &here), "bob,bob,pgkeep,f,on");
    place.write(".pgpass", "# ours\nother:*:*:*:no\n127.0.0.1:*:my db:bob:it's\\: \\\\me\n");
    assert_eq!(place.same(&bob, &here), "bob,my db,pgkeep,f,on");
    assert_eq!(place.same(&["-U", "bob", "-d", "bob"], &here), "refused", "the line is for another database");
    std::fs::set_permissions(place.home.path().join(".pgpass"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(place.same(&bob, &here), "refused", "others could read the file");

    // Services.
    place.write(".pg_service.conf", &format!("[shop]\nhost=127.0.0.1\nport={port}\ndbname=my db\nuser=postgres\n"));
    assert_eq!(place.same(&["-d", "service=shop"], &[]), "postgres,my db,pgkeep,f,on");
    place.same(&[], &env(&[("PGSERVICE", "shop")]));
    place.same(&["-d", "postgres"], &env(&[("PGSERVICE", "shop")]));
    let file = place.home.path().join("else.conf");
    std::fs::write(&file, format!("[s]\nhost={folder}\nport={port}\n")).unwrap();
    let (file, none) = (Path::to_str(&file).unwrap(), env(&[("PGSERVICE", "absent")]));
    place.same(&["-d", "postgres"], &env(&[("PGSERVICE", "s"), ("PGSERVICEFILE", file)]));
    assert_eq!(place.same(&["-d", "postgres"], &none), "refused");

    // What libpq refuses.
    for bad in ["hots=x", "sslmode=sometimes", "dbname='x", "postgres://h/d?nothing=1", "target_session_attrs=best"] {
        assert_eq!(place.same(&["-d", bad], &here), "refused", "{bad}");
    }
}

#[test]
fn the_wanted_kind_of_server_is_found() {
    let primary = Server::fresh(18, &[]);
    let standby = primary.standby();
    let old = Server::shared(13);
    let url = |hosts: &[&Server], target: &str| {
        let hosts: Vec<_> = hosts.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        Config::parse(format!("postgres://postgres@{}/postgres?target_session_attrs={target}", hosts.join(",")))
            .unwrap()
    };
    let ask = |config: Config| {
        block_on(async {
            let mut session = Session::connect(&config).await.map_err(|error| format!("{error:?}"))?;
            let rows = session.query("SELECT pg_is_in_recovery() AS v").await.unwrap();
            Ok::<_, String>(rows.one().unwrap().boolean("v").unwrap())
        })
    };
    let both = [&primary, &standby];
    for (target, expected) in [
        ("any", false),
        ("read-write", false),
        ("primary", false),
        ("read-only", true),
        ("standby", true),
        ("prefer-standby", true),
    ] {
        assert_eq!(ask(url(&both, target)), Ok(expected), "{target}");
    }
    assert_eq!(ask(url(&[&primary], "prefer-standby")), Ok(false));
    assert!(ask(url(&[&primary], "standby")).unwrap_err().contains("no standby"));
    assert!(ask(url(&[&standby], "read-write")).is_err());
    assert_eq!(ask(url(&[old], "primary")), Ok(false));
    assert!(ask(url(&[old], "read-only")).is_err());
}
