//! The promises of routing.md that a conversation itself keeps, one by one.

use super::*;

// Admission

#[test]
fn a_new_conversation_waits_in_the_queue_of_its_campaign() {
    let case = waiting(rules());
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::New });
    assert_eq!((case.conversation.campaign, case.conversation.segment), (SALES, 1));
    assert!(case.conversation.unanswered);
}

#[test]
fn out_of_hours_it_ends_at_once_or_waits_for_the_opening() {
    let mut closes = Case::new(ChannelKind::Webchat, rules());
    closes.does(Command::Admit(Admission::End(Ending::OutOfHours)));
    assert_eq!(closes.phase().as_str(), "closed");
    let mut waits = Case::new(ChannelKind::Webchat, rules());
    waits.does(Command::Admit(Admission::Queue(QueueReason::OutOfHours)));
    assert_eq!(*waits.phase(), Phase::Queued { reason: QueueReason::OutOfHours });
}

#[test]
fn it_is_admitted_once() {
    let mut case = waiting(rules());
    assert_eq!(case.does(Command::Admit(Admission::End(Ending::OutOfHours))), []);
}

// Offers

#[test]
fn an_offer_reserves_it_until_its_deadline() {
    let mut case = offered(rules());
    assert_eq!(case.conversation.next_due(), Some(case.now + Duration::from_secs(20)));
    assert_eq!(case.phase().owner(), None, "nobody owns what is only offered");
    let second = make_offer(2, BEN, &case);
    assert_eq!(case.refuses(second), Refusal::WrongState("offered"));
}

#[test]
fn who_accepts_gets_it() {
    let mut case = offered(rules());
    case.does(accept(1, ANA));
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
    assert_eq!(case.conversation.segment, 2);
}

#[test]
fn accept_is_idempotent_on_its_offer() {
    let mut case = active(rules());
    assert_eq!(case.does(accept(1, ANA)), []);
}

#[test]
fn a_late_accept_names_the_owner() {
    let mut case = offered(rules());
    case.does(end_offer(1, ANA, OfferOutcome::Missed));
    assert_eq!(case.refuses(accept(1, ANA)), Refusal::OfferGone { offer: offer_id(1), current: None });
    let offer = make_offer(2, BEN, &case);
    case.does(offer);
    case.does(accept(2, BEN));
    assert_eq!(case.refuses(accept(1, ANA)), Refusal::OfferGone { offer: offer_id(1), current: Some(BEN) });
}

#[test]
fn only_the_agent_it_was_made_to_can_answer_an_offer() {
    let mut case = offered(rules());
    assert_eq!(case.refuses(accept(1, BEN)), Refusal::OfferGone { offer: offer_id(1), current: None });
    case.does(end_offer(1, BEN, OfferOutcome::Declined));
    assert_eq!(case.phase().as_str(), "offered");
}

#[test]
fn decline_is_idempotent_on_its_offer_and_comes_too_late_after_an_accept() {
    let mut case = offered(rules());
    case.does(end_offer(1, ANA, OfferOutcome::Declined));
    assert_eq!(case.does(end_offer(1, ANA, OfferOutcome::Declined)), []);
    let gone = Refusal::OfferGone { offer: offer_id(1), current: Some(ANA) };
    assert_eq!(active(rules()).refuses(end_offer(1, ANA, OfferOutcome::Declined)), gone);
}

#[test]
fn who_missed_or_declined_is_passed_over_until_an_agent_answers() {
    let mut case = offered(rules());
    let arrived = case.conversation.arrived_at;
    assert_eq!(case.does(DUE), [], "the deadline has not come");
    case.after(Duration::from_secs(20)).does(DUE);
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::NotAccepted });
    assert_eq!(case.conversation.passed_over.as_slice(), [ANA]);
    let offer = make_offer(2, BEN, &case);
    case.does(offer);
    case.does(end_offer(2, BEN, OfferOutcome::Declined));
    assert_eq!(case.conversation.passed_over.as_slice(), [ANA, BEN]);
    let offer = make_offer(3, CARLA, &case);
    case.does(offer);
    case.does(accept(3, CARLA));
    assert_eq!(case.conversation.passed_over.as_slice(), [ANA, BEN]);
    case.does(reply(4, CARLA));
    assert!(case.conversation.passed_over.is_empty());
    assert_eq!((case.conversation.arrived_at, case.conversation.segment), (arrived, 2), "it was one wait");
}

