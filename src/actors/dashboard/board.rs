//! The board as a fold: what changed is marked, what is shown is computed for whoever may see it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rustc_hash::FxHashMap;

use super::service::Service;
use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        agent::{Activity, Agent},
        channel::ChannelKind,
        conversation::{Conversation, Phase, Priority},
        load::Counts,
        message::Message,
        permission::{Permission, Place, Subject, may},
    },
    ids::{AgentId, BreakId, CampaignId, ConversationId},
    store::{
        Db, StoreError,
        conversation_lists::{self, Listed},
        people_state,
        write::ContactCard,
    },
    wire::{
        conversation::Preview,
        live::{AgentRow, Board, BoardDelta, CampaignRow, QueueDelta, WaitingRow},
    },
};

/// Rows of the waiting list that are shown.
const SHOWN: usize = 500;

/// What the store has of what a board shows.
pub struct Stored {
    /// Every agent to whom anything ever happened.
    pub agents: Vec<Agent>,
    /// Every open conversation.
    pub open: Vec<Listed>,
}

impl Stored {
    /// Reads all of it. What is committed meanwhile may be in it or not.
    pub async fn read(db: &Db) -> Result<Self, StoreError> {
        Ok(Self { agents: people_state::agents(db).await?, open: conversation_lists::open(db).await? })
    }
}

#[derive(Default)]
pub(super) struct Fold {
    agents: BTreeMap<AgentId, OnShift>,
    campaigns: BTreeMap<CampaignId, Queue>,
    items: FxHashMap<ConversationId, Item>,
    changes: Changes,
}

#[derive(Default)]
struct OnShift {
    activity: Option<Activity>,
    since: Timestamp,
    pending: Option<BreakId>,
    connected: bool,
    active: u32,
    offered: u32,
    /// What takes capacity of all these, by kind.
    weighing: Counts,
}

#[derive(Default)]
struct Queue {
    closed: bool,
    waiting: BTreeSet<(Timestamp, ConversationId)>,
    active: u32,
}

struct Item {
    seq: u64,
    kind: ChannelKind,
    arrived_at: Timestamp,
    stand: Stand,
    contact: Arc<ContactCard>,
    /// Of those that wait.
    last: Option<Arc<Message>>,
}

/// What counts where it is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stand {
    campaign: CampaignId,
    waits: bool,
    weighs: bool,
    owner: Option<AgentId>,
    offered_to: Option<AgentId>,
    /// Gave it away and finishes.
    finishing: Option<AgentId>,
    priority: Priority,
}

impl Stand {
    fn of(state: &Conversation) -> Self {
        Self {
            campaign: state.campaign,
            waits: matches!(state.phase, Phase::Queued { .. } | Phase::Offered { .. }),
            weighs: state.weighs(),
            owner: state.phase.owner(),
            offered_to: state.phase.offer().map(|offer| offer.agent),
            finishing: state.sender().map(|sender| sender.agent),
            priority: state.priority,
        }
    }
}

/// What changed since the last frame.
#[derive(Default)]
pub(super) struct Changes {
    agents: BTreeSet<AgentId>,
    campaigns: BTreeSet<CampaignId>,
    /// With the campaign in which each waits or waited: who may not see that one hears nothing of it.
    items: BTreeSet<(ConversationId, CampaignId)>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.campaigns.is_empty() && self.items.is_empty()
    }
}

impl Fold {
    pub(super) fn open(&self) -> usize {
        self.items.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.campaigns.values().map(|queue| queue.waiting.len()).sum()
    }

    pub(super) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    pub(super) fn forget_changes(&mut self) {
        self.changes = Changes::default();
    }

    /// Starts over from the store; who is connected stays known.
    pub(super) fn replace(&mut self, stored: &Stored) {
        let connected: Vec<AgentId> = self.agents.iter().filter(|(_, agent)| agent.connected).map(|(id, _)| *id).collect();
        let closed: Vec<CampaignId> = self.campaigns.iter().filter(|(_, queue)| queue.closed).map(|(id, _)| *id).collect();
        *self = Self::default();
        for agent in &stored.agents {
            self.agent(agent);
        }
        for id in connected {
            self.connected(id, true);
        }
        for id in closed {
            self.opened(id, false);
        }
        self.items.reserve(stored.open.len());
        for Listed { state, contact, last } in &stored.open {
            self.conversation(state, contact, last.as_ref());
        }
    }

    pub(super) fn agent(&mut self, agent: &Agent) {
        let row = self.agents.entry(agent.id).or_default();
        (row.activity, row.since, row.pending) = (agent.activity, agent.since, agent.pending);
        self.changes.agents.insert(agent.id);
    }

    pub(super) fn connected(&mut self, agent: AgentId, connected: bool) {
        self.agents.entry(agent).or_default().connected = connected;
        self.changes.agents.insert(agent);
    }

    pub(super) fn opened(&mut self, campaign: CampaignId, open: bool) {
        self.campaigns.entry(campaign).or_default().closed = !open;
        self.changes.campaigns.insert(campaign);
    }

