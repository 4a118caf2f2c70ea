//! What is stored: dumps in a place that may be lost, damaged or hostile.
//!
//! Owns the format, the keys, and the ways to write, read, list and inspect. This file is the face; the parts are:
//! `format` (what every byte means), `access` and `keys` (who may open what), `handle` and `open`, `snapshots` and `marks`
//! (small records), `survey` and `index` (what is there), `writer`, `packer`, `pack`, `claims` and `commit` (in), `reader`
//! and `inspect` (out), `repair`. Never knows that PostgreSQL exists, never changes or renames what is stored.
#![doc = ""]
#![doc = include_str!("FORMAT.md")]

mod access;
mod claims;
mod commit;
mod format;
mod handle;
mod index;
mod inspect;
mod keys;
mod marks;
mod open;
mod opening;
mod pack;
mod packer;
mod reader;
mod repair;
mod snapshots;
mod survey;
mod writer;

pub use access::WriterCredential;
pub use commit::{Finished, Relied};
pub use format::chunk_ref::{ChunkRef, Stored};
pub use format::config::FORMAT;
pub use format::layout::{CONFIG, Folder, id_of};
pub use format::manifest::{About, Manifest, Part, Position};
pub use format::notes::{NoteKind, PackMark, Reason, SnapshotNote};
pub(crate) use format::record::SEALED_BYTES_MAX;
pub use format::snapshot::{Head, Moment, Server, Snapshot, Source, Streams, Times, Totals};
pub(crate) use format::trailer::PACK_BYTES_END;
pub use handle::Repository;
pub(crate) use index::PackFacts;
pub(crate) use inspect::{Inspected, Look, stored_hash};
pub use keys::{Domain, Keyring};
pub use open::stated_id;
pub use opening::{Opening, new_run, new_uid};
pub use reader::Reader;
pub(crate) use repair::Removal;
pub use snapshots::{Listed, Snapshots};
pub use survey::Survey;
pub use writer::{WriteOptions, Writer};
