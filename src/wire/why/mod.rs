//! Why an agent got a conversation, or nobody gets it.
//!
//! | file | what is there |
//! |---|---|
//! | [`past`] | to whom it was offered, and what supervisors did with it |
//! | [`choice`] | what a decision recorded of itself |
//! | [`present`] | how it stands with those who could have it |

mod choice;
mod past;
mod present;

pub use self::{
    choice::{Choice, Drawn, Measure, RunnerUp},
    past::{How, Offered, Outcome, Steering, Step},
    present::{Candidate, Nobody, Place, Present, Reason, ReasonCount},
};

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, ConversationId};

/// Everything there is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Why {
    /// About which conversation.
    pub conversation: ConversationId,
    /// To whom it was offered, the latest first; agents see their own only.
    pub decisions: Vec<Offered>,
    /// Who has had it since it was begun from our side; none = the customer wrote first.
    #[schema(required)]
    pub begun: Option<Begun>,
    /// What supervisors did with it while it waited, the latest first; agents see none.
    pub steps: Vec<Step>,
    /// How it stands with those who could have it; none when it is not to be given to anybody.
    #[schema(required)]
    pub now: Option<Present>,
}

/// A conversation that somebody of the staff began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "WhyBegun")]
#[schema(as = WhyBegun)]
pub struct Begun {
    /// Whose it was from the first moment.
    pub agent: AgentId,
    /// They had no room for it by the rules.
    pub over_capacity: bool,
}
