//! Proofs: against queueing theory, the invariants of routing.md over whole days, restarts in the middle of one.

mod days;
mod service_level;
mod theory;
mod what_if;
