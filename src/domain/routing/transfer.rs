//! Transfers: a closed, full or disabled target is refused before anything moves (routing.md, Transfers).

use super::{
    CampaignRules, CampaignState, Routing,
    hindrance::{Hindrance, hindrance},
    item::{Item, Pending, Stand},
    need::has,
};
use crate::{
    clock::Timestamp,
    domain::{refusal::Refusal, skill::SkillLevel},
    ids::{AgentId, CampaignId, ConversationId, OfferId},
};

/// Why an agent cannot get an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    NotMember,
    NotAvailable,
    Full,
    /// Not good enough at what is asked, or it is held for somebody else: no obstacle to what people decide.
    NotSkilled,
}

impl Routing {
    /// Reserves the target's capacity for a transfer to an agent, under the offer the conversation will be given. The
    /// sender keeps its own until the target accepts. Whether the campaign allows such transfers at all (S1-22) the
    /// conversation checks. When the conversation refuses the transfer, send [`Input::OfferRefused`](super::Input).
    pub fn reserve_transfer(
        &mut self,
        conversation: ConversationId,
        from: AgentId,
        to: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let item = self.items.get(&conversation).ok_or(Refusal::Closed)?;
        self.check_sender(item, from)?;
        if from == to {
            return Err(Refusal::TransferTarget("same agent"));
        }
        self.check_target(item, to)?;
        self.reserve(conversation, to, Pending::Transfer { offer, to }, now);
        Ok(())
    }

    fn check_sender(&self, item: &Item, from: AgentId) -> Result<(), Refusal> {
        let current = item.view.stand.owner();
        if current != Some(from) {
            return Err(Refusal::NotOwner { current });
        }
        let in_transfer = matches!(item.view.stand, Stand::Transferring { .. }) || item.pending != Pending::Nothing;
        if in_transfer { Err(Refusal::WrongState("transferring")) } else { Ok(()) }
    }

    fn check_target(&self, item: &Item, to: AgentId) -> Result<(), Refusal> {
        let refused = |why| Err(Refusal::TransferTarget(why));
        let rules = self.campaigns.get(&item.view.campaign).and_then(|campaign| campaign.rules);
        let Some(rules) = rules.filter(|rules| rules.enabled) else { return refused("disabled") };
        match self.obstacle(item, to, &rules) {
            None | Some(Obstacle::NotSkilled) => Ok(()),
            Some(Obstacle::NotAvailable) => refused("absent"),
            Some(Obstacle::NotMember) => refused("not a member"),
            Some(Obstacle::Full) => refused("full"),
        }
    }

    /// Why an agent cannot get this item now. How long they let others go first plays no part.
    pub(super) fn obstacle(&self, item: &Item, id: AgentId, rules: &CampaignRules) -> Option<Obstacle> {
        let Some(agent) = self.agents.get(&id) else { return Some(Obstacle::NotMember) };
        let Some(seat) = agent.seats.get(&item.view.campaign) else { return Some(Obstacle::NotMember) };
        if let Some(hindrance) = hindrance(item.view.kind, agent, seat, rules, &self.loads) {
            return Some(match hindrance {
                Hindrance::NotMember | Hindrance::Kind | Hindrance::NoVoice => Obstacle::NotMember,
                Hindrance::Unknown | Hindrance::SignedOut | Hindrance::Away => Obstacle::NotAvailable,
                _ => Obstacle::Full,
            });
        }
        let need = item.laid.spot.as_ref().and_then(|spot| spot.need.as_ref());
        need.is_some_and(|need| !need.lets(id, &agent.skills)).then_some(Obstacle::NotSkilled)
    }

    /// Whether a conversation may wait in its campaign for somebody with these skills: enabled, open, not full, and a member who
    /// does not have it already is good enough.
    pub fn check_transfer_skills(&self, conversation: ConversationId, skills: &[SkillLevel]) -> Result<(), Refusal> {
        let view = &self.items.get(&conversation).ok_or(Refusal::Closed)?.view;
        self.check_transfer_campaign(conversation, view.campaign)?;
        let Some(campaign) = self.campaigns.get(&view.campaign) else { return Err(Refusal::TransferTarget("unknown")) };
        let suits = |id: &AgentId| {
            let Some(agent) = self.agents.get(id).filter(|_| Some(*id) != view.stand.owner()) else { return false };
            let is_member = agent.seats.get(&view.campaign).is_some_and(|seat| seat.place.is_some());
            let serves = campaign.rules.is_none_or(|rules| rules.serves(agent));
            is_member && serves && skills.iter().all(|asked| has(&agent.skills, asked))
        };
        let anybody = campaign.seated.iter().any(suits);
        if anybody { Ok(()) } else { Err(Refusal::TransferTarget("nobody has the skills")) }
    }

    /// Whether a conversation may go to the queue of this campaign now: known, of the same client, enabled, open, not full.
    pub fn check_transfer_campaign(&self, conversation: ConversationId, to: CampaignId) -> Result<(), Refusal> {
        let refused = |why| Err(Refusal::TransferTarget(why));
        let item = self.items.get(&conversation).ok_or(Refusal::Closed)?;
        let Some(rules) = self.campaigns.get(&to).and_then(|campaign| campaign.rules) else { return refused("unknown") };
        if rules.client != item.view.client {
            return refused("other client");
        }
        if !rules.enabled {
            return refused("disabled");
        }
        if !rules.openness.is_open() {
            return refused("closed");
        }
        if self.campaigns.get(&to).is_some_and(CampaignState::is_full) {
            return refused("full");
        }
        Ok(())
    }
}
