//! What happens to bytes between COPY and the store: rows are cut into chunks, transposed, compressed and sealed.
//!
//! Pure and synchronous: no IO, no clock, no randomness but age's own. Every function here is heavy enough for the CPU
//! pool ([`crate::cpu`]). Nothing here knows a repository: keys come in, bytes go out, and a [`Fault`](crate::error::Fault)
//! says what is wrong without knowing what the bytes are.
//!
//! [`rows`] fingerprints rows, [`cut`] ends chunks by these fingerprints, [`columns`] transposes, [`compress`] is zstd,
//! [`chunk`] is the content of a chunk's age file, and [`seal`] is age.

pub mod chunk;
pub mod columns;
pub mod compress;
pub mod cut;
pub mod rows;
pub mod seal;