#[test]
fn a_withdrawn_offer_is_not_held_against_the_agent() {
    let mut case = offered(rules());
    case.does(end_offer(1, ANA, OfferOutcome::Withdrawn));
    assert!(case.conversation.passed_over.is_empty());
}

#[test]
fn with_auto_accept_an_offer_is_taken_in_the_same_step() {
    let mut case = waiting(Rules { auto_accept: true, ..rules() });
    let offer = make_offer(1, ANA, &case);
    assert_eq!(case.does(offer).len(), 2);
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
}

// Waiting customers

#[test]
fn a_waiting_customer_may_leave_or_wait_too_long() {
    for (ending, phase) in [(Ending::Abandoned, "abandoned"), (Ending::Expired, "expired"), (Ending::Overflowed, "overflowed")] {
        let mut case = waiting(rules());
        case.does(Command::GiveUp(ending));
        assert_eq!(case.phase().as_str(), phase);
    }
}

#[test]
fn a_customer_who_leaves_takes_the_offer_back() {
    let mut case = offered(rules());
    let events = case.does(Command::GiveUp(Ending::Abandoned));
    let withdrawn = Event::OfferEnded { offer: offer_id(1), agent: ANA, outcome: OfferOutcome::Withdrawn };
    assert_eq!(events, [withdrawn, Event::Ended { ending: Ending::Abandoned, disposition: None }]);
}

#[test]
fn a_conversation_with_an_agent_is_not_abandoned() {
    assert_eq!(active(rules()).does(Command::GiveUp(Ending::Abandoned)), []);
}

// Agents who leave

#[test]
fn a_lost_agent_gives_it_back_with_its_arrival_time() {
    let mut case = active(rules());
    case.after(Duration::from_secs(90)).does(Command::Release { agent: ANA, reason: QueueReason::AgentLost });
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::AgentLost });
    assert_eq!((case.conversation.arrived_at, case.conversation.campaign), (START, SALES));
    assert_eq!(case.conversation.segment, 3, "the wait after the agent is a stay of its own");
}

#[test]
fn only_the_owner_can_be_lost() {
    assert_eq!(active(rules()).does(Command::Release { agent: BEN, reason: QueueReason::AgentLost }), []);
    assert_eq!(waiting(rules()).does(Command::Release { agent: ANA, reason: QueueReason::AgentLost }), []);
}

#[test]
fn an_agent_lost_in_wrap_up_has_closed_it() {
    let mut case = active(Rules { wrap_up: WrapUp::MandatoryTimed, wrap_up_time: Duration::from_secs(30), ..rules() });
    case.does(Command::Close { agent: ANA, force: false, disposition: Some(SOLVED), wrap_up: false });
    case.does(Command::Release { agent: ANA, reason: QueueReason::AgentLost });
    assert_eq!(*case.phase(), Phase::Ended { ending: Ending::Closed, disposition: Some(SOLVED) });
}

#[test]
fn a_sender_lost_during_a_transfer_ends_the_transfer() {
    let mut case = transferring(rules());
    case.does(Command::Release { agent: ANA, reason: QueueReason::AgentLost });
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::AgentLost });
    assert_eq!(case.refuses(accept(2, BEN)), Refusal::OfferGone { offer: offer_id(2), current: None });
}

// Transfers

