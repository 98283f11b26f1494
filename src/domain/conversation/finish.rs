//! Closing, and the time to finish afterwards (routing.md, Wrap-up and closing).

use super::{Conversation, Ending, Event, Phase, Rules, step::Outcome};
use crate::{
    clock::Timestamp,
    domain::{closing::Finishing, refusal::Refusal},
    ids::{AgentId, DispositionId, FieldId},
};

impl Conversation {
    pub(super) fn close(
        &self,
        agent: AgentId,
        force: bool,
        disposition: Option<DispositionId>,
        wrap_up: bool,
        rules: &Rules,
        now: Timestamp,
    ) -> Outcome {
        if !force {
            self.must_own(agent)?;
        }
        if matches!(self.phase, Phase::WrapUp { .. } | Phase::Transferring { .. }) {
            return Err(Refusal::WrongState(self.phase.as_str()));
        }
        if !force && !rules.close_unanswered && !self.replied {
            return Err(Refusal::NotAnswered);
        }
        if rules.needs_disposition && disposition.is_none() {
            return Err(Refusal::DispositionNeeded);
        }
        let missing: Vec<FieldId> = rules.mandatory.iter().filter(|field| !self.fields.contains(field)).copied().collect();
        if !missing.is_empty() {
            return Err(Refusal::FieldsMissing(missing));
        }
        let finishing = rules.wrap_up.begins(rules.wrap_up_time, wrap_up, now);
        if let Some(Finishing { until, locked }) = finishing.filter(|_| self.phase.owner() == Some(agent)) {
            return Ok(vec![Event::WrapUpStarted { until, locked, disposition }]);
        }
        let mut events = self.withdraw_open_offer();
        events.push(Event::Ended { ending: Ending::Closed, disposition });
        Ok(events)
    }

    pub(super) fn end_wrap_up(&self, agent: AgentId) -> Outcome {
        self.must_own(agent)?;
        match self.phase {
            Phase::WrapUp { locked: true, .. } => Err(Refusal::WrapUpTimed),
            Phase::WrapUp { disposition, .. } => Ok(vec![Event::Ended { ending: Ending::Closed, disposition }]),
            _ => Err(Refusal::WrongState(self.phase.as_str())),
        }
    }

    /// A supervisor ends somebody else's wrap-up; what its agent chose when closing stands.
    pub(super) fn finish_for(&self, agent: AgentId, chosen: Option<DispositionId>) -> Outcome {
        match self.phase {
            Phase::WrapUp { agent: owner, disposition, .. } if owner != agent => {
                Ok(vec![Event::Ended { ending: Ending::Closed, disposition: disposition.or(chosen) }])
            }
            _ => Err(Refusal::WrongState(self.phase.as_str())),
        }
    }
}
