//! Load and crash drivers.

fn main() {}
