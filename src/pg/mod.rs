//! Talking to PostgreSQL: how to get in, sessions, settings, and COPY both ways.
//!
//! Owns every byte that goes over the wire, and what pins the meaning of a statement before it. Never decides what is read
//! or written, never runs a statement a second time, and knows nothing of catalogs or repositories.

mod authentication;
mod cancel;
pub mod config;
mod connect;
mod connection;
mod connector;
mod copy;
pub mod maintenance;
mod route;
pub mod rows;
mod session;
pub mod settings;
pub mod snapshot;
pub mod sql;
mod tls;
pub mod waiting;
mod wire;

pub use cancel::CancelToken;
pub use config::{Address, Config, Environment, Given, Host, Password};
pub use connector::{Connector, VERSION_MIN};
pub use copy::{CopyIn, CopyOut};
pub use rows::{Row, Rows};
pub use session::Session;
