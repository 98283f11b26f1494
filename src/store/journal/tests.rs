use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use smallvec::smallvec;

use super::*;
use crate::{
    domain::{
        agent::{Agent, AgentEvent},
        channel::ChannelKind,
        conversation::{Conversation, Event},
        message::{Author, Message},
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, MessageId},
    store::{
        conversations,
        inbox::Claim,
        log,
        testing::{Scratch, on_both},
        write::{AgentAppend, ContactCard, ConversationAppend, Refused, RowChange, Subject},
    },
};

const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const CHANNEL: ChannelId = ChannelId::from_u128(1);

type Answer = std::sync::mpsc::Receiver<Result<Arc<Committed>, Refused>>;

fn started(number: u128, provider_id: &str) -> (Append, Answer) {
    let event = Event::Started {
        client: ClientId::from_u128(1),
        channel: CHANNEL,
        kind: ChannelKind::Api,
        campaign: CampaignId::from_u128(1),
        contact: ContactId::from_u128(number),
        noticed_at: None,
        preferred: None,
        initiative: None,
    };
    let mut state = Conversation::started(ConversationId::from_u128(number), &event, AT).unwrap();
    let received = Event::MessageReceived { message: MessageId::from_u128(number) };
    state.apply(&received, AT);
    let message = Message {
        id: MessageId::from_u128(number),
        seq: 2,
        author: Author::Contact,
        text: "¿Hola? \u{1F600} \"quoted\" \\ '".into(),
        attachments: vec![],
        mail: None,
        at: AT,
        delivery: None,
    };
    let (send, answer) = std::sync::mpsc::channel();
    let append = Append {
        subject: Subject::Conversation(Box::new(ConversationAppend {
            memories: smallvec::SmallVec::new(),
            day: Timestamp::default(),
            contact: Arc::new(ContactCard {
                id: state.contact,
                name: "Ana".into(),
                address: "ana-1".into(),
                fields: BTreeMap::new(),
                subject: None,
            }),
            last: None,
            state: Arc::new(state),
            first_seq: 1,
            events: smallvec![(event, By::Contact, Some(provider_id.to_owned())), (received, By::Contact, None)],
            at: AT,
            messages: smallvec![Arc::new(message)],
            new_contact: None,
            noticed: false,
            outbox: smallvec![],
            fields: vec![],
            concerned: smallvec![],
            row: RowChange::Whole,
        })),
        claims: smallvec![Claim::new(CHANNEL, provider_id.to_owned(), AT)],
        recorded: smallvec![],
        done: Box::new(move |result| {
            let _ = send.send(result);
        }),
    };
    (append, answer)
}

fn outcome(answer: &Answer) -> Result<Arc<Committed>, Refused> {
    answer.recv_timeout(Duration::from_secs(10)).expect("the journal answers every append")
}

#[test]
fn what_is_committed_is_readable_and_dense() {
    on_both(|scratch: Scratch| async move {
        let published = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&published);
        let (journal, thread, opened) = scratch.journal(move |group: Group| {
            seen.lock().unwrap().extend(group.iter().flat_map(|append| append.entries.iter().map(|entry| entry.pos)));
        });
        assert_eq!(opened.head, 0);
        let answers: Vec<Answer> = (1..=300)
            .map(|number| {
                let (append, answer) = started(number, &format!("m{number}"));
                assert!(journal.append(append).is_ok());
                answer
            })
            .collect();
        for answer in &answers {
            outcome(answer).unwrap();
        }
        let db = scratch.open().await;
        let entries = log::after(&db, STREAM, 0, 1_000).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.pos).collect::<Vec<_>>(), (1..=600).collect::<Vec<_>>());
        let state = conversations::state(&db, ConversationId::from_u128(7)).await.unwrap().unwrap();
        assert_eq!(state.seq, 2);
        let messages = conversations::messages_after(&db, state.id, 0, 10).await.unwrap();
        assert_eq!(&*messages[0].message.text, "¿Hola? \u{1F600} \"quoted\" \\ '");
        drop(journal);
        thread.join();
        assert_eq!(*published.lock().unwrap(), (1..=600).collect::<Vec<_>>());
    });
}

