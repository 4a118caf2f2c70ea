//! A way to a server on which what it answers is seen, changed, held up or slowed down.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::Database;

/// Listens on a port of its own until the test process ends.
pub(crate) struct Proxy {
    port: u16,
}

impl Proxy {
    /// To the server of a database. `answers` has every piece of what the server sends before the client has it.
    pub(crate) fn new(database: &Database, answers: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Proxy {
        let server = (database.server().host(), database.server().port());
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let answers = Arc::new(answers);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { return };
                let both = |stream: &TcpStream| stream.try_clone().expect("a socket can be shared");
                let (asked, told) = (both(&client), both(&server));
                let answers = Arc::clone(&answers);
                thread::spawn(move || pass(asked, server, |_| ()));
                thread::spawn(move || pass(told, client, |piece| answers(piece)));
            }
        });
        Proxy { port }
    }

    /// The URL of this database by way of the proxy.
    pub(crate) fn url(&self, database: &Database) -> String {
        let (server, own) = (format!(":{}/", database.server().port()), format!(":{}/", self.port));
        format!("{}?sslmode=disable", database.url().replace(&server, &own))
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, through: impl Fn(&mut [u8])) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    let (from_end, to_end) = (from.try_clone()?, to.try_clone()?);
    let passed = loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break Ok(()),
            Ok(read) => read,
            Err(error) => break Err(error),
        };
        through(&mut piece[..read]);
        if let Err(error) = to.write_all(&piece[..read]) {
            break Err(error);
        }
    };
    drop(from_end.shutdown(Shutdown::Read));
    drop(to_end.shutdown(Shutdown::Write));
    passed
}

/// Holds the first answer with a word in it up, until it is opened; a minute at most.
#[derive(Clone)]
pub(crate) struct Gate {
    reached: Arc<AtomicBool>,
    opened: Arc<AtomicBool>,
    word: &'static [u8],
}

impl Gate {
    pub(crate) fn at(word: &'static str) -> Gate {
        Gate { reached: Arc::default(), opened: Arc::default(), word: word.as_bytes() }
    }

    /// What a proxy does with answers.
    pub(crate) fn pass(&self, piece: &mut [u8]) {
        let is_here = piece.windows(self.word.len()).any(|window| window == self.word);
        if is_here && !self.reached.swap(true, Ordering::SeqCst) {
            for _ in 0..12_000 {
                if self.opened.load(Ordering::SeqCst) {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Waits until the word has come; a minute at most.
    pub(crate) fn wait(&self) {
        let came = (0..6000).any(|_| {
            thread::sleep(Duration::from_millis(10));
            self.reached.load(Ordering::SeqCst)
        });
        assert!(came, "the server never said {}", String::from_utf8_lossy(self.word));
    }

    pub(crate) fn open(&self) {
        self.opened.store(true, Ordering::SeqCst);
    }
}
