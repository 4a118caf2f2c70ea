//! Round trips that are not everyday: other encodings, other versions, standbys, roles without rights, rows of every
//! shape.

use pgkeep::dump;
use pgkeep::plan::Omit;
use pgkeep::progress::silent;
use pgkeep::restore;

use crate::harness::{
    Database, Options, Server, assert_same_data, assert_same_schema, block_on, sample, schema_script, schema_text,
    sorted_rows,
};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

fn there_and_back(source: &Database, target: &Database) -> restore::Summary {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Whatever their owners have set, both databases are read and written the same way.
    if !source.is_standby() {
        source.make_hostile();
    }
    target.make_hostile();
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        expect(dump::run(&repository, &dump_options(source), &silent()).await, "dump");
        let reader = latest(&repository).await;
        expect(restore::from_snapshot(&reader, &restore_options(target), &silent()).await, "restore")
    })
}

/// Names, comments, function bodies and rows come back byte for byte in every encoding.
#[test]
fn databases_of_other_encodings_come_back() {
    let encodings: [(&str, &[u8]); 3] =
        [("LATIN1", b"caf\xe9"), ("EUC_JP", b"\xc6\xfc\xcb\xdc\xb8\xec"), ("SQL_ASCII", b"\xff\xfe\xe9")];
    for (encoding, word) in encodings {
        for major in [13, 18] {
            let options = Options { encoding: Some(encoding), locale: Some("C"), more: None };
            let source = Server::shared(major).database_with("encoded", &options);
            let target = Server::shared(major).database_with("encoded_back", &options);
            let statement = |text: &str| text.as_bytes().to_vec();
            let sql = [
                statement(&format!("SET client_encoding = '{encoding}'; CREATE TABLE \"")),
                word.to_vec(),
                statement("\" (a text, b bytea); INSERT INTO \""),
                word.to_vec(),
                statement("\" VALUES (E'x\\t"),
                word.to_vec(),
                statement("', '\\xff00'), (NULL, ''); COMMENT ON TABLE \""),
                word.to_vec(),
                statement("\" IS '"),
                word.to_vec(),
                statement("'; CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '"),
                word.to_vec(),
                statement("'::text $$;"),
            ]
            .concat();
            source.psql_bytes(&sql);
            there_and_back(&source, &target);
            assert_same_schema(&source, &target);
            let rows = |database: &Database| {
                let settings = format!("SET client_encoding = '{encoding}'; COPY \"");
                let output = database.try_psql(&[settings.as_bytes(), word, b"\" TO STDOUT"].concat());
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                output.stdout
            };
            assert!(rows(&source).windows(word.len()).any(|bytes| bytes == word), "{encoding}");
            assert_eq!(rows(&source), rows(&target), "{encoding}");
        }
    }
}

#[test]
fn a_dump_of_13_goes_into_18() {
    let source = Server::shared(13).database("old");
    sample::load(&source, 1);
    // An owner who lacks one privilege has those that only newer servers know.
    source.psql("REVOKE DELETE ON payments.payment FROM CURRENT_USER");
    let target = Server::shared(18).database("new");
    for role in ["pos_app", "pos_report"] {
        target.try_psql(format!("CREATE ROLE {role}").as_bytes());
    }
    there_and_back(&source, &target);
    for table in ["ord.\"Order\"", "payments.payment", "menu.item"] {
        assert_eq!(sorted_rows(&source, table), sorted_rows(&target, table), "{table}");
    }
    let direct = Server::shared(18).database("direct");
    direct.psql(&schema_script(&source, &[]));
    assert_same_schema(&target, &direct);
    let again = Server::shared(18).database("again");
    there_and_back(&target, &again);
    assert_eq!(schema_text(&target), schema_text(&again));
}

/// Everything but unlogged rows can be dumped from a hot standby.
#[test]
fn a_hot_standby_is_a_source() {
    let primary = Server::fresh(18, &[]);
    let database = primary.database("primary");
    database.psql(
        "CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000);
         CREATE UNLOGGED TABLE u (n int); INSERT INTO u VALUES (1); CREATE SEQUENCE s; SELECT nextval('s');",
    );
    let standby = primary.standby();
    let copy = standby.existing(database.name());
    let came = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        copy.try_psql(b"SELECT 1 / (count(*) = 1000)::int FROM t").status.success()
    });
    assert!(came, "{}", standby.log());
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let summary = expect(dump::run(&repository, &dump_options(&copy), &silent()).await, "dump of a standby");
        assert_eq!(summary.totals.rows, 1000);
        assert_eq!(summary.missing.len(), 1, "{:?}", summary.missing);
        assert!(latest(&repository).await.snapshot().snapshot.head.standby);
    });
}

/// A managed server gives no superuser: the owner of the database restores without owners and grants.
#[test]
fn a_role_without_rights_restores_without_owners_and_grants() {
    let server = Server::shared(18);
    let source = server.database("rich");
    source.psql(
        "DO $$ BEGIN CREATE ROLE plain_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         CREATE SCHEMA s; CREATE TABLE s.t (id serial PRIMARY KEY, x text); INSERT INTO s.t (x) VALUES ('a');
         CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON s.t TO plain_owner;
         COMMENT ON SCHEMA public IS 'changed'; CREATE VIEW s.v AS SELECT * FROM s.t;",
    );
    let target = server.database_with("poor", &Options { more: Some("OWNER plain_owner"), ..Options::default() });
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let mut options = restore_options(&target);
        options.target.user = "plain_owner".into();
        options.rendering.omit = Omit { owners: true, grants: true, ..Omit::default() };
        let reader = latest(&repository).await;
        expect(restore::from_snapshot(&reader, &options, &silent()).await, "restore");
    });
    assert_eq!(target.query_one("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "plain_owner");
    assert_same_data(&source, &target);
}

/// Rows longer than the longest chunk, pages of large objects, every special value.
#[test]
fn rows_of_every_shape_come_back() {
    for major in [13, 18] {
        let source = Server::shared(major).database("shapes");
        source.psql(
            "CREATE TABLE wide (id int, x text, b bytea);
             INSERT INTO wide SELECT n, (SELECT string_agg(md5((n * i)::text), '') FROM generate_series(1, 300000) i), '\\x00ff' FROM generate_series(1, 2) n;
             CREATE TABLE odd (f float8, n numeric, d date, ts timestamptz, i interval, a text[], j jsonb, bits bit varying, m money, r int4range, c char(5), o oid, ip inet, x xml);
             INSERT INTO odd VALUES ('NaN', 'NaN', 'infinity', '-infinity', '-1 year 2 days -00:00:00.5', '{{a,NULL},{\"b,\\\"\",\"\"}}', '{\"a\": [1, null]}', B'', '-12.34', 'empty', 'ab', 4294967295, '::1/64', NULL),
                 (1e-300, 1e200, '0044-03-15 BC', '2020-02-29 23:59:59.999999+14', '0', '[5:6]={1,2}', 'null', B'101', '0', '[1,)', '', 0, '10.0.0.0/8', NULL);
             SELECT lo_from_bytea(100 + n, decode(repeat(md5(n::text), n * 5000), 'hex')) FROM generate_series(0, 9) n;
             SELECT lo_create(99); SELECT lo_put(99, 10000000, 'sparse');",
        );
        let target = Server::shared(major).database("shapes_back");
        there_and_back(&source, &target);
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
    }
}
