//! Admission: whether a new conversation waits, goes elsewhere or ends (routing.md, Admission and Schedules). Duplicates, blocked
//! senders and open conversations of the same contact were dealt with before it came here.

use super::{
    CampaignRules, Decision, Notice, Routing,
    item::{Pending, Stand},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::OutOfHours,
        conversation::{Admission, Ending, QueueReason},
        schedule::Openness,
        waiting::WhenFull,
    },
    ids::{CampaignId, ConversationId},
};

/// What a new conversation meets by the hours, and whether its contact is told about them. Whatever cannot be served yet
/// waits: a campaign that is unknown or disabled now may be enabled later, and nothing is lost.
fn by_the_hours(rules: &CampaignRules, noticed_at: Option<Timestamp>) -> (Admission, bool) {
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
        let Some(item) = self.items.get(&conversation) else { return };
        let Stand::Arrived { noticed_at } = item.view.stand else { return };
        if item.pending != Pending::Nothing {
            return;
        }
        let (campaign, contact) = (item.view.campaign, item.view.contact);
        let (admission, notice) = self.admission(campaign, noticed_at);
        let notice = notice.filter(|notice| *notice != Notice::OutOfHours || !self.noticing.contains_key(&contact));
        if notice == Some(Notice::OutOfHours) {
            self.noticing.insert(contact, conversation);
        }
        let into = match admission {
            Admission::Queue(_) => Some(campaign),
            Admission::Overflow(other) => Some(other),
            Admission::End(_) => None,
        };
        self.change(conversation, |item| item.pending = Pending::Admission(into));
        out.push(Decision::Admit { conversation, admission, notice });
    }

    /// First the hours, then whether there is room. Who is told about the hours is not told about the queue as well.
    fn admission(&self, campaign: CampaignId, noticed_at: Option<Timestamp>) -> (Admission, Option<Notice>) {
        let state = self.campaigns.get(&campaign);
        let Some((state, rules)) = state.and_then(|state| Some((state, state.rules.filter(|rules| rules.enabled)?))) else {
            return (Admission::Queue(QueueReason::New), None);
        };
        let (admission, about_hours) = by_the_hours(&rules, noticed_at);
        let about_hours = about_hours.then_some(Notice::OutOfHours);
        if !matches!(admission, Admission::Queue(_)) || !state.is_full() {
            return (admission, about_hours);
        }
        let about_room = about_hours.or(rules.has_full_message.then_some(Notice::Full));
        match rules.when_full {
            WhenFull::Reject => (Admission::End(Ending::Full), about_room),
            WhenFull::LeaveMessage => (admission, about_room),
            WhenFull::Overflow => match self.overflow_of(&rules) {
                Some(other) => (Admission::Overflow(other), None),
                None => (admission, about_room),
            },
        }
    }
}
