//! Whose answer is timed: inactivity (S1-14, S1-15) and the first-response guard.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A campaign that reminds silent customers every minute.
fn impatient() -> Rules {
    Rules { silence: Some(MINUTE), reminds: true, ..rules() }
}

/// Answered by [`ANA`] and silent since.
fn silent(rules: Rules) -> Case {
    let mut case = active(rules);
    case.does(reply(2, ANA));
    case
}

fn left() -> Phase {
    Phase::Ended { ending: Ending::Inactive, disposition: Some(LEFT) }
}

fn reminded(case: &mut Case) -> bool {
    matches!(case.after(MINUTE).does(DUE)[..], [Event::Reminded { .. }])
}

#[test]
fn a_silent_customer_is_reminded_and_then_it_is_over_whatever_closing_needs() {
    let mandatory = vec![FieldId::from_u128(1)];
    let mut case = silent(Rules { mandatory, needs_disposition: true, wrap_up: WrapUp::Mandatory, ..impatient() });
    assert_eq!(case.after(Duration::from_secs(59)).does(DUE), []);
    case.after(Duration::from_secs(1)).does(DUE);
    assert_eq!(case.conversation.reminders(), 1);
    assert!(reminded(&mut case));
    case.rules.reminds = false;
    case.after(MINUTE).does(DUE);
    assert_eq!((case.phase(), case.conversation.finished_by), (&left(), Some(ANA)));
}

#[test]
fn nobody_is_timed_who_has_not_been_answered_or_where_it_is_off() {
    for mut case in [active(impatient()), silent(rules())] {
        assert_eq!(case.conversation.next_due(), None);
        case.does(receive(3));
        assert_eq!(case.conversation.next_due(), None);
    }
}

#[test]
fn a_message_of_the_customer_ends_the_silence_and_the_next_answer_begins_another() {
    let mut case = silent(impatient());
    assert!(reminded(&mut case));
    case.does(receive(3));
    assert_eq!((case.conversation.next_due(), case.after(MINUTE).does(DUE)), (None, vec![]));
    case.does(reply(4, ANA));
    assert_eq!((case.conversation.reminders(), case.conversation.next_due()), (0, Some(case.now + MINUTE)));
}

#[test]
fn what_is_snoozed_is_left_alone_and_the_silence_begins_again_when_it_wakes() {
    let mut case = silent(impatient());
    assert!(reminded(&mut case));
    let until = case.now + Duration::from_secs(3_600);
    case.does(Command::Park { agent: ANA, until });
    assert_eq!(case.conversation.next_due(), Some(until));
    case.after(Duration::from_secs(3_600)).does(DUE);
    assert_eq!((case.conversation.reminders(), case.conversation.next_due()), (1, Some(case.now + MINUTE)));
    case.does(Command::Park { agent: ANA, until: case.now + MINUTE });
    case.does(receive(3));
    assert_eq!((case.phase(), case.conversation.next_due()), (&Phase::Active { agent: ANA }, None));
}

#[test]
fn an_answer_in_wrap_up_waits_for_nothing() {
    let mut case = active(Rules { wrap_up: WrapUp::Mandatory, ..impatient() });
    case.does(close(ANA));
    case.does(reply(2, ANA));
    assert_eq!(case.conversation.next_due(), None);
}

#[test]
fn what_sleeps_is_closed_as_well() {
    let mut case = silent(Rules { reminds: false, ..impatient() });
    case.does(Command::Sleep);
    case.after(MINUTE).does(DUE);
    assert_eq!(case.phase(), &left());
}

#[test]
fn what_is_switched_off_meanwhile_strikes_no_more() {
    let guarded = Rules { first_reply: Some(MINUTE), ..rules() };
    for mut case in [silent(impatient()), active(guarded)] {
        (case.rules.silence, case.rules.first_reply) = (None, None);
        case.after(MINUTE).does(DUE);
        assert_eq!((case.phase(), case.conversation.next_due()), (&Phase::Active { agent: ANA }, None));
    }
}

const OVERDUE: Event = Event::Awaiting { awaited: Some(Awaited::Overdue), sleeps_at: None };

const fn pass_on(agent: AgentId) -> Command {
    Command::Release { agent, reason: QueueReason::NoReply }
}

#[test]
fn who_lets_a_customer_wait_for_the_first_answer_keeps_them_until_somebody_else_can_take_them() {
    let mut case = active(Rules { first_reply: Some(MINUTE), ..rules() });
    let arrived_at = case.conversation.arrived_at;
    case.does(receive(3));
    assert_eq!(case.does(pass_on(ANA)), [], "there is time left");
    assert_eq!(case.after(MINUTE).does(DUE), [OVERDUE]);
    assert!(case.conversation.is_overdue());
    assert_eq!((case.phase().owner(), case.conversation.next_due()), (Some(ANA), None));
    case.does(pass_on(ANA));
    assert_eq!(*case.phase(), Phase::Queued { reason: QueueReason::NoReply });
    assert_eq!((&case.conversation.passed_over[..], case.conversation.arrived_at), (&[ANA][..], arrived_at));
    let offer = make_offer(2, BEN, &case);
    case.does(offer);
    case.does(accept(2, BEN));
    assert_eq!(case.conversation.next_due(), Some(case.now + MINUTE), "whoever gets it is timed anew");
    assert_eq!(case.conversation.passed_over[..], [ANA], "nobody has answered yet");
    case.does(reply(4, BEN));
    case.does(receive(5));
    assert_eq!(case.conversation.next_due(), None, "only the first answer is timed");
    assert!(case.conversation.passed_over.is_empty());
}

