//! A server that means harm: whatever it sends, and where it sends nothing at all, memory and time stay bounded.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgkeep::error::Cause;
use pgkeep::pg::config::TlsMode;
use pgkeep::pg::{Config, Host, Session};
use pgkeep::{Error, limits};

use crate::cli_session::{Keeping, Ran, parse};
use crate::harness::{Server, block_on, cli::cli, versions};

/// What the program takes before anything floods it, and a good deal more.
const MEMORY_KIB_MAX: u64 = 150 << 10;

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[tag], &length.to_be_bytes()[..], body].concat()
}

/// Lets everybody in without a password, up to where a server says that it is ready.
fn welcome() -> Vec<u8> {
    let version = message(b'S', b"server_version\x0018.4\0");
    [message(b'R', &[0; 4]), version, message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2])].concat()
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// Rows of so many columns follow.
fn columns(count: u16) -> Vec<u8> {
    let column = [&b"x\0"[..], &[0; 18]].concat();
    message(b'T', &[count.to_be_bytes().to_vec(), column.repeat(count.into())].concat())
}

/// Lets somebody in and waits for the first statement: what comes while that is sent is refused for another reason.
fn asked(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[welcome(), ready()].concat())?;
    stream.read(&mut [0; 1000]).map(drop)
}

/// A server that says this to everybody who begins to talk, and then no more; it hangs up where `ends`.
fn villain(ends: bool, speech: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let speech = Arc::new(speech);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let speech = Arc::clone(&speech);
            std::thread::spawn(move || {
                let mut stream = stream?;
                let _ = stream.read(&mut [0; 1000])?;
                speech(&mut stream)?;
                if ends {
                    stream.shutdown(Shutdown::Write)?;
                }
                // A socket that is closed with unread bytes would take away what was said.
                io::copy(&mut stream, &mut io::sink())
            });
        }
    });
    port
}

