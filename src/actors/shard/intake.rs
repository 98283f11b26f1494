//! Which conversation a customer's message belongs to: the open one of the same channel account and contact, else a new one. Where a
//! contact has several at once ([`ChannelKind::has_threads`]), the message says which one, or that it begins one.

use std::{collections::VecDeque, sync::Arc};

use actix::{AsyncContext, Context, WrapFuture, fut::ActorFutureExt};

use super::{Child, QUEUE, Sender, Shard};
use crate::{
    actors::{
        conversation::{Birth, Request, Shared},
        engine::{CommandError, Inbound, Outgoing, Threading},
    },
    domain::{channel::ChannelKind, contact::Address, conversation::Conversation as State, mail::Envelope, skill::Preferred},
    ids::{CampaignId, ChannelId, ClientId, ContactId, ConversationId},
    store::{StoreError, contacts, contacts::Known, conversations},
};

/// What the store knows of a sender.
struct Found {
    contact: Known,
    open: Option<State>,
    preferred: Option<Preferred>,
}

/// The customer whom a message comes from or goes to, and where a conversation with them begins if none is open.
struct Party {
    channel: ChannelId,
    kind: ChannelKind,
    client: ClientId,
    campaign: CampaignId,
    address: Address,
    name: String,
    /// Where conversations have one.
    subject: Option<Arc<str>>,
}

impl Party {
    fn of(request: &Request) -> Option<Self> {
        match request {
            Request::Receive { inbound, .. } => {
                let Inbound { channel, kind, client, campaign, .. } = **inbound;
                let (address, name, subject) = (inbound.from.clone(), inbound.name.clone(), subject(kind, &inbound.mail));
                Some(Self { channel, kind, client, campaign, address, name, subject })
            }
            Request::Start { outgoing, .. } => {
                let Outgoing { channel, kind, client, campaign, .. } = **outgoing;
                let (address, name, subject) = (outgoing.to.clone(), outgoing.name.clone(), subject(kind, &outgoing.mail));
                Some(Self { channel, kind, client, campaign, address, name, subject })
            }
            Request::Command { .. } => None,
        }
    }
}

/// Which conversation it is for; none where the customer decides that.
fn threading(request: &Request) -> Option<Threading> {
    match request {
        Request::Receive { inbound, .. } => inbound.kind.has_threads().then_some(inbound.thread),
        Request::Start { outgoing, .. } => outgoing.kind.has_threads().then_some(Threading::New),
        Request::Command { .. } => None,
    }
}

fn subject(kind: ChannelKind, mail: &Option<Arc<Envelope>>) -> Option<Arc<str>> {
    kind.has_threads().then(|| mail.as_ref().map_or_else(Arc::default, |mail| mail.subject.as_str().into()))
}

fn addressed(request: &Request) -> Option<(ChannelId, &Address)> {
    match request {
        Request::Receive { inbound, .. } => Some((inbound.channel, &inbound.from)),
        Request::Start { outgoing, .. } => Some((outgoing.channel, &outgoing.to)),
        Request::Command { .. } => None,
    }
}

impl Shard {
    pub(super) fn intake(&mut self, request: Request, ctx: &mut Context<Self>) {
        match threading(&request) {
            Some(Threading::Joins(id)) => return self.deliver(id, request, ctx),
            Some(Threading::New | Threading::Contact) => return self.begin(request, ctx),
            None => {}
        }
        let Some((channel, address)) = addressed(&request) else { return };
        let key = (channel, address.value.clone().into_boxed_str());
        match self.by_address.get_mut(&key) {
            Some(Sender::At(id)) => {
                let id = *id;
                self.deliver(id, request, ctx);
            }
            Some(Sender::LookingUp(waiting)) if waiting.len() < QUEUE => waiting.push_back(request),
            Some(Sender::LookingUp(_)) => request.refuse(CommandError::Busy, ConversationId::NIL, &self.shared),
            None => {
                let shared = Arc::clone(&self.shared);
                let Some(party) = Party::of(&request) else { return };
                self.by_address.insert(key.clone(), Sender::LookingUp(VecDeque::from([request])));
                let look_up = async move { look_up(&shared, &party).await };
                ctx.spawn(look_up.into_actor(self).map(move |found, actor, ctx| actor.looked_up(key, found, ctx)));
            }
        }
    }

