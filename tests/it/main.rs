//! Integration tests: one binary, real servers. `harness` starts them; every other module tests one thing.

mod harness;
mod oracles;
mod repository;
mod sample;
mod schema;
