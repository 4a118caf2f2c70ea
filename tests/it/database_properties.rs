//! The database itself: what is read of it creates another one with the same properties.

use std::sync::Arc;

use pgkeep::object::{Grant, Kind, Object};
use pgkeep::pg::{Config, Host, Session};
use pgkeep::text::Text;

use crate::harness::{Database, Server, block_on, versions};

const PROPERTIES: &str = "
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['properties_owner', 'properties \"r\"'] LOOP
        BEGIN EXECUTE format('CREATE ROLE %I', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    END LOOP;
END $$;
ALTER DATABASE :name CONNECTION LIMIT 7;
ALTER DATABASE :name SET search_path TO a, \"B \"\"b\"\"\", '';
ALTER DATABASE :name SET work_mem = '5MB';
ALTER DATABASE :name SET \"my.setting\" = 'it''s, one value';
ALTER ROLE \"properties \"\"r\"\"\" IN DATABASE :name SET statement_timeout = 1000;
COMMENT ON DATABASE :name IS 'it''s a \"database\"';
REVOKE ALL ON DATABASE :name FROM PUBLIC;
GRANT CREATE, TEMPORARY ON DATABASE :name TO \"properties \"\"r\"\"\" WITH GRANT OPTION;
ALTER DATABASE :name OWNER TO properties_owner;
";

#[test]
fn a_database_is_created_with_its_properties() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, other) = (server.database("properties"), server.database("properties_of"));
        source.psql(&PROPERTIES.replace(":name", &format!("\"{}\"", source.name())));
        let described = block_on(read(&source));
        // The harness removes the database that it made; this one takes its name.
        let name = other.name().to_owned();
        let renamed = |statement: &Text| {
            let (old, new) = (format!("DATABASE \"{}\"", source.name()), format!("DATABASE \"{name}\""));
            Text::from(statement.lossy().replacen(&old, &new, 1))
        };
        let owner = described.owner.as_ref().and_then(|role| described.give_to(role));
        let mut statements = vec![Text::from(format!("DROP DATABASE \"{name}\""))];
        let lists = [&described.create, &described.finish, &described.comments];
        let grants = |object: &Object| object.grants.iter().map(Grant::sql).collect::<Vec<_>>();
        statements.extend(lists.into_iter().flatten().chain(&owner).chain(&grants(&described)).map(&renamed));
        block_on(run(&source, &statements));
        let copy = block_on(read(&other));
        let said = |object: &Object| {
            [&object.create, &object.finish, &object.comments, &grants(object)]
                .map(|list| list.iter().map(&renamed).collect::<Vec<_>>())
        };
        assert_eq!(said(&described), said(&copy), "on {major}");
        assert_eq!((&described.owner, &described.roles), (&copy.owner, &copy.roles), "on {major}");
        assert_eq!(described.finish.len(), 5, "{:?}", described.finish);
    }
}

async fn session(database: &Database) -> Session {
    let (host, port) = (database.server().host(), database.server().port());
    let config = Config { hosts: vec![Host::tcp(host, port)], ..Config::default() };
    Session::connect(&config.with_database(database.name())).await.expect("the server lets us in")
}

async fn read(database: &Database) -> Object {
    let mut session = session(database).await;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.expect("settings");
    let objects = pgkeep::catalog::load(&mut session, Vec::new(), &(Arc::new(|_| ()) as _)).await.expect("a catalog");
    objects.objects.into_iter().find(|object| object.kind == Kind::Database).expect("the database is an object")
}

async fn run(database: &Database, statements: &[Text]) {
    let mut session = session(database).await;
    for statement in statements {
        session
            .run_alone(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {:?}", std::error::Error::source(&error)));
    }
}
