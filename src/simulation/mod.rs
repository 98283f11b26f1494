//! Days that did not happen: what if there were two agents more, or another strategy?
//!
//! A [`Plan`](plan::Plan) says who writes and who works when; [`simulate`] lives through it in virtual time with the very
//! [`Routing`](crate::domain::routing::Routing), [`Conversation`](crate::domain::conversation::Conversation) and
//! [`Agent`](crate::domain::agent::Agent) that production runs, and gives a [`DayReport`]. No clock, no I/O; chance comes from a
//! seed, so the same plan gives the same report, byte for byte. Everything about a customer is drawn before the day begins: a
//! day before a change and the same day after it meet the same people.
//!
//! | file | what |
//! |---|---|
//! | `plan` | a day to live through |
//! | `scenario` | invented days, from a small file |
//! | `recorded` | days that did happen, from the log |
//! | `change` | what if |
//! | `run` | the engine |
//! | `tally`, `report` | figures by metrics.md |
//! | `law` | chance |
//! | `erlang` | what theory says, for tests to hold the engine against |

pub mod change;
#[cfg(test)]
mod erlang;
pub mod law;
pub mod plan;
pub mod recorded;
mod report;
mod run;
pub mod scenario;
mod tally;
#[cfg(test)]
mod tests;

pub use self::{
    report::{AgentDay, CampaignDay, DayFigures, DayPeriod, DayReport, Fairness},
    run::{Asked, Nobody, Open, Run, Witness, simulate, simulate_until},
    tally::{Tally, Track},
};