/// The most memory in KiB that the program held until it ended.
fn peak(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().expect("it can be waited for").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Dumps from the server on this port; what the program said, and its memory in KiB.
fn dump(port: u16, more: &[&str]) -> (Ran, u64) {
    let keeping = Keeping::new();
    let url = format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable");
    let environment = keeping.environment();
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let arguments = [&["dump", "-d", &url][..], more].concat();
    let mut command = cli(&arguments, &environment);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let peak = peak(&mut child);
    assert!(peak > 1000, "nothing was measured");
    (Ran::of(child.wait_with_output().expect("it has ended")), peak)
}

#[test]
fn parameters_without_end_take_no_memory() {
    let port = villain(true, |stream| {
        stream.write_all(&welcome())?;
        for thousand in 0..200 {
            let parameter = |one: u32| message(b'S', format!("p{thousand}.{one}\0{:01000}\0", one).as_bytes());
            stream.write_all(&(0..1000).flat_map(parameter).collect::<Vec<u8>>())?;
        }
        Ok(())
    });
    let (ran, peak) = dump(port, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("closed the connection"), "all of them were read: {}", ran.stderr);
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
}

#[test]
fn long_notices_take_no_memory() {
    let port = villain(true, |stream| {
        asked(stream)?;
        let notice = message(b'N', &[b"SNOTICE\0M".to_vec(), vec![b'x'; 10 << 20], vec![0, 0]].concat());
        (0..30).try_for_each(|_| stream.write_all(&notice))
    });
    let (ran, peak) = dump(port, &[]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("closed the connection"), "all of them were read: {}", ran.stderr);
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
}

#[test]
fn rows_count_by_the_memory_that_they_take() {
    // Null takes four bytes on the wire and eight times as much here.
    let count = 1600_u16;
    let port = villain(true, move |stream| {
        asked(stream)?;
        stream.write_all(&columns(count))?;
        let nulls = [count.to_be_bytes().to_vec(), vec![255; 4 * usize::from(count)]].concat();
        let many = message(b'D', &nulls).repeat(100);
        (0..500).try_for_each(|_| stream.write_all(&many))
    });
    let (ran, peak) = dump(port, &[]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("an answer is longer than"), "{}", ran.stderr);
    let most = u64::try_from(limits::MESSAGE_BYTES_MAX).unwrap() >> 10;
    assert!(peak < most + MEMORY_KIB_MAX, "{peak} KiB");
}

#[test]
fn more_columns_than_a_server_can_have_are_refused() {
    let port = villain(true, |stream| stream.write_all(&[welcome(), ready(), columns(2000)].concat()));
    let (ran, _) = dump(port, &[]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("2000 columns, 1664 at most"), "{}", ran.stderr);
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let port = villain(false, |stream| stream.write_all(&[welcome(), ready()].concat()));
    let begun = Instant::now();
    let (ran, _) = dump(port, &["--stall-timeout", "1s"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let said = format!("no sign of life from 127.0.0.1, port {port} for 1s");
    assert!(ran.stderr.contains(&said) && ran.stderr.contains("--stall-timeout"), "{}", ran.stderr);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_copy_that_stalls_is_given_up() {
    let port = villain(false, |stream| {
        stream.write_all(&[welcome(), ready(), message(b'H', &[0, 0, 1, 0, 0]), message(b'd', b"row\n")].concat())
    });
    let limit = Duration::from_millis(300);
    let mut config = Config { hosts: vec![Host::tcp("127.0.0.1", port)], ..Config::default() };
    config.stall_timeout = Some(limit);
    config.tls.mode = TlsMode::Disable;
    block_on(async {
        let mut session = Session::connect(&config).await.expect("it lets us in");
        let mut copy = session.copy_out("COPY public.t TO STDOUT").await.expect("it begins to copy");
        let Err(Error::Postgres { source, .. }) = copy.block().await else { panic!("it came to an end") };
        assert!(matches!(*source, Cause::Stalled { limit: waited, .. } if waited == limit), "{source}");
        assert!(!session.is_usable());
    });
}

#[test]
fn a_copy_that_stalls_is_told_once_for_each_stall() {
    let pause = Duration::from_millis(400);
    let port = villain(false, move |stream| {
        let row = |of_it: &[u8]| [&b"d\0\0\0\x08"[..], of_it].concat();
        stream.write_all(&[welcome(), ready(), message(b'H', &[0, 0, 1, 0, 0]), row(b"ro")].concat())?;
        std::thread::sleep(pause);
        stream.write_all(&[&b"w\n"[..], &row(b"row\n")].concat())?;
        std::thread::sleep(pause);
        let end = [message(b'c', b""), message(b'C', b"COPY 2\0"), ready()];
        stream.write_all(&end.concat())
    });
    let mut config = Config { hosts: vec![Host::tcp("127.0.0.1", port)], ..Config::default() };
    config.stall_told = Duration::from_millis(100);
    config.tls.mode = TlsMode::Disable;
    assert_eq!(config.stall_timeout, None);
    let (tell, told) = std::sync::mpsc::channel();
    block_on(async {
        let mut session = Session::connect(&config).await.expect("it lets us in");
        session.tell_stalls(move |silent| tell.send(silent).expect("somebody listens"));
        let mut copy = session.copy_out("COPY public.t TO STDOUT").await.expect("it begins to copy");
        while copy.block().await.expect("it goes on").is_some() {}
        assert_eq!(copy.rows(), Some(2));
        session.close().await;
    });
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [config.stall_told; 2]);
}

#[test]
fn rows_that_stop_are_told_with_their_table() {
    let server = Server::shared(*versions().last().expect("there is a version"));
    let source = server.database("stall");
    let program = "seq 1 30000; sleep 1.5; seq 1 30000; sleep 1.5";
    source.psql(&format!(
        "CREATE EXTENSION file_fdw; CREATE SERVER slow FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE lines (n int) SERVER slow OPTIONS (program '{program}', format 'csv');
         CREATE TABLE t AS SELECT 1 AS n"
    ));
    let keeping = Keeping::new();
    let said = "waiting for rows of public.lines: no sign of life from the server for 1s";
    let ran = keeping.run(&["dump", "-d", &source.url(), "--include-foreign-data", "slow", "--stall-timeout", "2s"]);
    assert_eq!((ran.code, ran.stderr.matches(said).count()), (Some(0), 2), "{}", ran.stderr);

    let target = server.database("stall_target");
    target.psql(
        "CREATE TABLE t (n int);
         CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END';
         CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let restore = ["restore", "latest", "-d", &target.url(), "-a", "-t", "t", "--stall-timeout", "2s", "--json"];
    let ran = keeping.run(&restore);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let warnings = parse(&ran.stdout).into_iter().filter(|event| event["event"] == "warning");
    let warnings: Vec<String> = warnings.map(|event| event["message"].to_string()).collect();
    let said = "sending rows of public.t: no sign of life from the server for 1s";
    assert_eq!(warnings.iter().filter(|message| message.contains(said)).count(), 1, "{warnings:?}");
}
