//! Agents: one task each, signed in like a person, with one thing to do next for every conversation they have.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use super::{
    House,
    line::{As, Mishap, Socket},
    play::{Heard, Play},
};
use crate::{
    demo::{
        folder::Person,
        scripts::{Speaker, TO_OLD_FRIENDS, TO_STRANGERS},
    },
    domain::{channel::ChannelKind, field},
    ids::{BreakId, CampaignId, ConversationId, DispositionId, FieldId, OfferId, UserId},
    wire::{
        conversation::{Standing, Summary},
        live::{Activity, Frame, Push},
    },
};

/// After a shift that ended badly.
const NEXT_SHIFT: Duration = Duration::from_secs(8);
/// A tab that hears nothing for so long connects again: the server greets every few seconds.
const SILENCE: Duration = Duration::from_secs(90);
/// How a conversation is closed whose customer says nothing more.
const UNANSWERED: &str = "Sin respuesta";
/// How any other is closed that follows no script.
const ANSWERED: &str = "Consulta resuelta";

/// What the sign-in says of the agent.
#[derive(Deserialize)]
struct Profile {
    user: Option<User>,
    campaigns: Vec<Campaign>,
    trees: Vec<Vec<Disposition>>,
    breaks: Vec<Break>,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
    name: String,
}

#[derive(Deserialize)]
struct Campaign {
    id: CampaignId,
    fields: Vec<Field>,
    tree: Option<usize>,
}

#[derive(Deserialize)]
struct Field {
    id: FieldId,
    kind: field::Kind,
    mandatory: bool,
}

#[derive(Deserialize)]
struct Disposition {
    id: DispositionId,
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Break {
    id: BreakId,
}

/// What an agent is about to do with a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Accept(OfferId),
    Type,
    Say,
    /// Everything was said.
    Close,
    /// The customer is gone.
    GiveUp,
    Finish,
}

/// A conversation of the agent's.
struct Mine {
    summary: Summary,
    /// On the clock.
    next: Option<(Duration, Act)>,
    /// Answers outside a script.
    improvised: usize,
    followed: bool,
}

/// Works as this person until the simulation ends.
pub(super) async fn work(house: Arc<House>, person: Person, wait: Duration, mut random: StdRng) {
    sleep(wait).await;
    loop {
        if let Err(error) = shift(&house, &person, &mut random).await {
            tracing::debug!(%error, login = person.login, "an agent of the demo starts over");
        }
        sleep(NEXT_SHIFT).await;
    }
}

async fn shift(house: &House, person: &Person, random: &mut StdRng) -> Result<(), Mishap> {
    let (cookie, profile) = house.line.sign_in(&person.login, &person.password).await?;
    let profile: Profile = serde_json::from_value(profile).map_err(|_| Mishap::Other("an odd profile"))?;
    let user = profile.user.as_ref().ok_or(Mishap::Other("nobody signed in"))?;
    let (id, name) = (user.id, user.name.clone());
    let mut socket = house.line.socket("/ws", &As::Staff(&cookie)).await?;
    socket.send(Message::text(json!({ "kind": "subscribe", "topic": "me" }).to_string())).await?;
    let mine = FxHashMap::default();
    Desk { house, random, cookie, profile, id, name, socket, mine, back_at: None }.work().await
}

struct Desk<'a> {
    house: &'a House,
    random: &'a mut StdRng,
    cookie: String,
    profile: Profile,
    id: UserId,
    name: String,
    socket: Socket,
    mine: FxHashMap<ConversationId, Mine>,
    /// When the break is over.
    back_at: Option<Duration>,
}

