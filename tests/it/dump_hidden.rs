//! What a role may not read of its database: all of it is said at once, or left out and recorded.

use crate::cli_refusals::refused;
use crate::cli_session::{Keeping, parse};
use crate::harness::{Server, versions};

#[test]
fn large_objects_that_cannot_be_read_are_said_with_all_else_or_left_out() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let (source, target) = (server.database("hidden_source"), server.database("hidden_target"));
        source.psql(
            "CREATE ROLE teller LOGIN; CREATE ROLE tellers; GRANT tellers TO teller; CREATE TABLE secret (a int); CREATE SEQUENCE shut START 7;
             CREATE TABLE known AS SELECT 1 AS a; GRANT SELECT ON known TO teller;
             SELECT lo_from_bytea(70001, 'mine'), lo_from_bytea(70002, 'theirs'), lo_from_bytea(70003, 'of all'), lo_from_bytea(70004, 'closed');
             ALTER LARGE OBJECT 70001 OWNER TO teller; GRANT SELECT ON LARGE OBJECT 70002 TO tellers;
             GRANT SELECT ON LARGE OBJECT 70003 TO PUBLIC; GRANT UPDATE ON LARGE OBJECT 70004 TO teller",
        );
        let keeping = Keeping::new();
        let url = source.url_as("teller");
        let ran = keeping.run(&["dump", "-d", &url]);
        refused(
            &ran,
            8,
            &[
                "public.secret: the role has no SELECT",
                "large objects 70004: the role has no SELECT",
                "sequence public.shut: the role has no SELECT",
                "--skip-unreadable",
            ],
        );
        assert_eq!(keeping.snapshots(), 0);

        let ran = keeping.run(&["dump", "-d", &url, "--skip-unreadable", "--json"]);
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        let summary = parse(&ran.stdout).pop().expect("a summary");
        assert_eq!(summary["missing"].as_array().map(Vec::len), Some(3), "{summary}");
        assert!(keeping.ok(&["show"]).contains("large objects 70004: the role has no SELECT privilege"));
        keeping.ok(&["restore", "latest", "-d", &target.url()]);
        let found = target
            .query_rows("SELECT oid, convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata ORDER BY oid");
        assert_eq!(found, [["70001", "mine"], ["70002", "theirs"], ["70003", "of all"]], "on {major}");

        // Nothing is in the way of those who want none of them, nor where all may read them.
        keeping.ok(&["dump", "-d", &url, "-t", "known"]);
        source.psql("GRANT SELECT ON secret, shut TO teller");
        keeping.ok(&["dump", "-d", &url, "--no-large-objects"]);
        source.psql(&format!("ALTER DATABASE {} SET lo_compat_privileges = on", source.name()));
        keeping.ok(&["dump", "-d", &url]);
        assert_eq!(keeping.events(&["list"])[3]["complete"], true);
    }
}

/// A subscription holds a secret that only superusers may read; its absence is told and recorded.
#[test]
fn subscriptions_that_cannot_be_read_are_recorded_as_missing() {
    for major in versions() {
        let server = Server::fresh(major, &[("wal_level", "logical")]);
        let (source, target) = (server.database("subscribed"), server.database("subscribed_not"));
        source.psql(
            "CREATE ROLE teller LOGIN; CREATE TABLE known AS SELECT 1 AS a; GRANT SELECT ON known TO teller;
             CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere password=secret' PUBLICATION p WITH (connect = false, slot_name = NONE)",
        );
        let keeping = Keeping::new();
        let url = source.url_as("teller");
        let ran = keeping.run(&["dump", "-d", &url]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("subscription feed is left out: only a superuser may read it"), "{}", ran.stderr);
        assert!(
            ran.stdout.contains("missing: subscription feed: only a superuser may read a subscription"),
            "{}",
            ran.stdout
        );
        let listed = keeping.events(&["list"]);
        assert_eq!((&listed[0]["complete"], &listed[0]["missing"]), (&false.into(), &1.into()), "on {major}");
        let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("subscription feed"), "{}", ran.stderr);
        for unasked in [&["-t", "known"][..], &["--no-subscriptions"]] {
            let summary = keeping.events(&[&["dump", "-d", &url], unasked].concat()).pop().expect("a summary");
            assert_eq!(summary["missing"].as_array().map(Vec::len), Some(0), "{summary}");
        }
        source.psql("DROP SUBSCRIPTION feed");
    }
}

