//! Talking to PostgreSQL: sessions and COPY both ways. Knows nothing of catalogs or repositories.

pub mod rows;
pub mod session;
pub mod sql;

pub use rows::{Row, Rows};
pub use session::Session;
