//! How a client folds the frames of a thread and of the board.

use std::collections::BTreeMap;

use crate::{
    ids::{AgentId, CampaignId, ConversationId},
    wire::{
        conversation::{Message, Summary},
        live::{AgentRow, CampaignRow, Frame, Push, WaitingRow},
    },
};

/// Topic `conversation:{id}`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ThreadView {
    conversation: Option<Summary>,
    messages: BTreeMap<u64, Message>,
}

impl ThreadView {
    pub(super) fn of(frames: &[Frame]) -> Self {
        let mut view = Self::default();
        for frame in frames {
            match &frame.push {
                Push::Thread(thread) => {
                    view.conversation.clone_from(&thread.conversation);
                    view.messages = thread.messages.iter().map(|message| (message.seq, message.clone())).collect();
                }
                // A snapshot may already show what was committed while it was read.
                Push::Conversation(delta) if view.seq() > delta.conversation.seq => {}
                Push::Conversation(delta) => {
                    view.conversation = Some(delta.conversation.clone());
                    view.messages.extend(delta.messages.iter().map(|message| (message.seq, message.clone())));
                    for moved in &delta.deliveries {
                        let message = view.messages.values_mut().find(|message| message.id == moved.message);
                        if let Some(message) = message {
                            message.delivery = Some(moved.to);
                            message.reason = moved.reason.clone().or(message.reason.take());
                        }
                    }
                }
                _ => {}
            }
        }
        view
    }

    fn seq(&self) -> u64 {
        self.conversation.as_ref().map_or(0, |conversation| conversation.seq)
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.messages.values().map(|message| message.text.clone()).collect()
    }
}

/// Topic `board:1`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BoardView {
    agents: BTreeMap<AgentId, AgentRow>,
    campaigns: BTreeMap<CampaignId, CampaignRow>,
    waiting: BTreeMap<ConversationId, WaitingRow>,
}

impl BoardView {
    pub(super) fn of(frames: &[Frame]) -> Self {
        let mut view = Self::default();
        for frame in frames {
            match &frame.push {
                Push::Board(board) => {
                    view = Self::default();
                    view.add(&board.agents, &board.campaigns, &board.waiting);
                }
                Push::BoardDelta(delta) => {
                    view.add(&delta.agents, &delta.campaigns, &delta.waiting);
                    view.agents.retain(|id, _| !delta.agents_gone.contains(id));
                    view.waiting.retain(|id, _| !delta.waiting_gone.contains(id));
                }
                _ => {}
            }
        }
        view
    }

    fn add(&mut self, agents: &[AgentRow], campaigns: &[CampaignRow], waiting: &[WaitingRow]) {
        self.agents.extend(agents.iter().map(|row| (row.agent, row.clone())));
        self.campaigns.extend(campaigns.iter().map(|row| (row.campaign, row.clone())));
        self.waiting.extend(waiting.iter().map(|row| (row.conversation, row.clone())));
    }
}

/// Topic `waiting`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct QueueView(BTreeMap<ConversationId, WaitingRow>);

impl QueueView {
    pub(super) fn of(frames: &[Frame]) -> Self {
        let mut view = Self::default();
        for frame in frames {
            let rows = match &frame.push {
                Push::Waiting(rows) => {
                    view = Self::default();
                    rows
                }
                Push::WaitingDelta(delta) => {
                    view.0.retain(|id, _| !delta.waiting_gone.contains(id));
                    &delta.waiting
                }
                _ => continue,
            };
            view.0.extend(rows.iter().map(|row| (row.conversation, row.clone())));
        }
        view
    }
}
