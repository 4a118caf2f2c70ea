//! `--keep-going`: what fails is named, what needs it is not tried, everything else comes back.

use std::sync::Arc;

use pgkeep::cancel::Cancellation;
use pgkeep::plan::Pattern;
use pgkeep::plan::select::TablePattern;
use pgkeep::progress::{Event, Events, silent};
use pgkeep::{Error, dump, restore};

use crate::cli_session::{Keeping, parse};
use crate::harness::{Server, block_on};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

#[test]
fn failures_are_collected_and_the_rest_comes_back() {
    let server = Server::fresh(18, &[]);
    let source = server.database("keep_source");
    source.psql(
        "CREATE SCHEMA s; CREATE FUNCTION s.bad(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
         CREATE TABLE s.good (id int PRIMARY KEY, u int); INSERT INTO s.good SELECT n, n FROM generate_series(1, 10) n;
         CREATE TABLE s.checked (id int CHECK (s.bad(id))); INSERT INTO s.checked VALUES (1), (2);
         CREATE TABLE s.child (id int); INSERT INTO s.child VALUES (1), (99);
         ALTER TABLE s.child ADD CONSTRAINT dangling FOREIGN KEY (id) REFERENCES s.good NOT VALID;
         ALTER TABLE s.good ADD CONSTRAINT fine CHECK (id > 0);
         CREATE VIEW s.over AS SELECT * FROM s.good; CREATE INDEX later ON s.good (u);",
    );
    // As if it had been valid: rows that break it came from a superuser who switched triggers off.
    source.psql("UPDATE pg_constraint SET convalidated = true WHERE conname = 'dangling'");
    // A body that turns against the rows that were checked with it.
    source.psql("CREATE OR REPLACE FUNCTION s.bad(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false'");
    let target = server.database("keep_target");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);

    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--keep-going", "--json"]);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    let events = parse(&ran.stdout);
    let summary = events.iter().find(|event| event["event"] == "summary").unwrap();
    let failed: Vec<&str> =
        summary["failures"].as_array().unwrap().iter().map(|f| f["object"].as_str().unwrap()).collect();
    assert_eq!(failed, ["rows of table s.checked", "foreign key s.child.dangling"], "{summary}");
    assert_eq!(summary["rows"], 12, "{summary}");
    assert_eq!(target.query_one("SELECT count(*) FROM s.over"), "10");
    assert_eq!(target.query_one("SELECT count(*) FROM s.child"), "2");
    assert_eq!(target.query_one("SELECT to_regclass('s.later') IS NOT NULL"), "t");
    assert_eq!(summary["resumable"], true, "{summary}");

    let again = server.database("keep_again");
    let ran = keeping.run(&["restore", "latest", "-d", &again.url()]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn what_needs_something_that_failed_is_not_tried() {
    let server = Server::fresh(18, &[]);
    let source = server.database("keep_needs");
    source.psql(
        "CREATE FUNCTION public.handler() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE VIEW public.seen AS SELECT 1 AS one; CREATE VIEW public.over AS SELECT * FROM public.seen;
         CREATE TABLE public.kept (id int PRIMARY KEY); INSERT INTO public.kept VALUES (7)",
    );
    let target = server.database("keep_taken");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    // A type with the name of the view is no relation, but its row type needs the name.
    target.psql("CREATE TYPE public.seen AS ENUM ('in the way')");
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-n", "public", "--keep-going"]);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("view public.seen: cannot create view"), "{}", ran.stdout);
    assert!(ran.stdout.contains("view public.over: not tried: view public.seen failed"), "{}", ran.stdout);
    assert_eq!(target.query_one("SELECT id FROM public.kept"), "7");
    assert_eq!(target.query_one("SELECT count(*) FROM pg_indexes WHERE indexname = 'kept_pkey'"), "1");
}

/// What failed before a restore was stopped is still told by the run that continues it.
#[test]
fn a_failure_is_remembered_across_a_resume() {
    let server = Server::shared(18);
    let source = server.database("keep_resume");
    source.psql(
        "CREATE SCHEMA s; CREATE VIEW s.seen AS SELECT 1 AS one; CREATE VIEW s.over AS SELECT * FROM s.seen;
         CREATE TABLE s.kept (id int PRIMARY KEY); INSERT INTO s.kept VALUES (7)",
    );
    let target = server.database("keep_resumed");
    let folder = tempfile::tempdir().unwrap();
    let done = block_on(async {
        let repository = repository(&folder.path().join("repository")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let reader = latest(&repository).await;
        target.psql("CREATE SCHEMA s; CREATE TYPE s.seen AS ENUM ()");
        let mut options = restore_options(&target);
        options.course = restore::Course::Steps { keep_going: true };
        options.selection.tables = ["s.kept", "s.seen", "s.over"]
            .map(|name| TablePattern { pattern: Pattern::of_relation(name).unwrap(), children: false })
            .into();
        options.cancellation = Cancellation::default();
        let asked = options.cancellation.clone();
        let stop: Events = Arc::new(move |event| {
            if matches!(event, Event::PartStarted { .. }) {
                asked.cancel();
            }
        });
        let stopped = restore::from_snapshot(&reader, &options, &stop).await;
        assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
        options.cancellation = Cancellation::default();
        options.course = restore::Course::Resume { keep_going: true };
        expect(restore::from_snapshot(&reader, &options, &silent()).await, "resume")
    });
    let failed: Vec<&str> = done.failures.iter().map(|failure| failure.object.as_str()).collect();
    assert_eq!(failed, ["view s.seen", "view s.over"], "{:?}", done.failures);
    assert_eq!(target.query_one("SELECT id FROM s.kept"), "7");
}
