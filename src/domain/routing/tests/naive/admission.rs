//! What may wait: hours, full queues, and what has waited since before a campaign closed.

use super::Naive;
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, InForce, OutOfHours},
        conversation::{Admission, Dismissal, Ending, QueueReason},
        routing::{Decision, ItemView, Notice, Stand},
        schedule::Openness,
        waiting::{AtClosing, WhenFull},
    },
    ids::CampaignId,
};

impl Naive {
    /// Since when nothing may have been waiting in a campaign.
    pub(super) fn closed_at(&self, campaign: CampaignId) -> Option<Timestamp> {
        let in_force = self.in_force(campaign).filter(|it| it.campaign.limits.at_closing != AtClosing::Keep)?;
        if let Openness::Closed { since, .. } = in_force.openness { since } else { None }
    }

    pub(in crate::domain::routing::tests) fn is_full(&self, campaign: CampaignId) -> bool {
        let coming = self.admitting.values().filter(|into| **into == Some(campaign)).count()
            + self.moving.values().filter(|(.., to)| *to == campaign).count();
        let most = self.campaigns.get(&campaign).and_then(|it| it.campaign.limits.max_waiting);
        most.is_some_and(|most| self.waiting_in(campaign) + coming >= usize::try_from(most).unwrap())
    }

    fn overflow_of(&self, campaign: &Campaign) -> Option<CampaignId> {
        let target = campaign.limits.overflow.filter(|target| *target != campaign.id)?;
        let other = self.in_force(target)?;
        let takes = other.openness.is_open() && other.campaign.client == campaign.client && !self.is_full(target);
        takes.then_some(target)
    }

    /// What has waited since before its campaign closed.
    pub(super) fn dismiss(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let Some(since) = self.closed_at(view.campaign) else { return };
        if !self.waits(view) || view.since >= since {
            return;
        }
        let campaign = &self.campaigns[&view.campaign].campaign;
        let (to, notice) = match campaign.limits.at_closing {
            AtClosing::Keep => return,
            AtClosing::Close => (Dismissal::End, campaign.limits.closing_message.is_some()),
            AtClosing::Overflow => {
                let Some(target) = self.overflow_of(campaign) else { return };
                (Dismissal::Overflow(target), false)
            }
        };
        self.dismissing.insert(view.id, view.campaign);
        out.push(Decision::Dismiss { conversation: view.id, to, notice });
    }

    pub(super) fn admit(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let Stand::Arrived { noticed_at } = view.stand else { return };
        if self.admitting.contains_key(&view.id) {
            return;
        }
        let mut admission = Admission::Queue(QueueReason::New);
        let mut notice = None;
        if let Some(InForce { campaign, openness, .. }) = self.in_force(view.campaign) {
            if let Openness::Closed { since, .. } = openness {
                admission = match campaign.out_of_hours {
                    OutOfHours::Close => Admission::End(Ending::OutOfHours),
                    OutOfHours::Queue => Admission::Queue(QueueReason::OutOfHours),
                };
                let noticed = noticed_at.is_some_and(|at| since.is_none_or(|since| since <= at));
                notice = (campaign.out_of_hours_message.is_some() && !noticed).then_some(Notice::OutOfHours);
            }
            if admission != Admission::End(Ending::OutOfHours) && self.is_full(view.campaign) {
                let limits = &campaign.limits;
                let target = self.overflow_of(campaign).filter(|_| limits.when_full == WhenFull::Overflow);
                notice = notice.or(limits.full_message.as_ref().map(|_| Notice::Full)).filter(|_| target.is_none());
                admission = match (limits.when_full, target) {
                    (WhenFull::Reject, _) => Admission::End(Ending::Full),
                    (_, Some(target)) => Admission::Overflow(target),
                    _ => admission,
                };
            }
        }
        if notice == Some(Notice::OutOfHours) && *self.noticing.entry(view.contact).or_insert(view.id) != view.id {
            notice = None;
        }
        let into = match admission {
            Admission::Queue(_) => Some(view.campaign),
            Admission::Overflow(target) => Some(target),
            Admission::End(_) => None,
        };
        self.admitting.insert(view.id, into);
        out.push(Decision::Admit { conversation: view.id, admission, notice });
    }

    pub(in crate::domain::routing::tests) fn waiting_in(&self, campaign: CampaignId) -> usize {
        self.views.values().filter(|view| view.campaign == campaign && self.waits(view)).count()
    }
}
