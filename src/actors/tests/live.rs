//! What is shown live: a snapshot and everything after it is the same as a fresh snapshot (R9), and nobody is left with
//! something old (R10).

mod views;

use std::sync::Arc;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use self::views::{BoardView, QueueView, ThreadView};
use crate::{
    actors::{
        engine::TransferTarget,
        sink::{SINK_BYTES, Sink},
        testing::{ANA, CHANNEL, Desk, EVA, House, LUIS, LUNCH, Plan, Recorder, SOL, SUPPORT, Tab, eventually, on_both},
        watch::{Follow, Thread},
    },
    domain::{
        agent::AgentCommand,
        channel::ChannelKind,
        conversation::{Command, OfferOutcome, Priority},
        delivery::Delivery,
        log::By,
    },
    ids::{AgentId, ConversationId, MessageId, VisitorId},
    store::conversations::{self, StoredMessage},
    wire::live::{Frame, Push},
};

#[test]
fn a_tab_that_resumes_gets_exactly_what_it_missed() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let (ana, stays) = (house.at_work(ANA).await, house.tab(ANA));
        let id = house.talk(&ana, "visitor-1").await;
        stays.active(id).await;
        let pos = stays.sink.frames().last().unwrap().pos;
        house.close(&ana);
        for text in ["1", "2", "3"] {
            house.says("visitor-1", text).await;
        }
        let done = house.replies(ANA, id, "4").await;
        let said = |frame: &Frame| match &frame.push {
            Push::Conversation(delta) => delta.messages.iter().any(|message| message.id == done).then_some(()),
            _ => None,
        };
        stays.until("the reply", said).await;
        let back = house.resume(ANA, Some(pos));
        back.until("the reply", said).await;
        let missed: Vec<Frame> = stays.sink.frames().into_iter().filter(|frame| frame.pos > pos).collect();
        assert_eq!(back.sink.frames(), missed);
        assert!(missed.len() >= 2 && missed.iter().all(|frame| matches!(frame.push, Push::Conversation(_))));
    });
}

#[test]
fn a_tab_with_a_position_that_means_nothing_here_starts_over() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        for pos in [0, 1_000_000] {
            let tab = house.resume(ANA, Some(pos));
            tab.active(id).await;
            assert!(matches!(tab.sink.frames()[0].push, Push::Me(_)));
        }
        let house = house.stop().again().await;
        let tab = house.resume(ANA, Some(1));
        tab.active(id).await;
        assert!(matches!(tab.sink.frames()[0].push, Push::Me(_)));
    });
}

#[test]
fn a_tab_that_missed_more_than_it_could_take_at_once_starts_over() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let pos = ana.sink.frames().last().unwrap().pos;
        let text = "x".repeat(SINK_BYTES / 4);
        for _ in 0..5 {
            house.says("visitor-1", &text).await;
        }
        let reply = house.replies(ANA, id, "ya").await;
        let said = |frame: &Frame| match &frame.push {
            Push::Conversation(delta) => delta.messages.iter().any(|message| message.id == reply).then_some(()),
            _ => None,
        };
        ana.until("the reply", said).await;
        let tab = house.resume(ANA, Some(pos));
        tab.active(id).await;
        assert!(matches!(tab.sink.frames()[0].push, Push::Me(_)));
        assert_eq!(tab.shows(), ana.shows());
    });
}

#[test]
fn a_slow_tab_loses_deltas_and_gets_a_fresh_snapshot_when_there_is_room() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let (ana, slow) = (house.at_work(ANA).await, house.tab(ANA));
        let id = house.talk(&ana, "visitor-1").await;
        slow.active(id).await;
        slow.sink.set_room(0);
        house.says("visitor-1", "¿Sigue ahí?").await;
        let second = house.talk(&ana, "visitor-2").await;
        assert!(!slow.shows().conversations.contains_key(&second));
        slow.sink.set_room(usize::MAX);
        slow.active(second).await;
        let frames = slow.sink.frames();
        let notice = frames.iter().position(|frame| frame.push == Push::Resync).unwrap();
        assert!(matches!(frames[notice + 1].push, Push::Me(_)));
        assert_eq!(slow.shows(), ana.shows());
    });
}

