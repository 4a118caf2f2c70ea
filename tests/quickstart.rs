//! The quickstart: two commands on a fresh machine. It comes with the verbs.

fn main() {}
