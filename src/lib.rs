//! pgkeep keeps PostgreSQL databases.

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
pub mod dump_all;
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