impl Desk<'_> {
    async fn work(mut self) -> Result<(), Mishap> {
        loop {
            let due = self.mine.iter().filter_map(|(id, mine)| mine.next.map(|(at, act)| (at, Some((*id, act)))));
            let next = due.chain(self.back_at.map(|at| (at, None))).min_by_key(|(at, _)| *at);
            let wait = next.map_or(SILENCE, |(at, _)| at.saturating_sub(self.house.clock.elapsed()));
            tokio::select! {
                () = sleep(wait) => match next {
                    Some((_, Some((conversation, act)))) => self.do_now(conversation, act).await?,
                    Some((_, None)) => self.come_back().await?,
                    None => return Err(Mishap::Other("the socket is silent")),
                },
                heard = self.socket.next() => {
                    let message = heard.ok_or(Mishap::Other("the socket ended"))??;
                    if let Some(frame) = message.to_text().ok().and_then(|text| serde_json::from_str::<Frame>(text).ok()) {
                        self.hear(frame.push).await?;
                    }
                }
            }
        }
    }

    async fn hear(&mut self, push: Push) -> Result<(), Mishap> {
        match push {
            Push::Me(me) => {
                self.mine.retain(|id, _| me.conversations.iter().any(|summary| summary.id == *id));
                for summary in me.conversations {
                    self.consider(summary).await?;
                }
                if let Some(presence) = me.presence {
                    self.look_at_presence(presence.activity);
                }
            }
            Push::Conversation(delta) => self.consider(delta.conversation).await?,
            Push::Gone(gone) => self.drop_it(gone.conversation).await?,
            Push::Presence(presence) => self.look_at_presence(presence.activity),
            Push::SignedOut | Push::Reload => return Err(Mishap::Other("the server says so")),
            _ => {}
        }
        Ok(())
    }

    /// Nobody stays on a break or away for good; what a supervisor has paused stays paused.
    fn look_at_presence(&mut self, activity: Activity) {
        if matches!(activity, Activity::OnBreak { .. } | Activity::NotResponding | Activity::SignedOut) && self.back_at.is_none()
        {
            self.back_at = Some(self.soon(20.0, 60.0));
        }
    }

    fn soon(&mut self, from: f64, to: f64) -> Duration {
        self.house.clock.elapsed() + self.house.pause(self.random, from, to)
    }

    /// What is to be done next with a conversation that has changed.
    async fn consider(&mut self, summary: Summary) -> Result<(), Mishap> {
        let id = summary.id;
        let play = self.house.stage.find(&summary.contact_address);
        let improvised = self.mine.get(&id).map_or(0, |mine| mine.improvised);
        let wants = self.wish(&summary, play.as_deref(), improvised);
        if matches!(summary.standing, Standing::Ended { .. }) {
            return self.drop_it(id).await;
        }
        let (now, own) = (self.house.clock.elapsed(), self.id);
        let kept = self.mine.get(&id).and_then(|mine| mine.next);
        let next = match (kept, wants) {
            (_, None) => None,
            // Already on it.
            (Some((at, Act::Say)), Some((_, Act::Type))) => Some((at, Act::Say)),
            (Some((at, act)), Some((_, wanted))) if act == wanted => Some((at, act)),
            (_, Some(((from, to), act))) => Some((now + self.house.pause(self.random, from, to), act)),
        };
        let is_own = matches!(summary.standing, Standing::Active { agent } if agent == own);
        let mine = self.mine.entry(id).or_insert(Mine { summary: summary.clone(), next: None, improvised: 0, followed: false });
        (mine.summary, mine.next) = (summary, next);
        if is_own && !mine.followed {
            mine.followed = true;
            self.topic("subscribe", id).await?;
        }
        Ok(())
    }

    /// With the seconds it takes.
    fn wish(&self, summary: &Summary, play: Option<&Play>, improvised: usize) -> Option<((f64, f64), Act)> {
        let is_old = summary.arrived_at.0 < self.house.began;
        match &summary.standing {
            Standing::Offered { offer, agent, .. } | Standing::Transferring { offer, agent, .. } if *agent == self.id => {
                Some(((1.0, 5.0), Act::Accept(*offer)))
            }
            Standing::Active { agent } if *agent == self.id => Some(if summary.unanswered {
                // Who has only thanked needs no answer.
                let over = play.is_some_and(Play::is_over) && summary.replied;
                // Those of yesterday are taken up one after the other.
                let pause = if is_old && improvised == 0 && play.is_none() { (4.0, 70.0) } else { (3.0, 9.0) };
                if over { ((4.0, 10.0), Act::Close) } else { (pause, Act::Type) }
            } else if play.is_some_and(Play::is_over) || improvised >= TO_STRANGERS.len() {
                ((4.0, 10.0), Act::Close)
            } else if is_old && improvised > 0 {
                ((10.0, 60.0), Act::Close)
            } else {
                ((150.0, 240.0), Act::GiveUp)
            }),
            Standing::WrapUp { agent, locked: false, .. } if *agent == self.id => Some(((3.0, 9.0), Act::Finish)),
            Standing::Dormant { agent } if *agent == self.id => Some(((150.0, 240.0), Act::GiveUp)),
            _ => None,
        }
    }

    async fn topic(&mut self, kind: &str, id: ConversationId) -> Result<(), Mishap> {
        let ask = json!({ "kind": kind, "topic": format!("conversation:{id}") });
        Ok(self.socket.send(Message::text(ask.to_string())).await?)
    }

    async fn drop_it(&mut self, id: ConversationId) -> Result<(), Mishap> {
        match self.mine.remove(&id) {
            Some(mine) if mine.followed => self.topic("unsubscribe", id).await,
            _ => Ok(()),
        }
    }

    async fn call(&self, method: Method, id: ConversationId, what: &str, body: Value) -> Result<Value, Mishap> {
        self.house.line.call(method, &format!("/api/v1/conversations/{id}/{what}"), &As::Staff(&self.cookie), &body).await
    }

    /// What a rule refuses was done by somebody else meanwhile: the next frame says by whom.
    async fn do_now(&mut self, id: ConversationId, act: Act) -> Result<(), Mishap> {
        if let Some(mine) = self.mine.get_mut(&id) {
            mine.next = None;
        }
        let address = self.mine.get(&id).map(|mine| mine.summary.contact_address.clone()).unwrap_or_default();
        let is_said = self.house.stage.find(&address).is_some_and(|play| play.is_over());
        let act = if matches!(act, Act::Type | Act::Say) && is_said {
            // The customer's last word came just before it counted as said.
            Act::Close
        } else {
            act
        };
        let done = match act {
            Act::Accept(offer) => self.call(Method::POST, id, "accept", json!({ "offer": offer })).await.map(drop),
            Act::Type => return self.begin_to_type(id).await,
            Act::Say => self.say(id).await,
            Act::Close | Act::GiveUp => self.close(id, act).await,
            Act::Finish => self.call(Method::POST, id, "wrap-up/end", json!({})).await.map(drop),
        };
        match done {
            Err(Mishap::Refused(status, code)) => {
                tracing::debug!(%status, code, ?act, "refused to an agent of the demo");
                let at = self.soon(150.0, 240.0);
                if let Some(mine) = self.mine.get_mut(&id) {
                    mine.next.get_or_insert((at, Act::GiveUp));
                }
                Ok(())
            }
            done => done,
        }
    }

    async fn begin_to_type(&mut self, id: ConversationId) -> Result<(), Mishap> {
        let ask = json!({ "kind": "typing", "conversation": id, "mode": "reply" });
        self.socket.send(Message::text(ask.to_string())).await?;
        let at = self.soon(2.0, 6.0);
        if let Some(mine) = self.mine.get_mut(&id) {
            mine.next = Some((at, Act::Say));
        }
        Ok(())
    }

    async fn say(&mut self, id: ConversationId) -> Result<(), Mishap> {
        let Some(mine) = self.mine.get(&id) else { return Ok(()) };
        let (first, tagged) = (!mine.summary.replied, mine.summary.tags.is_empty());
        let play = self.house.stage.find(&mine.summary.contact_address);
        let said = match &play {
            Some(play) => play.agent(&self.name),
            None => vec![(Speaker::Agent, self.improvise(id))],
        };
        for (who, text) in said {
            let what = if who == Speaker::Note { "notes" } else { "messages" };
            self.call(Method::POST, id, what, json!({ "text": text })).await?;
        }
        if let Some(play) = play.filter(|_| first && tagged)
            && self.random.random_bool(0.6)
        {
            self.call(Method::PUT, id, "tags", json!({ "tags": play.dialogue.tags })).await?;
            self.call(Method::PUT, id, "priority", json!({ "priority": play.dialogue.priority })).await?;
        }
        Ok(())
    }

    /// To whoever follows no script.
    fn improvise(&mut self, id: ConversationId) -> String {
        let Some(mine) = self.mine.get_mut(&id) else { return String::new() };
        let is_old = mine.summary.arrived_at.0 < self.house.began;
        let text = if is_old {
            TO_OLD_FRIENDS.choose(self.random).copied().unwrap_or_default()
        } else {
            TO_STRANGERS.get(mine.improvised).or(TO_STRANGERS.last()).copied().unwrap_or_default()
        };
        mine.improvised += 1;
        let first = |name: &str| name.split_whitespace().next().unwrap_or_default().to_owned();
        let text = text.replace("{agente}", &first(&self.name));
        match mine.summary.contact_name.as_str() {
            "" => text.replace(", {nombre}", ""),
            name => text.replace("{nombre}", &first(name)),
        }
    }

    async fn close(&mut self, id: ConversationId, act: Act) -> Result<(), Mishap> {
        let Some(mine) = self.mine.get(&id) else { return Ok(()) };
        let summary = mine.summary.clone();
        let play = self.house.stage.find(&summary.contact_address);
        let Some(campaign) = self.profile.campaigns.iter().find(|campaign| campaign.id == summary.campaign) else {
            return Ok(());
        };
        let number = play.as_ref().map_or_else(|| "100000".to_owned(), |play| play.dialogue.customer.number.clone());
        let values: serde_json::Map<String, Value> = campaign
            .fields
            .iter()
            .filter(|field| field.kind == field::Kind::Document && !summary.fields.contains_key(&field.id))
            .filter(|field| field.mandatory || play.is_some())
            .map(|field| (field.id.to_string(), number.clone().into()))
            .collect();
        let (script, chat) =
            (play.as_ref().map(|play| play.dialogue.disposition.as_str()), summary.channel_kind == ChannelKind::Webchat);
        let tree = campaign.tree.and_then(|number| self.profile.trees.get(number)).map_or(&[][..], Vec::as_slice);
        let named = |name: &str| tree.iter().find(|one| one.path.last().is_some_and(|last| last == name));
        let wanted = match (act, script) {
            (Act::GiveUp, Some(_)) => named(UNANSWERED),
            (_, script) => script.and_then(named).or_else(|| named(ANSWERED)),
        };
        let disposition = wanted.map(|one| one.id);
        if !values.is_empty() {
            self.call(Method::PUT, id, "fields", json!({ "values": values })).await?;
        }
        self.call(Method::POST, id, "close", json!({ "disposition": disposition })).await?;
        // A web chat tells its visitor by itself.
        if let Some(play) = play.filter(|_| !chat) {
            play.tell(Heard::Ended(Some(id)));
        }
        self.rest_perhaps().await
    }

    /// Now and then, when the conversations at hand are over.
    async fn rest_perhaps(&mut self) -> Result<(), Mishap> {
        if self.back_at.is_some() || !self.random.random_bool(0.12) {
            return Ok(());
        }
        let Some(kind) = self.profile.breaks.choose(self.random).map(|kind| kind.id) else { return Ok(()) };
        let body = json!({ "break_id": kind, "when": "after_current" });
        let answer = self.house.line.call(Method::POST, "/api/v1/me/presence", &As::Staff(&self.cookie), &body).await;
        self.back_at = Some(self.soon(100.0, 260.0));
        answer.map(drop)
    }

    async fn come_back(&mut self) -> Result<(), Mishap> {
        self.back_at = None;
        let who = As::Staff(&self.cookie);
        match self.house.line.call(Method::POST, "/api/v1/me/presence", &who, &json!({ "available": true })).await {
            Err(Mishap::Refused(..)) => Ok(()),
            answer => answer.map(drop),
        }
    }
}
