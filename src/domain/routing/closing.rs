//! Closing time: what happens to what waits (routing.md, Schedules). A rule about the state, not about the moment: what has
//! waited since before its campaign closed is dismissed, whenever the router comes to know of it.

use super::{
    CampaignRules, Decision, Routing,
    item::{Item, Pending},
};
use crate::{
    domain::{conversation::Dismissal, schedule::Openness, waiting::AtClosing},
    ids::{CampaignId, ConversationId},
};

/// How many are dismissed at once; the rest follows right after, so that a long queue stops nobody.
pub(super) const AT_ONCE: usize = if cfg!(test) { 3 } else { 500 };

impl CampaignRules {
    /// Since when nothing may have been waiting.
    fn clears_what_waited_before(&self) -> Option<crate::clock::Timestamp> {
        match self.openness {
            Openness::Closed { since, .. } if self.enabled && self.at_closing != AtClosing::Keep => since,
            _ => None,
        }
    }
}

impl Routing {
    /// Notes what waits late in a campaign that has closed.
    pub(super) fn note_closing(&mut self, campaign: CampaignId) {
        let Some(state) = self.campaigns.get(&campaign) else { return };
        if state.rules.is_some_and(|rules| rules.clears_what_waited_before().is_some()) {
            for id in state.lanes.ids() {
                self.note_if_late(id);
            }
        }
    }

    /// Some of what was noted.
    pub(super) fn dismiss(&mut self, out: &mut Vec<Decision>) {
        let noted: Vec<_> = self.work.closings.iter().copied().take(AT_ONCE).collect();
        for conversation in noted {
            self.work.closings.remove(&conversation);
            if let Some((to, notice)) = self.items.get(&conversation).and_then(|item| self.dismissal(item)) {
                self.change(conversation, |item| item.pending = Pending::Dismissal);
                out.push(Decision::Dismiss { conversation, to, notice });
            }
        }
    }

    fn dismissal(&self, item: &Item) -> Option<(Dismissal, bool)> {
        let view = &item.view;
        let rules = self.campaigns.get(&view.campaign)?.rules?;
        if !self.is_late(item) {
            return None;
        }
        match rules.at_closing {
            AtClosing::Keep => None,
            AtClosing::Close => Some((Dismissal::End, rules.has_closing_message)),
            AtClosing::Overflow => self.overflow_of(&rules).map(|campaign| (Dismissal::Overflow(campaign), false)),
        }
    }

    /// It has waited since before its campaign closed.
    fn is_late(&self, item: &Item) -> bool {
        let rules = self.campaigns.get(&item.view.campaign).and_then(|campaign| campaign.rules);
        let closed_at = rules.and_then(|rules| rules.clears_what_waited_before());
        item.waits() && closed_at.is_some_and(|closed_at| item.view.since < closed_at)
    }

    /// Notes an item that turns out to wait where it may not.
    pub(super) fn note_if_late(&mut self, conversation: ConversationId) {
        if self.items.get(&conversation).is_some_and(|item| self.is_late(item)) {
            self.work.closings.insert(conversation);
        }
    }

    /// The campaign that takes what a campaign has no room for, if it takes anything now: of the same client, enabled, open,
    /// not full.
    pub(super) fn overflow_of(&self, rules: &CampaignRules) -> Option<CampaignId> {
        let target = rules.overflow?;
        let state = self.campaigns.get(&target)?;
        let takes = state.is_serving() && !state.is_full() && state.rules.is_some_and(|other| other.client == rules.client);
        takes.then_some(target)
    }
}
