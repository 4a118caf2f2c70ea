//! pgkeep keeps PostgreSQL databases: it dumps them over the COPY protocol into a repository that is deduplicated,
//! compressed and encrypted, and brings them back with proof. This page is the map.
//!
//! # The verbs
//!
//! Each is a module whose public function comes first and tells the story; nothing else does anything by itself.
//!
//! - [`dump`]: a database into the repository
//! - [`restore`]: a snapshot into a database: a plan, then its execution
//! - [`verify`]: the repository against itself; never needs a database
//! - [`drill`]: a restore into a scratch database, read back and compared
//! - [`script`], [`cat`], [`diff`]: the ways out: plain SQL, rows of a table, what changed
//!
//! # Where to find what
//!
//! | question | answer |
//! |---|---|
//! | what does a flag mean? | `cli/command`, one file a command; those that several share in `cli/flags`, `cli/selection`, `cli/rendering` |
//! | where is a flag decided? | the `Options` of its verb say what was asked; [`dump`] in `dump/chosen`, [`restore`] in `restore/prepare`, names of objects in [`plan::select`] |
//! | what SQL makes an object? | `catalog/family`: one `.rs` and one `.sql` a family; what a restore leaves out of it or rewrites: [`plan::Rendering`], `restore/rename` |
//! | what is known of a kind of object? | its row in [`object::Kind::facts`]; a kind without a row does not compile |
//! | in which order, with which locks? | [`plan`] |
//! | what does a stored byte mean? | `repository/format`, as `repository/FORMAT.md` says it; inside a chunk [`codec::chunk`] |
//! | where does a new store go? | beside `store/folder`, its address into `store/address`, a row into `tests/it/store.rs` |
//! | which settings does a session have? | [`pg::settings`], one row each |
//! | which error has which exit code, which hint? | [`error`], `cli/exit`; codes of the server have names in [`error::sqlstate`] |
//! | what is told while it works? | [`progress`]; how it looks: `cli/report` |
//! | which bound is where? | [`limits`] |
//!
//! # How data flows
//!
//! ```text
//! dump:    server -> pg -> Blocks -> cut -> claim -> columns, zstd, age -> pack -> store
//!                    catalog -> Vec<Object> -> manifest ----------------/
//! restore: store -> reader (every chunk checked) -> Blocks -> pg -> server
//!                   manifest -> Vec<Object> -> plan -> pg ------/
//! ```
//!
//! Two currencies cross the boundaries between modules and nothing else: [`object::Object`] for schema, and
//! [`blocks::Blocks`], a stream of COPY text, for rows. `put` followed by `blocks` is the identity on bytes.
//!
//! # Layers
//!
//! Imports go down, never up or sideways. `tests/it/tidy` reads this table, and fails on an import that does not.
//!
//! | layer | modules |
//! |---|---|
//! | ways out, proof | [`diff`], [`drill`], [`script`] |
//! | verbs | [`cat`], [`dump`], [`restore`], [`verify`] |
//! | halves | [`catalog`]: what a database contains; [`repository`]: what is stored |
//! | tools | [`codec`], [`cpu`], [`pg`], [`plan`], [`store`] |
//! | events | [`progress`] |
//! | currencies | [`blocks`], [`cancel`], [`object`] |
//! | vocabulary | [`error`], [`mod@text`] |
//! | numbers | [`hash`], [`limits`] |
//!
//! The command line (`cli`) is in the binary target and sees only what is public here. Every folder's `mod.rs`, or the
//! file of a verb beside its folder, says what it owns and what it must never do.
//!
//! # Why a session of our own
//!
//! [`pg`] stands on `postgres-protocol` and not on a whole driver: names, definitions and rows are bytes, and a database
//! may hold what is no UTF-8, while drivers take and give text; libpq's ways to name a server, its TLS modes and its
//! password file are what users have; and rows pass as one stream of bytes, without a value or an allocation for each.
//! `tokio-postgres` does in the tests and benchmarks what an independent driver does best: it loads, writes meanwhile,
//! holds locks and asks, so that a fault of our own session cannot hide itself.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | repository | the place that holds dumps |
//! | snapshot | one dump of one database at one moment; the server's own is always called *server snapshot* |
//! | object | one thing in the catalog that has to be created |
//! | part | one unit of data to copy: a table, or a fixed range of its heap blocks |
//! | chunk | consecutive whole rows of one part, or a piece of a row too long for one; named by keyed BLAKE3 |
//! | pack | one stored file of many sealed chunks, named by BLAKE3 of its stored bytes |
//! | owner, writer | who can read everything; who can do everything but read content |
//! | digest | fingerprint of a table's rows that does not depend on their order |
//! | family | kinds of objects that one query reads and one file writes as SQL |
//! | draft | an object before its order and its needs are settled |
//! | piece | an object that goes where another one goes: a default, an index, a policy of a table |
//! | lead, worker | the session that takes the locks and the server snapshot; those that join it |
//! | section, pass | before, with or after the rows; definitions, grants, or what comes last |
//! | selection | what was asked for by names and switches; *left out* is what cannot come for lack of something else |
//! | target | the database that a restore changes |
//! | ledger | the table in the target that says what a restore has done, so that it can be resumed |
//! | drill | a restore into a scratch database, with proof |
//! | record | small sealed structure data: a snapshot, an index file, a trailer, a note, a mark |
//! | survey | what is in a place at one moment: packs, and where chunks are in them |
//! | location | where a stored copy of a chunk is: its pack, and its bytes there |
//! | claim | the right to store a chunk, so that two parts that have it store it once |
//! | note, mark | what is said later of a snapshot; packs that must not be relied on |
//! | key epoch | the keys that chunks are named and sealed with; chunks are shared inside one |
//! | content, structure | what owners alone can read; what writers can read too |
//! | query queue | queries of the catalog that wait for a session on the server snapshot |
//! | planner statistics, extended statistics | what ANALYZE found; an object of CREATE STATISTICS |
//! | finding | what a plan found that stands against a restore, or that people should know before it |
//! | loss | what a database has and a dump cannot keep |
//!
//! # What holds everywhere
//!
//! - `codec` and `plan` have no IO, no clock, no async. `pg` does not know that repositories exist, `repository` and
//!   `verify` do not know that PostgreSQL does.
//! - Only `pg` connects, only `store` touches the storage, only `cpu` owns threads.
//! - The library prints nothing, reads no environment and no home folder, and never exits.
//! - Stored objects are never changed or renamed. The snapshot is put last, and that put is the commit.
//! - Names, statements and rows are bytes ([`text::Text`]); a database may hold anything.
//! - Every queue, buffer and retry has a bound with a name; lengths that somebody declares are bounded before anything
//!   is allocated.
//! - What is checked on the way in is checked by the same code on the way out.

#![forbid(unsafe_code)]

pub mod blocks;
pub mod cancel;
pub mod cat;
pub mod catalog;
pub mod codec;
pub mod cpu;
pub mod diff;
pub mod drill;
pub mod dump;
pub mod error;
pub mod hash;
pub mod limits;
pub mod object;
pub mod pg;
pub mod plan;
pub mod progress;
pub mod repository;
pub mod restore;
pub mod script;
pub mod store;
pub mod text;
pub mod verify;

pub use error::{Error, ErrorKind, Result};
