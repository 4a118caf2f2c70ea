//! What every integration test stands on: real servers, databases in them, and oracles to compare with.
//!
//! A test asks for a server by major version and makes databases of its own in it. Nothing is mocked, and nothing is
//! skipped: what a machine lacks is fetched, and what cannot be fetched ends the test with one line.

pub(crate) mod cli;
pub(crate) mod database;
pub(crate) mod debian;
pub(crate) mod disk;
pub(crate) mod driver;
pub(crate) mod hostile;
pub(crate) mod keeper;
pub(crate) mod oracle;
pub(crate) mod pooler;
pub(crate) mod programs;
pub(crate) mod proxy;
pub(crate) mod sample;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod versions;

pub(crate) use cli::run_cli;
pub(crate) use database::{Database, Options};
pub(crate) use disk::SmallDisk;
pub(crate) use oracle::{
    assert_same_blind_spots, assert_same_data, assert_same_schema, schema_script, schema_text, sorted_rows,
};
pub(crate) use pooler::Pooler;
pub(crate) use server::Server;
pub(crate) use versions::versions;

/// Runs a future to its end on a small runtime of its own.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(future)
}