    /// These campaigns have other figures.
    pub(super) fn mark(&mut self, campaigns: BTreeSet<CampaignId>) {
        self.changes.campaigns.extend(campaigns);
    }

    /// Most messages change nothing here: then nothing is marked. `last` is the last message there is.
    pub(super) fn conversation(&mut self, state: &Conversation, contact: &Arc<ContactCard>, last: Option<&Arc<Message>>) {
        let stand = Stand::of(state);
        let ended = state.phase.is_ended();
        let last = last.filter(|_| stand.waits).cloned();
        match self.items.get_mut(&state.id) {
            Some(item) if item.seq >= state.seq => {}
            Some(item) if item.stand == stand && !ended => {
                item.seq = state.seq;
                if stand.waits && item.last != last {
                    item.last = last;
                    self.changes.items.insert((state.id, stand.campaign));
                }
            }
            Some(_) => {
                let Some(mut item) = self.items.remove(&state.id) else { return };
                self.count(state.id, &item, false);
                if !ended {
                    (item.seq, item.stand, item.last) = (state.seq, stand, last);
                    self.count(state.id, &item, true);
                    self.items.insert(state.id, item);
                }
            }
            None if ended => {}
            None => {
                let item = Item {
                    seq: state.seq,
                    kind: state.kind,
                    arrived_at: state.arrived_at,
                    stand,
                    contact: Arc::clone(contact),
                    last,
                };
                self.count(state.id, &item, true);
                self.items.insert(state.id, item);
            }
        }
    }

    fn count(&mut self, id: ConversationId, item: &Item, come: bool) {
        let step = |number: &mut u32| *number = if come { *number + 1 } else { number.saturating_sub(1) };
        let queue = self.campaigns.entry(item.stand.campaign).or_default();
        if item.stand.waits {
            let key = (item.arrived_at, id);
            let _ = if come { queue.waiting.insert(key) } else { queue.waiting.remove(&key) };
            self.changes.items.insert((id, item.stand.campaign));
        }
        let Stand { owner, offered_to, finishing, weighs, .. } = item.stand;
        let finishing = finishing.filter(|agent| ![owner, offered_to].contains(&Some(*agent)));
        for agent in owner.into_iter().chain(offered_to).filter(|_| weighs).chain(finishing) {
            let weighing = &mut self.agents.entry(agent).or_default().weighing;
            let change = if come { Counts::add } else { Counts::remove };
            change(weighing, item.kind, 1);
            self.changes.agents.insert(agent);
        }
        if let Some(owner) = item.stand.owner {
            step(&mut queue.active);
            step(&mut self.agents.entry(owner).or_default().active);
            self.changes.agents.insert(owner);
        }
        if let Some(agent) = item.stand.offered_to {
            step(&mut self.agents.entry(agent).or_default().offered);
            self.changes.agents.insert(agent);
        }
        self.changes.campaigns.insert(item.stand.campaign);
    }

    /// Everything `subject` may see.
    pub(super) fn board(&self, directory: &Snapshot, service: &Service, subject: &Subject) -> Board {
        let mut waiting: Vec<WaitingRow> = Vec::new();
        for (campaign, queue) in &self.campaigns {
            if sees(subject, directory, *campaign) {
                waiting.extend(queue.waiting.iter().take(SHOWN).filter_map(|(_, id)| self.waiting_row(*id)));
            }
        }
        waiting.sort_by_key(|row| (row.arrived_at, row.conversation));
        waiting.truncate(SHOWN);
        Board {
            agents: self.agents.keys().filter_map(|id| self.agent_row(*id, directory, subject)).collect(),
            campaigns: self.campaign_rows(directory, service, |id| sees(subject, directory, id)),
            waiting,
        }
    }

    /// What an agent may take: what waits in their campaigns and is offered to nobody.
    pub(super) fn queue(&self, directory: &Snapshot, campaigns: &[CampaignId]) -> Vec<WaitingRow> {
        let queues = campaigns.iter().filter_map(|campaign| self.campaigns.get(campaign));
        let mut rows: Vec<_> = queues.flat_map(|queue| queue.waiting.iter()).filter(|(_, id)| self.is_free(*id)).collect();
        rows.sort_unstable();
        rows.into_iter().take(SHOWN).filter_map(|(_, id)| self.row_for_agents(*id, directory)).collect()
    }

    /// What changed of that; none when nothing did.
    pub(super) fn queue_delta(&self, changes: &Changes, directory: &Snapshot, campaigns: &[CampaignId]) -> Option<QueueDelta> {
        let mut delta = QueueDelta::default();
        for (id, _) in changes.items.iter().filter(|(_, campaign)| campaigns.contains(campaign)) {
            let row = self.row_for_agents(*id, directory).filter(|row| campaigns.contains(&row.campaign));
            match row.filter(|_| self.is_free(*id)) {
                Some(row) => delta.waiting.push(row),
                None => delta.waiting_gone.push(*id),
            }
        }
        (delta != QueueDelta::default()).then_some(delta)
    }

    fn is_free(&self, id: ConversationId) -> bool {
        self.items.get(&id).is_some_and(|item| item.stand.offered_to.is_none())
    }