#[test]
fn the_sender_keeps_it_until_the_target_accepts() {
    let mut case = transferring(rules());
    assert_eq!(case.phase().owner(), Some(ANA));
    case.does(reply(2, ANA));
    assert_eq!(case.refuses(reply(3, BEN)), Refusal::NotOwner { current: Some(ANA) });
    let events = case.does(accept(2, BEN));
    assert_eq!(events[0], Event::SegmentClosed { disposition: Some(PASSED_ON) }, "S1-16");
    assert_eq!(*case.phase(), Phase::Active { agent: BEN });
    assert_eq!((case.conversation.segment, case.conversation.hops), (3, 1));
}

#[test]
fn a_transfer_that_is_not_accepted_returns_to_the_sender() {
    let mut timed_out = transferring(rules());
    assert_eq!(timed_out.conversation.next_due(), Some(timed_out.now + TRANSFER_TIMEOUT));
    timed_out.after(TRANSFER_TIMEOUT).does(DUE);
    let mut declined = transferring(rules());
    declined.does(end_offer(2, BEN, OfferOutcome::Declined));
    for case in [timed_out, declined] {
        assert_eq!(*case.phase(), Phase::Active { agent: ANA });
        assert_eq!((case.conversation.segment, case.conversation.hops), (2, 0));
    }
}

#[test]
fn a_transfer_to_a_campaign_waits_there_with_its_arrival_time() {
    let mut case = active(rules());
    case.after(Duration::from_secs(60)).does(Command::Transfer { agent: ANA, to: TransferTo::Campaign(SUPPORT) });
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::Transferred });
    let conversation = &case.conversation;
    assert_eq!((conversation.campaign, conversation.arrived_at), (SUPPORT, START));
    assert_eq!((conversation.segment, conversation.hops), (3, 1), "a transfer closes a segment and opens the next");
}

#[test]
fn agents_transfer_to_agents_where_the_campaign_allows_it() {
    let mut case = active(Rules { transfer_to_agents: false, ..rules() });
    assert_eq!(case.refuses(transfer_to(2, BEN)), Refusal::NotAllowedInCampaign);
    case.does(Command::Transfer { agent: ANA, to: TransferTo::Campaign(SUPPORT) });
}

#[test]
fn agents_transfer_to_campaigns_and_skills_where_the_campaign_allows_it() {
    let mut case = active(Rules { transfer_to_campaigns: false, ..rules() });
    let skilled = vec![crate::domain::skill::SkillLevel { skill: crate::ids::SkillId::from_u128(50), level: 1 }];
    for to in [TransferTo::Campaign(SUPPORT), TransferTo::Skills(skilled)] {
        assert_eq!(case.refuses(Command::Transfer { agent: ANA, to }), Refusal::NotAllowedInCampaign);
    }
    // A consult asks an agent, and so does this.
    case.does(Command::Consult { agent: ANA, colleague: BEN });
    case.does(transfer_to(2, BEN));
}

