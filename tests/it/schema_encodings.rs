//! Names, bodies and values come back byte by byte from databases of every encoding, and from those that promise none.

use crate::harness::{Options, Server, versions};
use crate::schema::copy_is_equal;

/// Odd bytes wherever a database keeps text; `%` stands for them.
const FIXTURE: &str = r#"
CREATE SCHEMA "s%";
CREATE EXTENSION citext WITH SCHEMA "s%";
CREATE TYPE "s%"."enum%" AS ENUM ('%', 'a%''b', 'x');
CREATE TYPE "s%"."pair%" AS ("a%" integer, "b%" "s%"."enum%"[]);
CREATE DOMAIN "s%"."domain%" AS text DEFAULT '%' CONSTRAINT "check%" CHECK (VALUE <> 'no%');
CREATE FUNCTION "s%"."function%"("argument%" text DEFAULT '%', x "s%"."enum%" DEFAULT '%') RETURNS text
    LANGUAGE sql SET "my.setting" TO '%' SET search_path TO "s%", public AS $$ SELECT '%' || $1; -- $%$ $$;
CREATE AGGREGATE "s%"."aggregate%"(text) (SFUNC = textcat, STYPE = text, INITCOND = '%');
CREATE CAST (text AS "s%"."pair%") WITH INOUT;
CREATE FOREIGN DATA WRAPPER "wrapper%" OPTIONS ("option%" '%');
CREATE SERVER "server%" TYPE '%' VERSION '%' FOREIGN DATA WRAPPER "wrapper%" OPTIONS (a '%');
CREATE USER MAPPING FOR PUBLIC SERVER "server%" OPTIONS (password '%');
CREATE TEXT SEARCH DICTIONARY "s%"."dictionary%" (TEMPLATE = simple);
CREATE TABLE "s%"."table%" ("column%" text DEFAULT '%', "b%" "s%"."domain%",
    CONSTRAINT "key%" PRIMARY KEY ("column%"), CONSTRAINT "check%" CHECK ("b%" <> '%'));
CREATE INDEX "index%" ON "s%"."table%" (lower("column%")) WHERE "column%" <> '%';
CREATE VIEW "s%"."view%" AS SELECT "column%" AS "renamed%", '%'::text AS "constant%" FROM "s%"."table%";
COMMENT ON TYPE "s%"."enum%" IS '%';
COMMENT ON COLUMN "s%"."table%"."column%" IS '%';
"#;

#[test]
fn any_bytes_come_back() {
    for major in versions() {
        let server = Server::shared(major);
        for (encoding, odd) in [
            ("SQL_ASCII", &b"\xe9\xff\x80"[..]),
            ("LATIN1", b"\xe9\xdf"),
            ("EUC_JP", b"\xc6\xfc\xcb\xdc"),
            ("UTF8", "é日🦀".as_bytes()),
        ] {
            let options = || Options { encoding: Some(encoding), locale: Some("C"), more: None };
            let (source, target) =
                (server.database_with("encoded", &options()), server.database_with("encoded", &options()));
            let fixture: Vec<u8> =
                FIXTURE.bytes().flat_map(|byte| if byte == b'%' { odd.to_vec() } else { vec![byte] }).collect();
            let client = format!("SET client_encoding = '{encoding}';");
            source.psql_bytes(&[client.as_bytes(), &fixture].concat());
            copy_is_equal(encoding, &source, &target);
        }
    }
}