#[test]
fn a_slow_viewer_of_a_thread_gets_all_of_it_again() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let id = house.says("visitor-1", "1").await;
        let sink = follow(&house, id);
        let texts = || ThreadView::of(&sink.frames()).texts();
        eventually("the thread", async || (texts() == ["1"]).then_some(())).await;
        sink.set_room(0);
        house.says("visitor-1", "2").await;
        house.says("visitor-1", "3").await;
        sink.set_room(usize::MAX);
        eventually("the whole thread", async || (texts() == ["1", "2", "3"]).then_some(())).await;
    });
}

#[test]
fn a_visitor_sees_the_answers_and_the_end() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let visitor = VisitorId::from_u128(77);
        let id = house.talk(&ana, &visitor.to_string()).await;
        let sink = Arc::new(Recorder::default());
        let thread = Thread::Visitor(CHANNEL, visitor);
        let id_of_tab = house.number();
        let seat = Arc::clone(&sink) as Arc<dyn Sink>;
        assert!(house.engine.follow(Follow { id: id_of_tab, sink: seat, thread, as_owner: None, user: None }));
        let seen = || {
            let chats = sink.frames().into_iter().filter_map(|frame| match frame.push {
                Push::Chat(chat) => Some(chat),
                _ => None,
            });
            let (mut texts, mut ended) = (Vec::new(), false);
            for chat in chats {
                texts.extend(chat.messages.into_iter().map(|message| message.text));
                ended = chat.ended;
            }
            (texts, ended)
        };
        eventually("the snapshot", async || (seen() == (vec!["Hola".to_owned()], false)).then_some(())).await;
        house.replies(ANA, id, "Dígame").await;
        house.command(ANA, id, Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false }).await.unwrap();
        let all = (vec!["Hola".to_owned(), "Dígame".to_owned()], true);
        eventually("the end", async || (seen() == all).then_some(())).await;
    });
}

#[test]
fn what_no_hint_announced_is_read_from_the_log_and_told_to_everybody_it_concerns() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.permissions.close_unanswered = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let (closed, given) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        let sink = follow(&house, given);
        let texts = || ThreadView::of(&sink.frames()).texts();
        eventually("the thread", async || (texts() == ["Hola"]).then_some(())).await;
        house.lose_hints();
        house.command(SOL, closed, Command::Close { agent: SOL, force: true, disposition: None, wrap_up: false }).await.unwrap();
        house.says("visitor-2", "¿Hay alguien?").await;
        house.engine.transfer(given, ANA, TransferTarget::Campaign(SUPPORT), By::User(ANA), None).await.unwrap();
        assert_eq!(ana.gone(closed).await, None);
        assert_eq!(ana.gone(given).await, None);
        assert_eq!(texts(), ["Hola", "¿Hay alguien?"]);
        let eva = house.at_work(EVA).await;
        house.accept(&eva, given).await;
        assert!(ana.shows().conversations.is_empty());
    });
}

fn follow(house: &House, id: ConversationId) -> Arc<Recorder> {
    let sink = Arc::new(Recorder::default());
    let (thread, seat) = (Thread::Conversation(id), Arc::clone(&sink) as Arc<dyn Sink>);
    assert!(house.engine.follow(Follow { id: house.number(), sink: seat, thread, as_owner: None, user: None }));
    sink
}

/// R9: after every command, whether it was refused or not.
#[test]
fn after_every_command_a_snapshot_and_its_deltas_are_a_fresh_snapshot() {
    for seed in 1..=4 {
        on_both(|scratch| walk(scratch, seed));
    }
}

