//! How much goes into one transaction: a server has room for some thousands of locks, and a transaction keeps each that it
//! takes until its end.

use crate::object::{Kind, Object};

/// Locks that one transaction takes, about. A server with default settings has room for three times as many.
const LOCKS: usize = 2000;
/// Large objects that one statement creates or removes at most, each with a lock.
const LARGE_OBJECTS: usize = 1000;

/// Locks that the creation of an object, or a grant on it, takes: on itself, its type, its TOAST table, its schema.
pub(crate) fn creation(object: &Object) -> usize {
    if object.kind == Kind::LargeObjects { LARGE_OBJECTS * object.create.len().max(1) } else { 4 }
}

/// Locks that one statement takes which removes an object: on all that hangs on it too, indexes, constraints, defaults.
pub(crate) fn removal(object: &Object) -> usize {
    match object.kind {
        Kind::LargeObjects => LARGE_OBJECTS,
        Kind::Table | Kind::MaterializedView | Kind::ForeignTable => 20,
        _ => 4,
    }
}

/// Items in their order, in runs that take as many locks as one transaction may; one that takes more is alone.
pub(crate) fn batches<T>(items: &[T], locks: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let (mut all, mut start, mut sum) = (Vec::new(), 0, 0);
    for (at, item) in items.iter().enumerate() {
        let more = locks(item);
        if sum + more > LOCKS && at > start {
            all.push(&items[start..at]);
            (start, sum) = (at, 0);
        }
        sum += more;
    }
    if start < items.len() {
        all.push(&items[start..]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_order_and_the_bound() {
        let items = [1500, 400, 200, 5000, 1, 1999, 1];
        let found = batches(&items, |item| *item);
        assert_eq!(found, [&items[..2], &items[2..3], &items[3..4], &items[4..6], &items[6..]]);
        assert!(batches::<usize>(&[], |item| *item).is_empty());
    }
}