    /// What changed of what `subject` may see.
    pub(super) fn delta(&self, changes: &Changes, directory: &Snapshot, service: &Service, subject: &Subject) -> BoardDelta {
        let mut delta = BoardDelta::default();
        for id in &changes.agents {
            match self.agent_row(*id, directory, subject) {
                Some(row) => delta.agents.push(row),
                None if sees_agent(subject, directory, *id) => delta.agents_gone.push(*id),
                None => {}
            }
        }
        let seen = changes.campaigns.iter().filter(|id| sees(subject, directory, **id));
        delta.campaigns = seen.filter_map(|id| self.campaign_row(*id, directory, service)).collect();
        for (id, campaign) in changes.items.iter().filter(|(_, campaign)| sees(subject, directory, *campaign)) {
            match self.waiting_row(*id) {
                Some(row) if row.campaign == *campaign => delta.waiting.push(row),
                // It has moved to another campaign that is seen too: a row of its own.
                Some(row) if sees(subject, directory, row.campaign) => {}
                _ => delta.waiting_gone.push(*id),
            }
        }
        delta
    }

    fn agent_row(&self, id: AgentId, directory: &Snapshot, subject: &Subject) -> Option<AgentRow> {
        let on_shift = self.agents.get(&id)?;
        on_shift.activity?;
        let user = directory.users.get(&id)?;
        sees_agent(subject, directory, id).then(|| AgentRow {
            agent: id,
            name: user.name.clone(),
            connected: on_shift.connected,
            activity: on_shift.activity.into(),
            since: on_shift.since.into(),
            pending: on_shift.pending,
            active: on_shift.active,
            offered: on_shift.offered,
            over_capacity: directory.loads.used(&on_shift.weighing) > user.capacity,
            campaigns: campaigns_of(directory, id).collect(),
        })
    }

    /// The campaigns that `seen` lets through.
    pub(super) fn campaign_rows(
        &self,
        directory: &Snapshot,
        service: &Service,
        seen: impl Fn(CampaignId) -> bool,
    ) -> Vec<CampaignRow> {
        directory.campaigns.keys().filter(|id| seen(**id)).filter_map(|id| self.campaign_row(*id, directory, service)).collect()
    }

    fn campaign_row(&self, id: CampaignId, directory: &Snapshot, service: &Service) -> Option<CampaignRow> {
        let campaign = directory.campaigns.get(&id)?;
        if campaign.archived_at.is_some() {
            return None;
        }
        let queue = self.campaigns.get(&id);
        Some(CampaignRow {
            campaign: id,
            name: campaign.name.clone(),
            open: queue.is_none_or(|queue| !queue.closed),
            waiting: queue.map_or(0, |queue| u32::try_from(queue.waiting.len()).unwrap_or(u32::MAX)),
            oldest: queue.and_then(|queue| queue.waiting.first()).map(|(arrived_at, _)| (*arrived_at).into()),
            active: queue.map_or(0, |queue| queue.active),
            service: service.now(campaign),
        })
    }

    /// Without what its campaign hides from agents (S1-24).
    fn row_for_agents(&self, id: ConversationId, directory: &Snapshot) -> Option<WaitingRow> {
        let mut row = self.waiting_row(id)?;
        let permissions = directory.permissions_of(row.campaign);
        if !permissions.show_contact_number {
            row.contact_name = permissions.shown_name(&row.contact_name);
            row.address = permissions.shown(&row.address);
        }
        Some(row)
    }

    fn waiting_row(&self, id: ConversationId) -> Option<WaitingRow> {
        let item = self.items.get(&id).filter(|item| item.stand.waits)?;
        Some(WaitingRow {
            conversation: id,
            campaign: item.stand.campaign,
            channel_kind: item.kind,
            contact_name: item.contact.name.clone(),
            address: item.contact.address.clone(),
            arrived_at: item.arrived_at.into(),
            priority: item.stand.priority,
            preview: item.last.as_deref().map(Preview::from),
        })
    }
}

/// The campaigns whose queue an agent works on.
pub(super) fn queues_of(directory: &Snapshot, subject: &Subject) -> Vec<CampaignId> {
    let answers = |campaign: &CampaignId| may(subject, Permission::Answer, directory.place_of_campaign(*campaign));
    let mut campaigns: Vec<_> = campaigns_of(directory, subject.user).filter(answers).collect();
    campaigns.sort_unstable();
    campaigns
}

fn campaigns_of(directory: &Snapshot, agent: AgentId) -> impl Iterator<Item = CampaignId> {
    directory.memberships.get(&agent).into_iter().flatten().map(|member| member.campaign)
}

fn sees_agent(subject: &Subject, directory: &Snapshot, agent: AgentId) -> bool {
    may(subject, Permission::ReadBoard, Place::GLOBAL)
        || campaigns_of(directory, agent).any(|campaign| sees(subject, directory, campaign))
}

fn sees(subject: &Subject, directory: &Snapshot, campaign: CampaignId) -> bool {
    may(subject, Permission::ReadBoard, directory.place_of_campaign(campaign))
}
