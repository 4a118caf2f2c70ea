//! Integration tests: one binary, real servers. `harness` starts them; every other module tests one thing.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod cli;
mod harness;
mod oracles;
mod repository;
mod sample;
mod tidy;
