//! The stored form: what every byte of a repository means, as `FORMAT.md` says it.
//!
//! Owns encoding and decoding of all that is stored but the chunks themselves (`codec`) and the files of keys (`access`).
//! Pure: no store, no clock, no async, no secret of its own. Every length is checked before it is believed. A field that
//! is added is optional, and `FORMAT.md` says so.

pub(crate) mod chunk_ref;
pub(crate) mod config;
pub(crate) mod fields;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod lists;
pub(crate) mod manifest;
pub(crate) mod notes;
pub(crate) mod record;
pub(crate) mod snapshot;
pub(crate) mod trailer;
