//! From options, a target and a snapshot to a plan. Owns whatever is looked at and decided before a restore begins: what
//! the target is and has, what stands in the way, what comes back and in which form.
//!
//! Reads only: nothing here may change the target.

mod capabilities;
pub(super) mod dependents;
pub(super) mod drops;
pub(super) mod estimate;
pub(super) mod existing;
mod named;
pub(super) mod outline;
pub(super) mod preflight;
mod rights;
pub(super) mod target;
pub(super) mod version_differences;
