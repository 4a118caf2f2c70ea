//! Pure plans: the order of objects.

mod order;

pub use order::{Node, Order, order};
