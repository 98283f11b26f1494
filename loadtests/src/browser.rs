//! An agent's browser: a socket that connects again by itself, and what it shows, folded from snapshots and deltas.
//!
//! At rest the fold must equal a fresh snapshot (R9), and every message must have been pushed exactly once (R3, R10).

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use centralita::{
    ids::{ConversationId, MessageId},
    wire::{
        conversation::{Standing, Summary},
        live::{ConversationDelta, Frame, Me, Presence, Push},
    },
};
use tokio::sync::mpsc;

use crate::{Outcome, audit::MessageRow, message::Mark, report::Findings, setup::AgentAccess, socket::Socket};

const KNOCK_EVERY: Duration = Duration::from_millis(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A conversation that a customer wrote in, for whoever answers.
#[derive(Clone, Debug)]
pub(crate) struct ToAnswer {
    /// Which.
    pub(crate) conversation: ConversationId,
    /// Who has it.
    pub(crate) agent: AgentAccess,
}

/// What a browser shows.
#[derive(Default)]
pub(crate) struct View {
    epoch: String,
    pos: u64,
    presence: Option<Presence>,
    conversations: BTreeMap<ConversationId, Summary>,
    /// Up to which `seq` each conversation was known before its first delta: from there on every message must come.
    base: BTreeMap<ConversationId, u64>,
    /// Up to which `seq` the last snapshot reached: nothing before that comes again.
    covered: BTreeMap<ConversationId, u64>,
    seen: BTreeSet<MessageId>,
    /// Connections so far, and those that began with a snapshot though a position was named.
    pub(crate) connections: u64,
    pub(crate) snapshots: u64,
    pub(crate) pushed_twice: u64,
    connected: bool,
    findings: Findings,
}

/// What a frame asks the browser to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait for more.
    Wait,
    /// Subscribe again, without a position.
    StartOver,
}

impl View {
    /// From where to carry on, once something is known.
    fn position(&self) -> Option<(String, u64)> {
        (!self.epoch.is_empty()).then(|| (self.epoch.clone(), self.pos))
    }

    /// Folds a frame. Conversations in which a customer wrote are appended to `written`.
    pub(crate) fn apply(&mut self, frame: Frame, written: &mut Vec<ConversationId>) -> Next {
        if frame.topic != "me" {
            return Next::Wait;
        }
        if !matches!(frame.push, Push::Me(_) | Push::Resync | Push::Reload | Push::Typing(_)) {
            if frame.epoch != self.epoch {
                self.findings.add(format!("a delta of epoch {} after epoch {}", frame.epoch, self.epoch));
            }
            // What was pushed before is not pushed again: every change of the log has a position of its own.
            if frame.pos <= self.pos {
                self.findings.add(format!("a delta at {} after a frame at {}", frame.pos, self.pos));
            }
        }
        match frame.push {
            Push::Me(me) => self.replace(me),
            Push::Conversation(delta) => self.change(delta, written),
            Push::Gone(gone) => self.forget(gone.conversation),
            Push::Presence(presence) => self.presence = Some(presence),
            Push::Reload => {
                self.epoch.clear();
                return Next::StartOver;
            }
            Push::Denied(denied) => self.findings.add(format!("denied: {denied:?}")),
            Push::SignedOut => self.findings.add("signed out"),
            // A snapshot follows.
            Push::Resync | Push::Typing(_) => return Next::Wait,
            Push::Hello(_)
            | Push::Thread(_)
            | Push::Viewers(_)
            | Push::Chat(_)
            | Push::ChatTyping(_)
            | Push::Queue(_)
            | Push::Board(_)
            | Push::BoardDelta(_)
            | Push::Waiting(_)
            | Push::WaitingDelta(_) => {
                self.findings.add("a frame of another topic under `me`");
            }
        }
        self.epoch = frame.epoch;
        self.pos = frame.pos;
        Next::Wait
    }

    fn replace(&mut self, me: Me) {
        self.snapshots += 1;
        self.presence = me.presence;
        self.base = me.conversations.iter().map(|summary| (summary.id, summary.seq)).collect();
        self.covered = self.base.clone();
        self.conversations = me.conversations.into_iter().map(|summary| (summary.id, summary)).collect();
    }