#[test]
fn nobody_transfers_to_themselves_or_what_is_not_theirs() {
    assert_eq!(active(rules()).refuses(transfer_to(2, ANA)), Refusal::TransferTarget("same agent"));
    let of_another = Command::Transfer { agent: BEN, to: TransferTo::Campaign(SUPPORT) };
    assert_eq!(active(rules()).refuses(of_another), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(transferring(rules()).refuses(transfer_to(3, CARLA)), Refusal::WrongState("transferring"));
}

#[test]
fn a_conversation_is_transferred_ten_times_at_most() {
    let mut case = active(Rules { auto_accept: true, ..rules() });
    for hop in 0..u128::from(MAX_HOPS) {
        let (from, to) = if hop % 2 == 0 { (ANA, BEN) } else { (BEN, ANA) };
        case.does(Command::Transfer { agent: from, to: TransferTo::Agent { offer: offer_id(10 + hop), agent: to } });
    }
    assert_eq!(case.refuses(transfer_to(30, BEN)), Refusal::TooManyTransfers);
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
}

#[test]
fn a_transfer_without_a_limit_waits_until_somebody_ends_it() {
    let mut case = transferring(Rules { transfer_timeout: Duration::ZERO, ..rules() });
    assert_eq!(case.conversation.next_due(), None);
    assert_eq!(case.after(Duration::from_secs(86_400)).does(DUE), []);
    case.does(end_offer(2, BEN, OfferOutcome::Declined));
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
    case.does(transfer_to(3, BEN));
    case.does(end_offer(3, BEN, OfferOutcome::Withdrawn));
    case.does(transfer_to(4, BEN));
    let stored = serde_json::to_string(&case.conversation).unwrap();
    assert_eq!(serde_json::from_str::<Conversation>(&stored).unwrap(), case.conversation);
    case.does(accept(4, BEN));
    assert_eq!(*case.phase(), Phase::Active { agent: BEN });
}

// Sleep and snooze

#[test]
fn a_silent_customer_lets_it_sleep_and_wakes_it_with_a_message() {
    let mut case = active(rules());
    assert_eq!(case.does(Command::Sleep), [], "the customer waits for an answer");
    case.does(reply(2, ANA));
    case.does(Command::Sleep);
    assert_eq!(*case.phase(), Phase::Dormant { agent: ANA });
    case.does(receive(3));
    assert_eq!(*case.phase(), Phase::Active { agent: ANA }, "never silently re-routed");
}

#[test]
fn a_snoozed_conversation_comes_back_at_its_time_or_with_a_message() {
    let until = START + Duration::from_secs(600);
    let mut case = active(rules());
    case.does(Command::Park { agent: ANA, until });
    assert_eq!(*case.phase(), Phase::Parked { agent: ANA, until });
    let mut written_to = case.clone();
    written_to.does(receive(2));
    assert_eq!(*written_to.phase(), Phase::Active { agent: ANA });
    case.after(Duration::from_secs(599)).does(DUE);
    assert_eq!(case.phase().as_str(), "parked");
    case.after(Duration::from_secs(1)).does(DUE);
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
}

// Wrap-up and closing

#[test]
fn closing_needs_an_owner_a_reply_and_a_disposition_as_the_campaign_says() {
    let mut case = active(Rules { close_unanswered: false, needs_disposition: true, ..rules() });
    assert_eq!(case.refuses(close(BEN)), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(case.refuses(close(ANA)), Refusal::NotAnswered);
    case.does(reply(2, ANA));
    assert_eq!(case.refuses(close(ANA)), Refusal::DispositionNeeded);
    case.does(Command::Close { agent: ANA, force: false, disposition: Some(SOLVED), wrap_up: false });
    assert_eq!(*case.phase(), Phase::Ended { ending: Ending::Closed, disposition: Some(SOLVED) });
}

#[test]
fn wrap_up_ends_by_the_agent_or_by_itself() {
    let mut case = active(Rules { wrap_up: WrapUp::MandatoryTimed, wrap_up_time: Duration::from_secs(30), ..rules() });
    case.does(close(ANA));
    assert_eq!(case.phase().owner(), Some(ANA));
    let mut early = case.clone();
    assert_eq!(early.refuses(Command::EndWrapUp { agent: BEN }), Refusal::NotOwner { current: Some(ANA) });
    early.does(Command::EndWrapUp { agent: ANA });
    case.after(Duration::from_secs(30)).does(DUE);
    assert!(early.phase().is_ended() && case.phase().is_ended());
}

#[test]
fn a_message_during_wrap_up_goes_back_to_the_same_agent() {
    let mut case = active(Rules { wrap_up: WrapUp::MandatoryTimed, wrap_up_time: Duration::from_secs(30), ..rules() });
    case.does(close(ANA));
    case.does(receive(2));
    assert_eq!(*case.phase(), Phase::Active { agent: ANA });
    assert_eq!(case.conversation.next_due(), None);
}

#[test]
fn a_supervisor_closes_what_is_not_theirs_and_gets_no_wrap_up() {
    let forced = Command::Close { agent: SUPERVISOR, force: true, disposition: None, wrap_up: false };
    for mut case in [
        waiting(rules()),
        offered(rules()),
        active(Rules { wrap_up: WrapUp::MandatoryTimed, wrap_up_time: Duration::from_secs(30), ..rules() }),
    ] {
        case.does(forced.clone());
        assert_eq!(*case.phase(), Phase::Ended { ending: Ending::Closed, disposition: None });
    }
}

#[test]
fn what_is_closed_stays_closed_except_for_receipts() {
    let mut case = Case::new(ChannelKind::Api, rules());
    case.does(Command::Notice { message: message_id(1), content: text("We are closed"), out_of_hours: true });
    case.does(Command::Admit(Admission::End(Ending::OutOfHours)));
    assert_eq!(case.refuses(receive(2)), Refusal::Closed);
    assert_eq!(case.refuses(reply(3, ANA)), Refusal::Closed);
    case.does(move_delivery(1, Delivery::Sending));
    assert_eq!(case.does(move_delivery(1, Delivery::Read)).len(), 1);
}

// Messages

#[test]
fn only_the_owner_replies_and_says_something_the_channel_carries() {
    let mut case = active(Rules { external_resources: false, ..rules() });
    assert_eq!(case.refuses(reply(2, BEN)), Refusal::NotOwner { current: Some(ANA) });
    let reply = |content| Command::Reply { message: message_id(2), agent: ANA, content };
    assert_eq!(case.refuses(reply(text(" \n"))), Refusal::EmptyMessage);
    assert_eq!(case.refuses(reply(text(&"x".repeat(16 * 1024 + 1)))), Refusal::MessageTooLong);
    assert_eq!(case.refuses(reply(with_file())), Refusal::AttachmentsNotAllowed);
    case.does(reply(text(&"x".repeat(16 * 1024))));
    assert!(!case.conversation.unanswered && case.conversation.replied);
}

fn with_file() -> Content {
    let file = crate::domain::message::Attachment {
        id: crate::ids::AttachmentId::NIL,
        name: "invoice.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: 1,
    };
    Content { attachments: vec![file], ..text("") }
}

#[test]
fn who_writes_first_sends_no_more_than_who_answers() {
    let mut case = Case::new(ChannelKind::Api, Rules { external_resources: false, emoticons: false, ..rules() });
    case.conversation.initiative = Some(Initiative { agent: ANA, over_capacity: false });
    case.conversation.phase = Phase::Active { agent: ANA };
    let begin = |content| Command::Begin { message: message_id(1), agent: ANA, content };
    assert_eq!(case.refuses(begin(with_file())), Refusal::AttachmentsNotAllowed);
    assert_eq!(case.refuses(begin(text("👋"))), Refusal::EmoticonsNotAllowed);
    case.rules.external_resources = true;
    case.does(begin(with_file()));
}

#[test]
fn a_web_chat_message_is_sent_when_stored_and_others_wait_for_the_outbox() {
    for (kind, delivery) in [(ChannelKind::Webchat, Delivery::Sent), (ChannelKind::Api, Delivery::Queued)] {
        let mut case = Case::new(kind, rules());
        let events = case.does(Command::Notice { message: message_id(1), content: text("Welcome"), out_of_hours: false });
        assert_eq!(events, [Event::Noticed { message: message_id(1), delivery }]);
    }
}

#[test]
fn a_late_or_repeated_receipt_moves_nothing() {
    let mut case = active(rules());
    case.does(reply(2, ANA));
    assert_eq!(case.does(move_delivery(2, Delivery::Read)).len(), 1);
    for late in [Delivery::Read, Delivery::Delivered, Delivery::Sent, Delivery::Failed] {
        assert_eq!(case.does(move_delivery(2, late)), [], "{late:?}");
    }
    assert_eq!(case.does(move_delivery(99, Delivery::Read)), [], "a message of nobody");
}

#[test]
fn receipts_for_messages_no_longer_followed_are_checked_against_the_store() {
    let mut case = active(rules());
    for message in 2..=FOLLOWED_DELIVERIES as u128 + 2 {
        case.does(reply(message, ANA));
    }
    assert_eq!(case.conversation.deliveries.len(), FOLLOWED_DELIVERIES);
    let receipt = |stored| Command::MoveDelivery { message: message_id(2), stored, to: Delivery::Delivered, reason: None };
    assert_eq!(case.does(receipt(None)), [], "not followed and not in the store");
    assert_eq!(case.does(receipt(Some((5, Delivery::Read)))), []);
    let moved = Event::DeliveryMoved { message: message_id(2), of: 5, to: Delivery::Delivered, reason: None };
    assert_eq!(case.does(receipt(Some((5, Delivery::Sent)))), [moved]);
}

#[test]
fn who_has_it_repeats_only_the_accept_by_which_they_got_it() {
    let mut case = active(rules());
    assert_eq!(case.does(accept(1, ANA)), []);
    assert_eq!(case.refuses(accept(7, ANA)), Refusal::OfferGone { offer: offer_id(7), current: Some(ANA) });
    case.does(transfer_to(2, BEN));
    case.does(accept(2, BEN));
    assert_eq!(case.does(accept(2, BEN)), []);
    assert_eq!(case.refuses(accept(1, BEN)), Refusal::OfferGone { offer: offer_id(1), current: Some(BEN) });
}

#[test]
fn taking_is_offer_and_acceptance_in_one_and_only_of_what_waits() {
    let offer = |number, agent| Offer { id: offer_id(number), agent, deadline: Some(START) };
    let mut case = waiting(rules());
    let events = case.does(Command::Take(offer(1, ANA)));
    assert_eq!(
        events,
        [
            Event::Offered { offer: offer(1, ANA), why: None, assigned: None },
            Event::OfferAccepted { offer: offer_id(1), agent: ANA }
        ]
    );
    assert_eq!(case.does(Command::Take(offer(2, ANA))), []);
    assert_eq!(case.refuses(Command::Take(offer(2, BEN))), Refusal::Gone { current: Some(ANA) });
    assert_eq!(offered(rules()).refuses(Command::Take(offer(2, BEN))), Refusal::Gone { current: None });
}

#[test]
fn only_the_owner_wakes_what_is_snoozed_and_the_staff_sorts_it() {
    let mut case = active(rules());
    case.does(Command::Park { agent: ANA, until: seconds(9_000) });
    assert_eq!(case.refuses(Command::Wake { agent: BEN }), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(case.does(Command::Wake { agent: ANA }), [Event::Awoke]);
    assert_eq!(case.does(Command::Wake { agent: ANA }), []);
    let tag = |agent, force| Command::Tag { agent, force, tags: vec!["vip".to_owned()] };
    assert_eq!(case.refuses(tag(BEN, false)), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(case.does(tag(SUPERVISOR, true)), [Event::Tagged { tags: vec!["vip".to_owned()] }]);
    assert_eq!(case.does(tag(ANA, false)), []);
    let urgent = Command::Prioritise { agent: ANA, force: false, priority: Priority::Urgent };
    assert_eq!(case.does(urgent), [Event::Prioritised { priority: Priority::Urgent }]);
}

#[test]
fn only_what_failed_is_sent_again_and_only_once_however_often_it_is_asked_for() {
    let mut case = active(rules());
    case.conversation.kind = ChannelKind::Api;
    case.does(reply(2, ANA));
    let of = case.conversation.seq;
    let to = |to| Command::MoveDelivery { message: message_id(2), stored: None, to, reason: None };
    let retry = |agent, stored| Command::Retry { message: message_id(2), agent, stored };
    assert_eq!(case.does(retry(ANA, None)), []);
    case.does(to(Delivery::Sending));
    case.does(to(Delivery::Failed));
    // It is no longer followed here: the store says that it failed.
    let stored = Some((of, Delivery::Failed));
    assert_eq!(case.refuses(retry(BEN, stored)), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(case.does(retry(ANA, stored)), [Event::Retried { message: message_id(2), of, agent: ANA }]);
    assert_eq!(case.does(retry(ANA, stored)), []);
    // A receipt of the first attempt comes too early for the second.
    assert_eq!(case.does(to(Delivery::Delivered)), []);
    case.does(to(Delivery::Sending));
    case.does(to(Delivery::Sent));
    assert_eq!(case.refuses(retry(ANA, stored)), Refusal::NotFailed);
}

// Dynamic fields

fn fill(agent: AgentId, field: u128, value: Option<bool>) -> Command {
    let values = vec![(FieldId::from_u128(field), value.map(field::Value::Flag))];
    Command::SetFields { agent, force: false, values }
}

#[test]
fn it_is_closed_only_with_a_value_in_every_mandatory_field() {
    let mandatory = vec![FieldId::from_u128(1), FieldId::from_u128(2)];
    let mut case = active(Rules { mandatory: mandatory.clone(), ..rules() });
    assert_eq!(case.refuses(close(ANA)), Refusal::FieldsMissing(mandatory));
    case.does(fill(ANA, 2, Some(false)));
    assert_eq!(case.refuses(close(ANA)), Refusal::FieldsMissing(vec![FieldId::from_u128(1)]));
    let forced = Command::Close { agent: SUPERVISOR, force: true, disposition: None, wrap_up: false };
    assert_eq!(case.refuses(forced), Refusal::FieldsMissing(vec![FieldId::from_u128(1)]));
    case.does(fill(ANA, 1, Some(true)));
    case.does(fill(ANA, 2, None));
    assert_eq!(case.refuses(close(ANA)), Refusal::FieldsMissing(vec![FieldId::from_u128(2)]));
    case.does(fill(ANA, 2, Some(true)));
    case.does(close(ANA));
    assert!(case.phase().is_ended());
    assert_eq!(case.refuses(fill(ANA, 1, None)), Refusal::Closed);
}

#[test]
fn fields_are_filled_in_by_its_owner_also_in_wrap_up() {
    let mut case = active(Rules { wrap_up: WrapUp::MandatoryTimed, wrap_up_time: Duration::from_secs(30), ..rules() });
    assert_eq!(case.refuses(fill(BEN, 1, Some(true))), Refusal::NotOwner { current: Some(ANA) });
    case.does(close(ANA));
    assert_eq!(case.does(fill(ANA, 1, None)), [], "nothing to take away");
    case.does(fill(ANA, 1, Some(true)));
    assert_eq!(case.conversation.fields, [FieldId::from_u128(1)]);
}

#[test]
fn where_emoticons_are_off_they_are_refused_and_nothing_else() {
    let mut case = active(Rules { emoticons: false, ..rules() });
    let reply = |words: &str| Command::Reply { message: MessageId::from_u128(70), agent: ANA, content: text(words) };
    assert_eq!(case.refuses(reply("¡Hola! 👋")), Refusal::EmoticonsNotAllowed);
    case.does(reply("¡Hola! :-)"));
}

#[test]
fn a_customer_rates_what_is_over_and_may_think_again_for_a_day() {
    let rate = |score| Command::Rate { score };
    let mut case = active(rules());
    assert_eq!(case.refuses(rate(5)), Refusal::WrongState("active"));
    case.does(close(ANA));
    assert_eq!(case.does(rate(2)), [Event::Rated { score: 2 }]);
    assert_eq!(case.does(rate(2)), [], "the same again");
    assert_eq!(case.after(RATING_CHANGES - Duration::from_secs(1)).does(rate(5)), [Event::Rated { score: 5 }]);
    assert_eq!(case.conversation.rating.map(|rating| rating.score), Some(5));
    // A change does not begin another day.
    assert_eq!(case.after(Duration::from_secs(1)).refuses(rate(5)), Refusal::RatingFinal);
    assert_eq!(case.conversation.since, case.conversation.rating.unwrap().at, "rating is no part of its life");
}
