//! The tests' own client: the driver that others wrote, so that a fault of pgkeep's session cannot hide itself.
//!
//! Everything runs on one runtime of its own, so that it can be called from tests with and without one.

use std::sync::{OnceLock, mpsc};

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::database::NULL;

/// One connection; closed with the value, which rolls back what it had begun.
pub(crate) struct Driver {
    client: Client,
    encoding: String,
}

impl Driver {
    /// Connects, or ends the test.
    pub(crate) fn connect(config: &Config) -> Driver {
        let config = config.clone();
        let connected = run(async move {
            let (client, connection) = config.connect(NoTls).await?;
            let encoding = connection.parameter("server_encoding").unwrap_or_default().to_owned();
            tokio::spawn(connection);
            Ok::<_, Error>(Driver { client, encoding })
        });
        connected.unwrap_or_else(|error| panic!("the driver cannot connect: {}", explained(&error)))
    }

    /// Encoding of the database.
    pub(crate) fn encoding(&self) -> &str {
        &self.encoding
    }

    /// Runs statements as one message: one transaction, where they begin none.
    pub(crate) fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The same for statements that may fail, with what the server said.
    pub(crate) fn try_run(&mut self, sql: &str) -> Result<(), String> {
        self.messages(sql).map(drop).map_err(|error| explained(&error))
    }

    /// The rows of a query as text, NULL as [`NULL`].
    pub(crate) fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        let messages = self.messages(sql).unwrap_or_else(|error| panic!("{sql}: {}", explained(&error)));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(values(row)),
            _ => None,
        });
        rows.collect()
    }

    fn messages(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        std::thread::scope(|scope| scope.spawn(|| runtime().block_on(self.client.simple_query(sql))).join())
            .expect("the driver does not panic")
    }
}

fn values(row: &SimpleQueryRow) -> Vec<String> {
    let value = |at| row.try_get(at).expect("text in UTF-8").unwrap_or(NULL).to_owned();
    (0..row.len()).map(value).collect()
}

fn explained(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime starts")
    })
}

/// Runs a future on the runtime from wherever the caller is.
fn run<F: Future<Output: Send> + Send + 'static>(future: F) -> F::Output {
    let (sender, receiver) = mpsc::channel();
    runtime().spawn(async move { sender.send(future.await).expect("the caller waits") });
    receiver.recv().expect("the driver answers")
}