    fn change(&mut self, delta: ConversationDelta, written: &mut Vec<ConversationId>) {
        let ConversationDelta { conversation, messages, .. } = delta;
        let (id, seq) = (conversation.id, conversation.seq);
        match self.conversations.get(&id) {
            // The same again is possible: a delta brings the state as it is now, which may be that of a later change.
            Some(known) if seq < known.seq => {
                self.findings.add(format!("conversation {id} at {seq} was pushed after it had been at {}", known.seq));
            }
            Some(_) => {}
            // What an offer brings along is its own affair; from here on nothing may be missing.
            None => {
                self.base.insert(id, seq);
            }
        }
        for message in &messages {
            if !self.seen.insert(message.id) {
                self.pushed_twice += 1;
                self.findings.add(format!("message {} was pushed twice", message.id));
            }
            if self.covered.get(&id).is_some_and(|covered| message.seq <= *covered) {
                self.findings.add(format!("message {} was pushed after a snapshot that contained it", message.id));
            }
            if message.seq > seq {
                self.findings.add(format!("message {} has number {}, beyond its conversation's {seq}", message.id, message.seq));
            }
        }
        if matches!(conversation.standing, Standing::Active { .. })
            && messages.iter().any(|message| matches!(Mark::of(&message.text), Some(Mark::Inbound(_))))
        {
            written.push(id);
        }
        if matches!(conversation.standing, Standing::Ended { .. }) {
            self.forget(id);
        } else {
            self.conversations.insert(id, conversation);
        }
    }

    fn forget(&mut self, id: ConversationId) {
        self.conversations.remove(&id);
        self.base.remove(&id);
        self.covered.remove(&id);
    }

    /// How this view differs from a fresh snapshot; none when it does not.
    pub(crate) fn difference(&self, fresh: &Me) -> Option<String> {
        let fresh_conversations: BTreeMap<_, _> = fresh.conversations.iter().map(|summary| (summary.id, summary)).collect();
        if self.presence != fresh.presence {
            return Some(format!("presence {:?}, fresh {:?}", self.presence, fresh.presence));
        }
        let ids = self.conversations.keys().chain(fresh_conversations.keys());
        let differing = ids.into_iter().find(|id| self.conversations.get(id) != fresh_conversations.get(id).copied())?;
        Some(format!("{:?}, fresh {:?}", self.conversations.get(differing), fresh_conversations.get(differing)))
    }

    /// Messages that this browser should have been pushed and was not, each in words.
    pub(crate) fn missed(&self, stored: &BTreeMap<(ConversationId, u64), MessageRow>) -> Vec<String> {
        let mut missed = Vec::new();
        for summary in self.conversations.values() {
            let Some(base) = self.base.get(&summary.id).filter(|base| **base < summary.seq) else { continue };
            for ((conversation, seq), row) in stored.range((summary.id, base + 1)..=(summary.id, summary.seq)) {
                if !self.seen.contains(&row.id) {
                    missed.push(format!(
                        "message {} ({:?}, event {seq} of conversation {conversation}, known since event {base}, shown at {}; connection {})",
                        row.id, row.mark, summary.seq, self.connections
                    ));
                }
            }
        }
        missed
    }

    /// Everything found so far, taken.
    pub(crate) fn take_findings(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    /// Its socket is open and subscribed.
    pub(crate) const fn is_connected(&self) -> bool {
        self.connected
    }
}

/// An agent's browser.
pub(crate) struct Browser {
    /// Whose it is.
    pub(crate) agent: AgentAccess,
    /// What it shows.
    pub(crate) view: Rc<RefCell<View>>,
    host: String,
}

impl Browser {
    /// Opens it; it lives on the current thread until the runtime ends. Some of the conversations a customer wrote in are
    /// told to `to_answer`, as long as it has room.
    pub(crate) fn open(host: &str, agent: AgentAccess, to_answer: mpsc::Sender<ToAnswer>) -> Self {
        let view = Rc::new(RefCell::new(View::default()));
        let browser = Self { agent, view, host: host.to_owned() };
        tokio::task::spawn_local(stay_connected(browser.host.clone(), browser.agent.clone(), browser.view.clone(), to_answer));
        browser
    }

