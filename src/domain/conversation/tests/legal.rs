//! What must hold after any command in any state.

use std::collections::BTreeSet;

use super::*;

/// Panics unless `after` is a state that `command` may lead to from `before` by `events`.
pub(super) fn assert_legal(before: &Conversation, command: &Command, events: &[Event], after: &Conversation, now: Timestamp) {
    assert_identity_is_kept(before, after);
    assert_counters_only_grow(before, events, after);
    assert_ended_is_the_end(before, events, after);
    assert_ownership_passes_by_acceptance(before, events, after);
    assert_every_offer_has_one_outcome(before, events, after);
    assert_the_sender_keeps_what_is_transferred(before, after);
    assert_deliveries_move_forward(before, command, events, after);
    assert_due_keeps_to_the_deadline(before, command, events, now);
    assert_a_note_changes_nothing_else(before, command, after);
    assert_time_runs_against_who_is_to_answer(after);
    assert_who_stands_beside_is_somebody_else(after);
    if events.is_empty() {
        assert_eq!(after, before, "{command:?} changed the state without an event");
    }
    if after.phase != before.phase {
        assert_eq!(after.since, now);
    }
}

fn assert_identity_is_kept(before: &Conversation, after: &Conversation) {
    let identity = |c: &Conversation| (c.id, c.client, c.channel, c.kind, c.contact, c.arrived_at);
    assert_eq!(identity(after), identity(before));
}

fn assert_counters_only_grow(before: &Conversation, events: &[Event], after: &Conversation) {
    assert_eq!(after.seq, before.seq + events.len() as u64, "conv_seq is dense");
    assert!(after.segment >= before.segment);
    assert!(after.hops >= before.hops && after.hops <= MAX_HOPS);
    assert!(after.last_message_at >= before.last_message_at);
    assert!(after.replied >= before.replied);
    let everyone: BTreeSet<_> = after.passed_over.iter().collect();
    assert_eq!(everyone.len(), after.passed_over.len(), "nobody is passed over twice");
}

fn assert_ended_is_the_end(before: &Conversation, events: &[Event], after: &Conversation) {
    if before.phase.is_ended() {
        assert_eq!(after.phase, before.phase);
        assert!(
            events.iter().all(|event| matches!(event, Event::DeliveryMoved { .. } | Event::Rated { .. })),
            "{events:?} after the end"
        );
    }
}

/// An agent gets a conversation by accepting an offer and in no other way, and each owner, each return to a queue and
/// each other queue is a segment of its own.
fn assert_ownership_passes_by_acceptance(before: &Conversation, events: &[Event], after: &Conversation) {
    if let Some(owner) = after.phase.owner().filter(|owner| before.phase.owner() != Some(*owner)) {
        let accepted = |event: &Event| matches!(event, Event::OfferAccepted { agent, .. } if *agent == owner);
        assert!(events.iter().any(accepted), "{owner} owns it without having accepted");
    }
    let left_its_owner = before.phase.owner().is_some() && after.phase.owner().is_none() && !after.phase.is_ended();
    let goes_elsewhere =
        |event: &Event| matches!(event, Event::Queued { reason: QueueReason::Overflowed | QueueReason::Moved, .. });
    let waited = matches!(before.phase, Phase::Queued { .. } | Phase::Offered { .. });
    let left_its_queue = waited && events.iter().any(goes_elsewhere);
    if left_its_owner || left_its_queue || events.iter().any(|event| matches!(event, Event::OfferAccepted { .. })) {
        assert!(after.segment > before.segment, "a stay began without a segment");
    } else {
        assert_eq!(after.segment, before.segment);
    }
}

