//! Carries out a plan. Owns everything that changes the target: sessions, transactions, what runs beside what, what is
//! tried again and what is told of it.
//!
//! Decides nothing that a plan could say: it never looks at what people asked for.

mod analyze;
mod conflict_counts;
mod context;
mod creation;
mod database;
mod failures;
mod finish;
mod foreign_keys;
pub(super) mod globals;
mod load;
mod maintenance_settings;
pub(super) mod phases;
mod planner_statistics;
mod positions;
mod retry_failed;
mod sessions;
mod takeover;
mod task_graph;
mod workers;
