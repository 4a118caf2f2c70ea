//! What to do in which order, decided without touching anything: pure functions over names and dependencies.
//!
//! [`order`] puts the objects of a catalog into an order of creation, [`select`] picks a subset with what it needs by
//! [`Pattern`]s, [`Schedule`] hands out work that may run side by side without waiting for [`Locks`]. Nothing here
//! performs IO or waits.

pub mod load_order;
mod locks;
mod loops;
mod omit;
mod order;
mod pattern;
pub(crate) mod planner_statistics;
mod rendering;
mod schedule;
pub mod select;

pub use locks::{Lock, Locks};
pub use omit::Omit;
pub use order::{Node, Order, order};
pub use pattern::Pattern;
pub use rendering::Rendering;
pub(crate) use rendering::{granted, is_created};
pub use schedule::{Item, Schedule};
