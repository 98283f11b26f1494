//! Promises of the whole engine over a scratch database: what a customer, an agent and a supervisor see.

mod closing;
mod intake;
mod live;
mod offers;
mod presence;
mod restart;
mod service_levels;
mod snooze;
mod take;
mod transfers;
mod why;