async fn walk(scratch: crate::store::testing::Scratch, seed: u64) {
    let mut plan = Plan { kind: ChannelKind::Api, capacity: 60, ..Plan::default() };
    plan.sales.permissions.close_unanswered = true;
    plan.sales.wrap_up_seconds = u32::from(seed.is_multiple_of(2));
    plan.sales.auto_accept = seed == 3;
    let house = House::open(scratch, plan).await;
    let mut walker = Walker {
        tabs: vec![house.at_work(ANA).await, house.at_work(LUIS).await, house.at_work(EVA).await],
        threads: Vec::new(),
        board: house.look_at_board(),
        queue: house.look_at_queue(ANA),
        random: StdRng::seed_from_u64(seed),
        house,
    };
    for step in 0..120 {
        let what = walker.step().await;
        walker.check_inboxes(&format!("seed {seed}, step {step}: {what}")).await;
        if step % 20 == 19 {
            walker.check_threads_and_board().await;
        }
    }
}

struct Walker {
    house: House,
    tabs: Vec<Tab>,
    threads: Vec<(ConversationId, Arc<Recorder>)>,
    board: Arc<Recorder>,
    queue: Arc<Recorder>,
    random: StdRng,
}

impl Walker {
    async fn step(&mut self) -> String {
        let agent = *[ANA, LUIS, EVA].choose(&mut self.random).unwrap();
        let Some(id) = self.threads.choose(&mut self.random).map(|(id, _)| *id) else { return self.write().await };
        match self.random.random_range(0..21) {
            0..3 => self.write().await,
            3..16 => self.command(agent, id).await,
            16 => {
                let agent = self.house.stored(id).await.phase.owner().unwrap_or(agent);
                let to = if self.random.random() { TransferTarget::Agent(LUIS) } else { TransferTarget::Campaign(SUPPORT) };
                let done = self.house.engine.transfer(id, agent, to, By::User(agent), None).await;
                format!("{agent} transfers {id}: {done:?}")
            }
            17 => {
                let done = self.house.engine.take(id, agent, By::User(agent), None).await;
                format!("{agent} takes {id}: {done:?}")
            }
            _ => {
                let commands = [
                    (AgentCommand::BeAvailable, agent),
                    (AgentCommand::BeAvailable, agent),
                    (AgentCommand::EndPause, SOL),
                    (AgentCommand::EndPause, SOL),
                    (AgentCommand::TakeBreak(LUNCH), agent),
                    (AgentCommand::BreakAfterCurrent(LUNCH), agent),
                    (AgentCommand::ForcePause(SOL), SOL),
                    (AgentCommand::EndPause, SOL),
                    (AgentCommand::SignIn, agent),
                    (AgentCommand::SignOut { by: Some(SOL) }, SOL),
                ];
                let (command, by) = commands.choose(&mut self.random).unwrap().clone();
                let what = format!("{agent}: {command:?}");
                let signs_out = matches!(command, AgentCommand::SignOut { .. });
                let _ = self.house.engine.agent(agent, command, By::User(by), None).await;
                if signs_out {
                    let tab = self.house.at_work(agent).await;
                    self.tabs.retain(|tab| tab.agent != agent);
                    self.tabs.push(tab);
                }
                what
            }
        }
    }

    async fn write(&mut self) -> String {
        let from = format!("customer-{}", self.random.random_range(0..8));
        let id = self.house.says(&from, "Hola").await;
        if !self.threads.iter().any(|(known, _)| *known == id) {
            self.threads.push((id, follow(&self.house, id)));
        }
        format!("{from} writes to {id}")
    }

