//! Who has to do with a conversation beside its owner: a colleague who is consulted, and the sender of a transfer who finishes
//! (routing.md, Transfers).

use serde::{Deserialize, Serialize};

use super::{Conversation, Event, Phase, Rules, step::Outcome};
use crate::{
    clock::Timestamp,
    domain::{closing::Finishing, refusal::Refusal},
    ids::AgentId,
};

/// Who has to do with a conversation beside its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Reads along and writes notes; takes no capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consulted: Option<AgentId>,
    /// Gave it away and finishes; takes capacity as if they had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

/// The sender of a transfer, in wrap-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Who.
    pub agent: AgentId,
    /// When it ends by itself; none = it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
}

impl Conversation {
    /// Who is consulted.
    pub fn consulted(&self) -> Option<AgentId> {
        self.beside.as_deref()?.consulted
    }

    /// The sender of a transfer who still finishes.
    pub fn sender(&self) -> Option<Sender> {
        self.beside.as_deref()?.sender
    }

    /// Everybody who has it before them: who has it, to whom it is offered, who is consulted, who finishes after giving it away.
    pub fn parties(&self) -> impl Iterator<Item = AgentId> + use<> {
        let offered = self.phase.offer().map(|offer| offer.agent);
        let sender = self.sender().map(|sender| sender.agent);
        [self.phase.owner(), offered, self.consulted(), sender].into_iter().flatten()
    }

    /// Whether this agent has it before them.
    pub fn involves(&self, agent: AgentId) -> bool {
        self.parties().any(|party| party == agent)
    }

    /// Has it, or reads along as the one who is consulted.
    pub fn is_read_by(&self, agent: AgentId) -> bool {
        self.phase.owner() == Some(agent) || self.consulted() == Some(agent)
    }

    /// Takes this agent's capacity.
    pub fn weighs_on(&self, agent: AgentId) -> bool {
        let has = self.phase.owner() == Some(agent) || self.phase.offer().is_some_and(|offer| offer.agent == agent);
        has && self.weighs() || self.sender().is_some_and(|sender| sender.agent == agent)
    }

    pub(super) fn consult(&self, agent: AgentId, colleague: AgentId, rules: &Rules) -> Outcome {
        self.must_own(agent)?;
        if !matches!(self.phase, Phase::Active { .. } | Phase::Dormant { .. } | Phase::Parked { .. }) {
            return Err(Refusal::WrongState(self.phase.as_str()));
        }
        if !rules.transfer_to_agents {
            return Err(Refusal::NotAllowedInCampaign);
        }
        if colleague == agent {
            return Err(Refusal::TransferTarget("same agent"));
        }
        let before = self.consulted();
        if before == Some(colleague) {
            return Ok(vec![]);
        }
        let ended = before.map(|agent| Event::ConsultEnded { agent });
        Ok(ended.into_iter().chain([Event::Consulted { agent: colleague, by: agent }]).collect())
    }

    /// Nobody is consulted: nothing to do.
    pub(super) fn end_consult(&self, agent: AgentId, force: bool) -> Outcome {
        let Some(colleague) = self.consulted() else { return Ok(vec![]) };
        if !force && agent != colleague {
            self.must_own(agent)?;
        }
        Ok(vec![Event::ConsultEnded { agent: colleague }])
    }

    /// What the sender gets whose transfer takes effect now. Where wrap-up is there on demand, giving away is the demand.
    pub(super) fn sender_finishes(&self, agent: AgentId, rules: &Rules, now: Timestamp) -> Option<Event> {
        let finishing = rules.sender_wrap_up.then(|| rules.wrap_up.begins(rules.wrap_up_time, true, now)).flatten();
        finishing.map(|Finishing { until, locked }| Event::SenderWrapUpStarted { agent, until, locked })
    }

    /// The sender ends it early; none when this agent is no such sender.
    pub(super) fn end_sender_wrap_up(&self, agent: AgentId) -> Option<Outcome> {
        let sender = self.sender().filter(|sender| sender.agent == agent)?;
        Some(if sender.locked { Err(Refusal::WrapUpTimed) } else { Ok(vec![Event::SenderWrapUpEnded { agent }]) })
    }

    pub(super) fn sender_is_done(&self, now: Timestamp) -> Option<Event> {
        let sender = self.sender().filter(|sender| sender.until.is_some_and(|until| until <= now))?;
        Some(Event::SenderWrapUpEnded { agent: sender.agent })
    }

    pub(super) fn set_beside(&mut self, change: impl FnOnce(&mut Beside)) {
        let mut beside = self.beside.as_deref().copied().unwrap_or_default();
        change(&mut beside);
        if self.beside.as_deref() != Some(&beside) {
            self.beside = (beside != Beside::default()).then(|| Box::new(beside));
        }
    }

    /// It goes to somebody else, or back to a queue: whoever had it consults nobody any more.
    pub(super) fn pass_to(&mut self, agent: Option<AgentId>) {
        if self.beside.is_some() {
            self.set_beside(|beside| {
                beside.consulted = None;
                beside.sender = beside.sender.filter(|sender| Some(sender.agent) != agent);
            });
        }
    }
}