/// In every step, offers that were open or were made = outcomes + the offer that is still open.
fn assert_every_offer_has_one_outcome(before: &Conversation, events: &[Event], after: &Conversation) {
    let mut open: Vec<OfferId> = before.phase.offer().map(|offer| offer.id).into_iter().collect();
    for event in events {
        match event {
            Event::Offered { offer, .. } | Event::TransferOffered { offer, .. } => {
                assert!(open.is_empty(), "a second offer beside {open:?}");
                open.push(offer.id);
            }
            Event::OfferAccepted { offer, .. } | Event::OfferEnded { offer, .. } => {
                assert_eq!(open.pop(), Some(*offer), "an outcome of an offer that is not open");
            }
            _ => {}
        }
    }
    assert_eq!(open.first().copied(), after.phase.offer().map(|offer| offer.id));
}

fn assert_the_sender_keeps_what_is_transferred(before: &Conversation, after: &Conversation) {
    if let Phase::Transferring { from, offer } = &after.phase {
        assert_eq!(before.phase.owner(), Some(*from));
        assert_eq!(after.phase.owner(), Some(*from));
        assert_ne!(offer.agent, *from);
    }
}

fn assert_deliveries_move_forward(before: &Conversation, command: &Command, events: &[Event], after: &Conversation) {
    let stored = |message: MessageId| match command {
        Command::MoveDelivery { message: of, stored, .. } | Command::Retry { message: of, stored, .. } if *of == message => {
            *stored
        }
        _ => None,
    };
    let followed =
        |message: MessageId| before.deliveries.iter().find(|(id, ..)| *id == message).map(|(_, of, state)| (*of, *state));
    for event in events {
        if let Event::DeliveryMoved { message, of, to, .. } = event {
            let (seq, from) = followed(*message).or(stored(*message)).expect("a known message");
            assert_eq!(*of, seq, "a move names the event that recorded the message");
            assert!(from.may_become(*to), "{from:?} became {to:?}");
        }
    }
    for event in events {
        if let Event::Retried { message, of, .. } = event {
            let (seq, from) = followed(*message).or(stored(*message)).expect("a known message");
            assert_eq!(*of, seq, "a retry names the event that recorded the message");
            assert!(matches!(from, Delivery::Failed | Delivery::Rejected), "{from:?} was sent again");
        }
    }
    assert!(after.deliveries.len() <= FOLLOWED_DELIVERIES);
    assert!(after.deliveries.iter().all(|(_, of, state)| *of <= after.seq && (!state.is_final() || *state == Delivery::Cancelled)));
}

fn assert_time_runs_against_who_is_to_answer(after: &Conversation) {
    if let Some(awaited) = after.awaited {
        assert!(after.phase.owner().is_some() && !matches!(after.phase, Phase::WrapUp { .. }), "{after:?}");
        assert_eq!(matches!(awaited, Awaited::Customer { .. }), !after.unanswered, "{after:?}");
    }
    if after.sleeps_at.is_some() {
        assert!(matches!(after.phase, Phase::Active { .. } | Phase::Transferring { .. }), "{after:?}");
        assert!(after.replied && !after.unanswered, "{after:?}");
    }
}

/// One who is consulted needs somebody who asks; nobody is both the owner and beside.
fn assert_who_stands_beside_is_somebody_else(after: &Conversation) {
    let (owner, sender) = (after.phase.owner(), after.sender().map(|sender| sender.agent));
    if after.consulted().is_some() {
        assert!(owner.is_some() && owner != after.consulted() && !matches!(after.phase, Phase::WrapUp { .. }), "{after:?}");
    }
    assert!(sender.is_none() || (owner != sender && !after.phase.is_ended()), "{after:?}");
    assert!(after.beside.as_deref() != Some(&Beside::default()), "nobody stands there");
}

fn assert_a_note_changes_nothing_else(before: &Conversation, command: &Command, after: &Conversation) {
    if matches!(command, Command::Note { .. }) {
        assert_eq!(after, &Conversation { seq: after.seq, ..before.clone() });
    }
}

fn assert_due_keeps_to_the_deadline(before: &Conversation, command: &Command, events: &[Event], now: Timestamp) {
    if matches!(command, Command::Due { .. }) {
        let is_due = before.next_due().is_some_and(|due| due <= now);
        assert_eq!(!events.is_empty(), is_due, "due {:?} at {now}: {events:?}", before.next_due());
    }
}
