//! Integration tests: one binary, real servers. `harness` starts them; every other module tests one thing.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod cli;
mod cli_recipes;
mod cli_refusals;
mod cli_restore_refusals;
mod cli_session;
mod database_properties;
mod drill;
mod dump;
mod dump_hidden;
mod globals;
mod harness;
mod losses;
mod options;
mod oracles;
mod pg_config;
mod pg_pooler;
mod pg_session;
mod pg_snapshot;
mod pg_tls;
mod repository;
mod repository_crash;
mod repository_format;
mod repository_golden;
mod repository_rows;
mod restore_clean;
mod restore_into_schema;
mod restore_into_table;
mod restore_keep_going;
mod restore_manner;
mod restore_plan;
mod restore_refill;
mod restore_resume;
mod restore_stopped;
mod restore_survives;
mod roundtrip;
mod roundtrip_more;
mod sample;
mod schema;
mod schema_encodings;
mod schema_queries;
mod statistics;
mod tidy;
mod verify;
mod ways_out;
