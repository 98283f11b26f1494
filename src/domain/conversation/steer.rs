//! What supervisors do with a conversation that waits: they give it to an agent, or move it to another queue. An offer that is
//! open meanwhile is withdrawn in the same step; whoever has accepted it before keeps it.

use super::{Assignment, Conversation, Event, Offer, Phase, QueueReason, step::Outcome};
use crate::{domain::refusal::Refusal, ids::CampaignId};

impl Conversation {
    /// Who has it already has what is wanted.
    pub(super) fn assign(&self, offer: Offer, assignment: Assignment) -> Outcome {
        if self.phase.owner() == Some(offer.agent) {
            return Ok(vec![]);
        }
        self.must_wait()?;
        let mut events = self.withdraw_open_offer();
        events.push(Event::Offered { offer, why: None, assigned: Some(assignment) });
        events.push(Event::OfferAccepted { offer: offer.id, agent: offer.agent });
        Ok(events)
    }

    /// Its arrival stays what it was; what it asks of an agent relaxes from the beginning.
    pub(super) fn move_to(&self, campaign: CampaignId) -> Outcome {
        self.must_wait()?;
        let mut events = self.withdraw_open_offer();
        events.push(Event::Queued { campaign, reason: QueueReason::Moved });
        Ok(events)
    }

    fn must_wait(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Queued { .. } | Phase::Offered { .. } => Ok(()),
            Phase::Arrived | Phase::Admitted => Err(Refusal::WrongState(self.phase.as_str())),
            _ => Err(Refusal::Gone { current: self.phase.owner() }),
        }
    }
}