#[test]
fn an_answer_given_at_last_is_not_taken_away() {
    let overdue = || {
        let mut case = active(Rules { first_reply: Some(MINUTE), ..rules() });
        case.after(MINUTE).does(DUE);
        case
    };
    let mut answered = overdue();
    answered.does(reply(2, ANA));
    let mut snoozed = overdue();
    snoozed.does(Command::Park { agent: ANA, until: snoozed.now + MINUTE });
    for case in [&mut answered, &mut snoozed] {
        assert_eq!((case.does(pass_on(ANA)), case.conversation.is_overdue()), (vec![], false));
    }
    snoozed.after(MINUTE).does(DUE);
    assert_eq!(snoozed.conversation.next_due(), Some(snoozed.now + MINUTE), "the time begins again when it wakes");
}

#[test]
fn who_gets_an_answered_conversation_owes_no_first_answer() {
    let mut case = silent(Rules { first_reply: Some(MINUTE), auto_accept: true, ..rules() });
    case.does(transfer_to(2, BEN));
    assert_eq!((case.phase(), case.conversation.next_due()), (&Phase::Active { agent: BEN }, None));
}

#[test]
fn a_message_that_is_not_in_the_row_ends_the_silence_all_the_same() {
    let mut case = transferring(impatient());
    case.does(reply(2, ANA));
    let mut stored = case.conversation.clone();
    case.does(receive(3));
    stored.also_received(case.conversation.seq, case.now);
    assert_eq!(stored, case.conversation);
}

/// A campaign whose conversations sleep after a minute of silence.
fn sleepy() -> Rules {
    Rules { dormant: Some(MINUTE), ..rules() }
}

#[test]
fn a_silent_customer_lets_it_sleep_and_wakes_it_with_the_next_message() {
    let mut case = silent(sleepy());
    assert_eq!((case.conversation.next_due(), case.after(MINUTE).does(DUE)), (Some(case.now), vec![Event::BecameDormant]));
    assert_eq!((case.phase(), case.conversation.next_due()), (&Phase::Dormant { agent: ANA }, None));
    case.does(receive(3));
    assert_eq!((case.phase(), case.conversation.next_due()), (&Phase::Active { agent: ANA }, None));
    case.does(reply(4, ANA));
    assert_eq!(case.conversation.next_due(), Some(case.now + MINUTE));
}

#[test]
fn nothing_sleeps_that_a_customer_waits_for_that_is_put_aside_or_where_it_is_off() {
    let mut asked = silent(sleepy());
    asked.does(receive(3));
    let mut snoozed = silent(sleepy());
    let until = snoozed.now + MINUTE * 10;
    snoozed.does(Command::Park { agent: ANA, until });
    for case in [active(sleepy()), asked, silent(rules())] {
        assert_eq!(case.conversation.next_due(), None);
    }
    assert_eq!(snoozed.conversation.next_due(), Some(until));
    snoozed.does(Command::Wake { agent: ANA });
    assert_eq!(snoozed.conversation.next_due(), Some(snoozed.now + MINUTE));
    snoozed.rules.dormant = None;
    snoozed.after(MINUTE).does(DUE);
    assert_eq!((snoozed.phase(), snoozed.conversation.next_due()), (&Phase::Active { agent: ANA }, None));
}

#[test]
fn what_sleeps_is_still_reminded_and_closed_for_silence() {
    let mut case = silent(Rules { dormant: Some(MINUTE / 2), ..impatient() });
    assert_eq!(case.after(MINUTE / 2).does(DUE), [Event::BecameDormant]);
    case.after(MINUTE / 2).does(DUE);
    assert_eq!((case.phase(), case.conversation.reminders()), (&Phase::Dormant { agent: ANA }, 1));
    case.rules.reminds = false;
    case.after(MINUTE).does(DUE);
    assert_eq!(case.phase(), &left());
    let mut late = silent(Rules { dormant: Some(MINUTE * 2), ..impatient() });
    assert!(reminded(&mut late));
    assert_eq!(late.conversation.next_due(), Some(late.now + MINUTE));
    late.rules.reminds = true;
    late.after(MINUTE).does(DUE);
    assert_eq!(late.does(DUE), [Event::BecameDormant]);
}

#[test]
fn a_transfer_that_comes_back_or_is_accepted_lets_it_sleep_again() {
    let mut case = silent(sleepy());
    case.after(MINUTE).does(DUE);
    case.does(transfer_to(2, BEN));
    case.does(end_offer(2, BEN, OfferOutcome::Declined));
    assert_eq!(case.conversation.next_due(), Some(case.now + MINUTE));
    case.does(transfer_to(3, BEN));
    case.does(accept(3, BEN));
    case.after(MINUTE).does(DUE);
    assert_eq!(case.phase(), &Phase::Dormant { agent: BEN });
}
