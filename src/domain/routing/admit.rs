//! Admission: whether a new conversation waits or ends (routing.md, Admission and Schedules). Duplicates, blocked
//! senders and open conversations of the same contact were dealt with before it came here.

use super::{
    CampaignRules, Decision, Routing,
    item::{Pending, Stand},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::OutOfHours,
        conversation::{Admission, Ending, QueueReason},
        schedule::Openness,
    },
    ids::ConversationId,
};

/// What a new conversation meets, and whether its contact is told about the hours. Whatever cannot be served yet waits:
/// a campaign that is unknown or disabled now may be enabled later, and nothing is lost.
fn admission(rules: Option<CampaignRules>, noticed_at: Option<Timestamp>) -> (Admission, bool) {
    let Some(rules) = rules.filter(|rules| rules.enabled) else { return (Admission::Queue(QueueReason::New), false) };
    let Openness::Closed { since, .. } = rules.openness else { return (Admission::Queue(QueueReason::New), false) };
    let notice = rules.has_out_of_hours_message && !was_noticed(noticed_at, since);
    match rules.out_of_hours {
        OutOfHours::Close => (Admission::End(Ending::OutOfHours), notice),
        OutOfHours::Queue => (Admission::Queue(QueueReason::OutOfHours), notice),
    }
}

/// In this closed period. One without a beginning contains every earlier moment.
fn was_noticed(noticed_at: Option<Timestamp>, closed_since: Option<Timestamp>) -> bool {
    noticed_at.is_some_and(|noticed_at| closed_since.is_none_or(|since| noticed_at >= since))
}

impl Routing {
    /// Decides about one new conversation, unless that is decided already. It is offered when its commit comes back.
    pub(super) fn admit(&mut self, conversation: ConversationId, out: &mut Vec<Decision>) {
        let Some(item) = self.items.get_mut(&conversation) else { return };
        let Stand::Arrived { noticed_at } = item.view.stand else { return };
        if item.pending != Pending::Nothing {
            return;
        }
        let rules = self.campaigns.get(&item.view.campaign).and_then(|campaign| campaign.rules);
        let (admission, notice) = admission(rules, noticed_at);
        let notice = notice && !self.noticing.contains_key(&item.view.contact);
        if notice {
            self.noticing.insert(item.view.contact, conversation);
        }
        item.pending = Pending::Admission;
        out.push(Decision::Admit { conversation, admission, notice });
    }
}