    /// Another conversation with its customer, whichever are open.
    fn begin(&self, request: Request, ctx: &mut Context<Self>) {
        let Some(party) = Party::of(&request) else { return };
        let shared = Arc::clone(&self.shared);
        let look_up = async move { (look_up(&shared, &party).await, party) };
        ctx.spawn(look_up.into_actor(self).map(|(found, party), actor, ctx| match found {
            Ok(found) => {
                let id = actor.start_with(party, found, ctx);
                actor.deliver(id, request, ctx);
            }
            Err(error) => {
                tracing::error!(%error, "cannot look up a sender");
                request.refuse(CommandError::Unavailable, ConversationId::NIL, &actor.shared);
            }
        }));
    }

    fn looked_up(&mut self, key: (ChannelId, Box<str>), found: Result<Option<Found>, StoreError>, ctx: &mut Context<Self>) {
        let Some(Sender::LookingUp(waiting)) = self.by_address.remove(&key) else { return };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "cannot look up a sender");
                for request in waiting {
                    request.refuse(CommandError::Unavailable, ConversationId::NIL, &self.shared);
                }
                return;
            }
        };
        let Some(party) = waiting.front().and_then(Party::of) else { return };
        let id = self.conversation_of(party, found, ctx);
        // Only a live conversation forgets the address when it ends; of any other the next message is looked up again.
        if let Some(Child::Live(live)) = self.children.get_mut(&id) {
            live.address = Some(key.1.clone());
            self.by_address.insert(key, Sender::At(id));
        }
        for request in waiting {
            self.deliver(id, request, ctx);
        }
    }

    fn conversation_of(&mut self, party: Party, found: Option<Found>, ctx: &mut Context<Self>) -> ConversationId {
        if let Some(Found { contact, open, .. }) = &found {
            if let Some(id) = self.by_contact.get(&(party.channel, contact.id)) {
                return *id;
            }
            if let Some(state) = open {
                // Ended or leaving since it was read: its actor hands the message back.
                if !self.children.contains_key(&state.id) {
                    self.start_loaded(Arc::new(state.clone()), None, ctx);
                }
                return state.id;
            }
        }
        self.start_with(party, found, ctx)
    }

    fn start_with(&mut self, party: Party, found: Option<Found>, ctx: &mut Context<Self>) -> ConversationId {
        let is_new = found.is_none();
        let (contact, name, noticed_at, preferred) = match found {
            Some(Found { contact, preferred, .. }) => (contact.id, contact.name, contact.noticed_at, preferred),
            None => (self.shared.ids.next(), party.name, None, None),
        };
        let birth = Birth {
            channel: party.channel,
            kind: party.kind,
            client: party.client,
            campaign: party.campaign,
            contact,
            is_new,
            name,
            address: party.address,
            noticed_at,
            preferred,
            subject: party.subject,
        };
        self.start_unborn(birth, ctx)
    }
}

async fn look_up(shared: &Shared, party: &Party) -> Result<Option<Found>, StoreError> {
    let Some(contact) = contacts::by_address(&shared.db, party.client, &party.address).await? else { return Ok(None) };
    let open =
        if party.kind.has_threads() { None } else { conversations::open_with(&shared.db, party.channel, contact.id).await? };
    let preferred = if open.is_none() { preferred(shared, party, contact.id).await? } else { None };
    Ok(Some(Found { contact, open, preferred }))
}

/// Who closed the contact's last conversation, if the campaign gives it back to them. Most campaigns do not, then nothing is read.
async fn preferred(shared: &Shared, party: &Party, contact: ContactId) -> Result<Option<Preferred>, StoreError> {
    let within = shared.directory.load().campaigns.get(&party.campaign).map(|campaign| campaign.comes_back_within());
    let Some(within) = within.filter(|within| !within.is_zero()) else { return Ok(None) };
    let last = conversations::last_with(&shared.db, party.channel, contact).await?;
    let finished = last.filter(|last| last.phase.is_ended() && shared.clock.now().since(last.since) <= within);
    Ok(finished.and_then(|last| Some(Preferred { agent: last.finished_by?, closed_at: last.since })))
}
