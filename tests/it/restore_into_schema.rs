//! `--into-schema`: rows that were lost are picked out beside the live schema.

use crate::cli_session::Keeping;
use crate::harness::Server;

#[test]
fn a_schema_comes_back_beside_the_live_one() {
    let server = Server::shared(18);
    let live = server.database("live");
    live.psql(
        "CREATE SCHEMA pay; CREATE TABLE pay.pay (id serial PRIMARY KEY, kind text DEFAULT 'pay' CHECK (kind <> ''));
         CREATE TABLE pay.item (id int GENERATED ALWAYS AS IDENTITY, pay int REFERENCES pay.pay, n int);
         CREATE INDEX by_pay ON pay.item (pay); CREATE VIEW pay.items AS SELECT n FROM pay.item;
         CREATE VIEW pay.odd AS SELECT pay.id, i.n FROM pay.pay JOIN pay.item i ON i.pay = pay.id;
         CREATE FUNCTION pay.total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(n) FROM pay.item';
         CREATE VIEW pay.totals AS SELECT pay.total();
         INSERT INTO pay.pay (kind) SELECT 'k' || n FROM generate_series(1, 50) n;
         INSERT INTO pay.item (pay, n) SELECT id, id * 10 FROM pay.pay; COMMENT ON TABLE pay.pay IS 'see pay.item';",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &live.url()]);
    live.psql("DELETE FROM pay.item WHERE id > 20");

    let said =
        keeping.ok(&["restore", "latest", "-d", &live.url(), "--into-schema", "pay=pay restored", "--verify-target"]);
    for left in [
        "view pay.odd uses pay as another name in its query",
        "function pay.total() mentions schema pay in",
        "view pay restored.totals needs function",
    ] {
        assert!(said.contains(left), "{left} in {said}");
    }
    assert_eq!(live.query_one("SELECT count(*) FROM pay.item"), "20");
    assert_eq!(live.query_one("SELECT count(*) FROM \"pay restored\".items"), "50");
    assert_eq!(live.query_one("SELECT nextval('\"pay restored\".pay_id_seq')"), "51");
    let default = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = '\"pay restored\".pay'::regclass ORDER BY adnum LIMIT 1";
    assert_eq!(live.query_one(default), "nextval('\"pay restored\".pay_id_seq'::regclass)");
    let keys = "SELECT confrelid::regclass FROM pg_constraint WHERE conrelid = '\"pay restored\".item'::regclass AND contype = 'f'";
    assert_eq!(live.query_one(keys), "\"pay restored\".pay");
    live.psql("INSERT INTO pay.item OVERRIDING SYSTEM VALUE SELECT * FROM \"pay restored\".item EXCEPT SELECT * FROM pay.item");
    assert_eq!(live.query_one("SELECT sum(n) FROM pay.item"), "12750");
}

/// Every database has `public`, so a dump creates it nowhere.
#[test]
fn public_comes_back_under_another_name() {
    let server = Server::shared(18);
    let (source, target) = (server.database("public_source"), server.database("public_target"));
    source.psql("CREATE TABLE t AS SELECT 1 AS a");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--into-schema", "public=before"]);
    assert_eq!(target.query_one("SELECT a FROM before.t"), "1");
}