    async fn command(&mut self, agent: AgentId, id: ConversationId) -> String {
        let state = self.house.stored(id).await;
        let offer = state.phase.offer().map_or_else(|| self.house.engine.ids.next(), |offer| offer.id);
        let concerned = state.phase.offer().map(|offer| offer.agent).or(state.phase.owner());
        let agent = if self.random.random_bool(0.9) { concerned.unwrap_or(agent) } else { agent };
        let content = crate::domain::message::Content::plain("Dígame");
        let message: MessageId = self.house.engine.ids.next();
        let sent = conversations::messages_after(&self.house.engine.db, id, 0, 100).await.unwrap();
        let outbound = |stored: &&StoredMessage| stored.message.delivery.is_some();
        let stored = sent.iter().rfind(outbound).and_then(|last| Some((last.message.seq, last.message.delivery?)));
        let of = sent.iter().filter(|stored| stored.message.delivery.is_some()).map(|stored| stored.message.id).next_back();
        let to = *[Delivery::Sending, Delivery::Sent, Delivery::Delivered, Delivery::Failed].choose(&mut self.random).unwrap();
        let until = self.house.engine.clock.now() + std::time::Duration::from_millis(200);
        let commands = [
            Command::Accept { offer, agent },
            Command::EndOffer { offer, agent, outcome: OfferOutcome::Declined },
            Command::Reply { message, agent, content: content.clone() },
            Command::Reply { message, agent, content: content.clone() },
            Command::Note { message, agent, content: content.clone(), mentions: vec![LUIS] },
            Command::Notice { message, content, out_of_hours: true },
            Command::MoveDelivery { message: of.unwrap_or(message), stored: None, to, reason: Some("told".to_owned()) },
            Command::MoveDelivery { message: of.unwrap_or(message), stored: None, to: Delivery::Sending, reason: None },
            Command::Close { agent, force: false, disposition: None, wrap_up: false },
            Command::Close { agent: SOL, force: true, disposition: None, wrap_up: false },
            Command::EndWrapUp { agent },
            Command::Park { agent, until },
            Command::Park { agent, until: until + std::time::Duration::from_secs(60) },
            Command::Wake { agent },
            Command::Retry { message: of.unwrap_or(message), agent, stored },
            Command::Retry { message: of.unwrap_or(message), agent, stored },
            Command::Tag { agent, force: true, tags: vec!["vip".to_owned()] },
            Command::Tag { agent, force: false, tags: Vec::new() },
            Command::Prioritise { agent, force: true, priority: Priority::Urgent },
            Command::Sleep,
            Command::MoveDelivery { message: of.unwrap_or(message), stored: None, to, reason: None },
        ];
        let offered = state.phase.offer().is_some() && self.random.random_bool(0.5);
        let command = if offered { commands.first() } else { commands.choose(&mut self.random) }.unwrap().clone();
        let what = format!("{agent} on {id}: {command:?}");
        let _ = self.house.command(agent, id, command).await;
        what
    }

    /// A new tab's snapshot stands at a position: what older tabs have up to it must be the same.
    async fn check_inboxes(&self, what: &str) {
        for tab in &self.tabs {
            let fresh = self.house.tab(tab.agent);
            let snapshot = fresh.until("a snapshot", |frame| matches!(frame.push, Push::Me(_)).then(|| frame.clone())).await;
            let expected = Desk::at(std::slice::from_ref(&snapshot), u64::MAX);
            let folded = Desk::at(&tab.sink.frames(), snapshot.pos);
            assert_eq!(folded.conversations, expected.conversations, "{what}");
            eventually("the same presence", async || (tab.shows().presence == fresh.shows().presence).then_some(())).await;
            self.house.engine.detach(fresh.agent, fresh.id);
        }
    }

    async fn check_threads_and_board(&self) {
        for (id, sink) in &self.threads {
            eventually("the same thread", async || {
                let fresh = follow(&self.house, *id);
                let there = eventually("a thread", async || Some(fresh.frames()).filter(|frames| !frames.is_empty())).await;
                (ThreadView::of(&sink.frames()) == ThreadView::of(&there)).then_some(())
            })
            .await;
        }
        eventually("the same board", async || {
            let fresh = self.house.look_at_board();
            let there = eventually("a board", async || Some(fresh.frames()).filter(|frames| !frames.is_empty())).await;
            (BoardView::of(&self.board.frames()) == BoardView::of(&there)).then_some(())
        })
        .await;
        eventually("the same queue", async || {
            let fresh = self.house.look_at_queue(ANA);
            let there = eventually("a queue", async || Some(fresh.frames()).filter(|frames| !frames.is_empty())).await;
            (QueueView::of(&self.queue.frames()) == QueueView::of(&there)).then_some(())
        })
        .await;
    }
}