#[test]
fn a_repeated_message_is_one_message_whether_in_the_same_group_or_later() {
    on_both(|scratch: Scratch| async move {
        let (journal, thread, _) = scratch.journal(|_| {});
        let mut answers = Vec::new();
        for number in 1..=20 {
            let (append, answer) = started(number, &format!("m{}", number % 2));
            assert!(journal.append(append).is_ok());
            answers.push(answer);
        }
        let committed = answers.iter().filter(|answer| outcome(answer).is_ok()).count();
        assert_eq!(committed, 2);
        let (append, answer) = started(99, "m1");
        assert!(journal.append(append).is_ok());
        assert!(matches!(outcome(&answer), Err(Refused::Duplicate { claims, .. }) if claims.as_slice() == [0]));
        drop(journal);
        thread.join();
    });
}

#[test]
fn one_bad_append_is_refused_alone() {
    on_both(|scratch: Scratch| async move {
        let (journal, thread, _) = scratch.journal(|_| {});
        let mut answers = Vec::new();
        for number in 1..=50_u128 {
            let (mut append, answer) = started(number, &format!("m{number}"));
            if let (17, Subject::Conversation(change)) = (number, &mut append.subject) {
                Arc::make_mut(&mut change.state).contact = ContactId::from_u128(3);
            }
            assert!(journal.append(append).is_ok());
            answers.push(answer);
        }
        let refused: Vec<usize> = (0..50).filter(|index| outcome(&answers[*index]).is_err()).collect();
        assert_eq!(refused.len(), 1, "one of the two that want the same contact: {refused:?}");
        let db = scratch.open().await;
        assert_eq!(log::head(&db, STREAM).await.unwrap(), 98);
        drop(journal);
        thread.join();
    });
}

#[test]
fn agents_are_folded_beside_their_facts() {
    on_both(|scratch: Scratch| async move {
        let (journal, thread, _) = scratch.journal(|_| {});
        let mut state = Agent::signed_out(AgentId::from_u128(5));
        let events = [AgentEvent::SignedIn, AgentEvent::BecameAvailable];
        for event in &events {
            state.apply(event, AT);
        }
        let (send, answer) = std::sync::mpsc::channel();
        let append = Append {
            subject: Subject::Agent(AgentAppend {
                state: state.clone(),
                events: events.into_iter().map(|event| (event, By::User(state.id))).collect(),
                at: AT,
            }),
            claims: smallvec![],
            recorded: smallvec![],
            done: Box::new(move |result| {
                let _ = send.send(result);
            }),
        };
        assert!(journal.append(append).is_ok());
        outcome(&answer).unwrap();
        let db = scratch.open().await;
        let entries = log::after(&db, STREAM, 0, 10).await.unwrap();
        assert_eq!(entries.len(), 2);
        drop(journal);
        thread.join();
    });
}

#[test]
fn a_second_owner_fences_the_first() {
    on_both(|scratch: Scratch| async move {
        let (first, first_thread, _) = scratch.journal(|_| {});
        let (third, third_thread, _) = scratch.journal(|_| {});
        let (second, second_thread, _) = scratch.journal(|_| {});
        let write = vec![crate::store::idempotency::forget(AT)];
        let refused = third.write(write, None, By::System, None).await;
        assert!(matches!(refused, Err(WriteError::Store(StoreError::Fenced))), "{refused:?}");
        let (append, answer) = started(1, "m1");
        assert!(first.append(append).is_ok());
        assert!(matches!(outcome(&answer), Err(Refused::Unavailable)));
        assert_eq!(first.health(), Health::Fenced);
        let (append, answer) = started(1, "m1");
        assert!(second.append(append).is_ok());
        outcome(&answer).unwrap();
        drop((first, second, third));
        first_thread.join();
        third_thread.join();
        second_thread.join();
    });
}