    /// A fresh snapshot, by another socket.
    pub(crate) async fn fresh(&self) -> Outcome<Me> {
        let read = async {
            let mut socket = Socket::open(&self.host, &self.agent.token, None).await?;
            socket.subscribe(None).await?;
            while let Some(frame) = socket.next().await? {
                if let Push::Me(me) = frame.push {
                    return Ok(me);
                }
            }
            Err("the connection ended before the snapshot".into())
        };
        tokio::time::timeout(ANSWER_WITHIN, read).await.map_err(|_| "no snapshot within 5 s")?
    }
}

async fn stay_connected(host: String, agent: AgentAccess, view: Rc<RefCell<View>>, to_answer: mpsc::Sender<ToAnswer>) {
    loop {
        // Failing to connect is what a browser lives with while the server is away; what it then shows is checked at rest.
        if let Ok(socket) = Socket::open(&host, &agent.token, None).await
            && let Err(failure) = follow(socket, &agent, &view, &to_answer).await
        {
            view.borrow_mut().findings.add(failure.to_string());
        }
        view.borrow_mut().connected = false;
        tokio::time::sleep(KNOCK_EVERY).await;
    }
}

async fn follow(
    mut socket: Socket,
    agent: &AgentAccess,
    view: &RefCell<View>,
    to_answer: &mpsc::Sender<ToAnswer>,
) -> Outcome<()> {
    let position = view.borrow().position();
    // A connection that ends at once is one more failed attempt.
    if socket.subscribe(position.as_ref().map(|(epoch, pos)| (epoch.as_str(), *pos))).await.is_err() {
        return Ok(());
    }
    {
        let mut view = view.borrow_mut();
        view.connections += 1;
        view.connected = true;
    }
    let mut written = Vec::new();
    while let Some(frame) = socket.next().await? {
        let next = view.borrow_mut().apply(frame, &mut written);
        for conversation in written.drain(..) {
            // Full: enough are being answered.
            let _ = to_answer.try_send(ToAnswer { conversation, agent: agent.clone() });
        }
        if next == Next::StartOver && socket.subscribe(None).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn id(number: u128) -> String {
        ConversationId::from_u128(number).to_string()
    }

    fn summary(conversation: u128, seq: u64, standing: Value) -> Value {
        json!({
            "id": id(conversation), "client": id(0), "channel": id(0), "channel_kind": "api", "campaign": id(0), "contact": id(0),
            "contact_name": "Ana", "contact_address": "c-1", "seq": seq, "standing": standing,
            "since": "2026-01-01T00:00:00Z", "arrived_at": "2026-01-01T00:00:00Z", "last_message_at": "2026-01-01T00:00:00Z",
            "unanswered": true, "replied": false, "tags": [], "priority": "normal", "snoozed_until": null, "preview": null,
        })
    }

    fn active() -> Value {
        json!({ "is": "active", "agent": id(0) })
    }

    fn message(number: u128, seq: u64) -> Value {
        json!({ "id": id(number), "seq": seq, "author": { "is": "contact" }, "text": "~m1t0~ Hola", "at": "2026-01-01T00:00:00Z" })
    }

    fn frame(pos: u64, kind: &str, data: Value) -> Frame {
        serde_json::from_value(json!({ "v": 1, "topic": "me", "epoch": "e", "pos": pos, "kind": kind, "data": data })).unwrap()
    }

    fn me(summaries: Vec<Value>) -> Value {
        json!({ "user": id(0), "role": "agent", "presence": null, "conversations": summaries })
    }

    fn delta(pos: u64, conversation: u128, seq: u64, messages: Vec<Value>) -> Frame {
        frame(pos, "conversation", json!({ "conversation": summary(conversation, seq, active()), "messages": messages }))
    }

    fn view(frames: Vec<Frame>) -> (View, Vec<ConversationId>) {
        let (mut view, mut written) = (View::default(), Vec::new());
        for frame in frames {
            assert_eq!(view.apply(frame, &mut written), Next::Wait);
        }
        (view, written)
    }

    fn fresh(summaries: Vec<Value>) -> Me {
        serde_json::from_value(me(summaries)).unwrap()
    }

    fn rows(entries: &[(u128, u64, u128)]) -> BTreeMap<(ConversationId, u64), MessageRow> {
        let row = |message| MessageRow { id: MessageId::from_u128(message), by_contact: true, delivery: None, mark: None };
        entries
            .iter()
            .map(|(conversation, seq, message)| ((ConversationId::from_u128(*conversation), *seq), row(*message)))
            .collect()
    }

    #[test]
    fn snapshot_and_deltas_equal_a_fresh_snapshot() {
        let (mut shown, written) = view(vec![
            frame(5, "me", me(vec![summary(1, 4, active())])),
            delta(6, 1, 5, vec![message(11, 5)]),
            delta(7, 2, 3, vec![]),
            frame(8, "gone", json!({ "conversation": id(2), "owner": null })),
        ]);
        assert_eq!(shown.difference(&fresh(vec![summary(1, 5, active())])), None);
        assert_eq!(written, [ConversationId::from_u128(1)]);
        assert_eq!((shown.position(), shown.take_findings().count()), (Some(("e".to_owned(), 8)), 0));
        assert!(shown.difference(&fresh(vec![summary(1, 6, active())])).is_some(), "a stale one is found");
        assert!(shown.difference(&fresh(vec![])).is_some(), "one too many is found");
        assert!(
            shown.difference(&fresh(vec![summary(1, 5, active()), summary(3, 1, active())])).is_some(),
            "a missing one is found"
        );
    }

    #[test]
    fn a_message_that_never_came_is_found_and_one_before_the_snapshot_is_not_expected() {
        let (shown, _) = view(vec![frame(5, "me", me(vec![summary(1, 4, active())])), delta(7, 1, 6, vec![message(11, 6)])]);
        let stored = rows(&[(1, 2, 9), (1, 5, 10), (1, 6, 11), (1, 7, 12), (2, 5, 13)]);
        let missed = shown.missed(&stored);
        assert!(missed.len() == 1 && missed[0].contains(&MessageId::from_u128(10).to_string()), "{missed:?}");
    }

    #[test]
    fn a_repeat_or_a_step_back_is_found() {
        let start = || vec![frame(5, "me", me(vec![summary(1, 4, active())])), delta(6, 1, 5, vec![message(11, 5)])];
        let with = |frame| {
            let (mut shown, _) = view(start().into_iter().chain([frame]).collect());
            (shown.pushed_twice, shown.take_findings().count())
        };
        assert_eq!(with(delta(7, 1, 6, vec![message(12, 6)])), (0, 0));
        assert_eq!(with(delta(7, 1, 6, vec![message(11, 5)])), (1, 1));
        assert_eq!(with(delta(7, 1, 4, vec![])), (0, 1), "an earlier state");
        assert_eq!(with(delta(4, 1, 6, vec![])), (0, 1), "an earlier position");
        assert_eq!(with(delta(6, 1, 6, vec![])), (0, 1), "the same position again");
        assert_eq!(with(delta(7, 1, 6, vec![message(13, 4)])), (0, 1), "a message that the snapshot contained");
        assert_eq!(with(delta(7, 1, 5, vec![message(13, 5)])), (0, 0), "a later change's state came with the one before");
        let mut other_epoch = delta(7, 1, 6, vec![]);
        other_epoch.epoch = "f".to_owned();
        assert_eq!(with(other_epoch), (0, 1));
    }

    #[test]
    fn a_reload_forgets_the_position() {
        let (mut shown, _) = view(vec![frame(5, "me", me(vec![]))]);
        assert_eq!(shown.apply(frame(5, "reload", Value::Null), &mut Vec::new()), Next::StartOver);
        assert_eq!(shown.position(), None);
    }
}