/// The digits that were asked for are in the rows, come back as they are, and are what is compared.
#[test]
fn floats_are_dumped_with_the_digits_that_were_asked_for() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("floats");
        source.psql("CREATE TABLE f AS SELECT 0.1::float8 + 0.2::float8 AS a, 1e15::float8 / 3 AS b");
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        keeping.ok(&["dump", "-d", &source.url(), "--extra-float-digits", "0"]);
        keeping.ok(&["dump", "-d", &source.url(), "--extra-float-digits=-10"]);
        let row = |digits: &str| {
            let copy = format!("SET extra_float_digits = {digits}; COPY f TO STDOUT");
            String::from_utf8(source.psql_output(&copy)).expect("UTF-8")
        };
        for (snapshot, digits) in [("latest~2", "3"), ("latest~1", "0"), ("latest", "-10")] {
            assert_eq!(keeping.ok(&["cat", snapshot, "public.f"]), row(digits), "on {major}");
            let target = server.database("floats_back");
            keeping.ok(&["restore", snapshot, "-d", &target.url(), "--verify-target"]);
            let settings = keeping.events(&["show", snapshot]).pop().expect("a summary")["settings"].clone();
            assert_eq!(settings["extra_float_digits"], digits);
        }
        for wrong in ["4", "-16", "many"] {
            let ran = keeping.run(&["dump", "-d", &source.url(), "--extra-float-digits", wrong]);
            assert_eq!(ran.code, Some(2), "{wrong}: {}", ran.stderr);
        }
        assert_eq!(keeping.snapshots(), 3);
    }
}

/// A dump that is killed at any moment leaves nothing that is listed and nothing that is damaged.
#[test]
fn a_dump_that_is_killed_again_and_again_leaves_a_sound_repository() {
    let server = Server::shared(18);
    let source = server.database("killed");
    source.psql(
        "CREATE TABLE a AS SELECT n, md5(n::text) || md5((n + 1)::text) AS t FROM generate_series(1, 100000) n;
         CREATE TABLE b AS SELECT * FROM a; UPDATE b SET t = md5(t) WHERE n % 3 = 0",
    );
    let keeping = Keeping::new();
    let (mut kills, mut wait) = (0, std::time::Duration::from_millis(30));
    loop {
        let mut child = crate::restore_survives::spawn(&keeping, &["dump", "-d", &source.url(), "--quiet"]);
        let started = std::time::Instant::now();
        while started.elapsed() < wait && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "after {kills} kills");
            break;
        }
        child.kill().expect("it runs");
        drop(child.wait());
        kills += 1;
        wait += std::time::Duration::from_millis(if kills < 8 { 60 } else { 400 });
        // One that died between its commit and its end is whole.
        let listed = keeping.snapshots();
        assert!(listed <= 1, "{listed} snapshots");
        // Without a snapshot nothing says what should be there, and that is no success.
        let verified = keeping.run(&["verify", "--quiet"]);
        assert_eq!(verified.code, Some(if listed == 1 { 0 } else { 9 }), "{}{}", verified.stdout, verified.stderr);
        if listed == 1 {
            break;
        }
    }
    assert!(kills >= 5, "{kills} kills");
    keeping.ok(&["verify"]);
    let target = server.database("killed_back");
    keeping.ok(&["restore", "latest", "-d", &target.url()]);
    crate::harness::assert_same_data(&source, &target);
    let next = keeping.events(&["dump", "-d", &source.url()]).pop().expect("a summary");
    assert!(next["new_bytes"].as_u64().expect("a number") < 1 << 20, "the next one finds what is there: {next}");
}
