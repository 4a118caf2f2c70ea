//! What to do in which order, decided without touching anything: pure functions over names and dependencies.
//!
//! [`order`] puts the objects of a catalog into an order of creation, [`select`] picks a subset with
//! what it needs, a [`Pattern`] says which names are meant. Nothing
//! here performs IO or waits.

mod loops;
mod order;
mod pattern;
pub mod select;

pub use order::{Node, Order, order, priority};
pub use pattern::Pattern;
