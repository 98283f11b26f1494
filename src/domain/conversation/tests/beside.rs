//! Consulting a colleague, and the time to finish after giving away.

use super::*;

const fn consult(agent: AgentId, colleague: AgentId) -> Command {
    Command::Consult { agent, colleague }
}

const fn end_consult(agent: AgentId) -> Command {
    Command::EndConsult { agent, force: false }
}

/// A campaign whose senders have a quarter of a minute.
fn patient(wrap_up: WrapUp) -> Rules {
    Rules { sender_wrap_up: true, wrap_up, wrap_up_time: Duration::from_secs(15), ..rules() }
}

#[test]
fn a_colleague_is_consulted_owns_nothing_and_either_ends_it() {
    let mut case = active(rules());
    assert_eq!(case.refuses(consult(BEN, CARLA)), Refusal::NotOwner { current: Some(ANA) });
    assert_eq!(case.refuses(consult(ANA, ANA)), Refusal::TransferTarget("same agent"));
    for ends in [ANA, BEN] {
        case.does(consult(ANA, BEN));
        assert_eq!((case.does(consult(ANA, BEN)), case.conversation.consulted()), (vec![], Some(BEN)));
        assert_eq!(case.refuses(reply(2, BEN)), Refusal::NotOwner { current: Some(ANA) });
        assert_eq!(case.refuses(end_consult(CARLA)), Refusal::NotOwner { current: Some(ANA) });
        assert_eq!((case.conversation.weighs_on(BEN), case.conversation.weighs_on(ANA)), (false, true));
        case.does(end_consult(ends));
        assert_eq!((case.conversation.consulted(), case.does(end_consult(ends))), (None, vec![]));
    }
    case.does(consult(ANA, BEN));
    case.does(Command::EndConsult { agent: SUPERVISOR, force: true });
    case.does(consult(ANA, BEN));
    let changes = [Event::ConsultEnded { agent: BEN }, Event::Consulted { agent: CARLA, by: ANA }];
    assert_eq!(case.does(consult(ANA, CARLA)), changes);
    case.rules.transfer_to_agents = false;
    assert_eq!(case.refuses(consult(ANA, BEN)), Refusal::NotAllowedInCampaign);
}

#[test]
fn nobody_is_consulted_about_what_waits_is_given_away_or_is_being_finished() {
    assert_eq!(waiting(rules()).refuses(consult(ANA, BEN)), Refusal::NotOwner { current: None });
    assert_eq!(transferring(rules()).refuses(consult(ANA, CARLA)), Refusal::WrongState("transferring"));
    let mut case = active(Rules { wrap_up: WrapUp::Mandatory, ..rules() });
    case.does(consult(ANA, BEN));
    case.does(close(ANA));
    assert_eq!((case.conversation.consulted(), case.refuses(consult(ANA, BEN))), (None, Refusal::WrongState("wrap_up")));
}

#[test]
fn a_consultation_lasts_while_its_owner_has_the_conversation() {
    let consulting = || {
        let mut case = active(rules());
        case.does(consult(ANA, BEN));
        case
    };
    let mut given = consulting();
    given.does(transfer_to(2, BEN));
    assert_eq!(given.conversation.consulted(), Some(BEN));
    given.does(accept(2, BEN));
    assert_eq!((given.phase().owner(), given.conversation.consulted()), (Some(BEN), None));
    let mut kept = consulting();
    kept.does(receive(3));
    kept.does(Command::Park { agent: ANA, until: kept.now + Duration::from_secs(5) });
    assert_eq!(kept.conversation.consulted(), Some(BEN));
    let mut lost = consulting();
    lost.does(Command::Release { agent: ANA, reason: QueueReason::AgentLost });
    let mut closed = consulting();
    closed.does(close(ANA));
    assert_eq!((lost.conversation.beside, closed.conversation.beside), (None, None));
}

#[test]
fn a_sender_finishes_only_where_the_campaign_says_so() {
    let mut plain = active(Rules { sender_wrap_up: false, ..patient(WrapUp::MandatoryTimed) });
    plain.does(transfer_to(2, BEN));
    plain.does(accept(2, BEN));
    assert_eq!(plain.conversation.sender(), None);
    for (wrap_up, timed, locked) in [
        (WrapUp::Optional, true, false),
        (WrapUp::Mandatory, false, false),
        (WrapUp::MandatoryTimed, true, false),
        (WrapUp::TimedWithoutExit, true, true),
    ] {
        let mut case = active(patient(wrap_up));
        case.does(transfer_to(2, BEN));
        assert_eq!(case.conversation.sender(), None, "the target has not accepted");
        case.does(accept(2, BEN));
        let until = timed.then_some(case.now + Duration::from_secs(15));
        assert_eq!(case.conversation.sender(), Some(Sender { agent: ANA, until, locked }));
        assert!(case.conversation.weighs_on(ANA) && case.conversation.weighs_on(BEN));
        if locked {
            assert_eq!(case.refuses(Command::EndWrapUp { agent: ANA }), Refusal::WrapUpTimed);
            assert_eq!(case.after(Duration::from_secs(15)).does(DUE), [Event::SenderWrapUpEnded { agent: ANA }]);
        } else {
            case.does(Command::EndWrapUp { agent: ANA });
        }
        assert_eq!((case.conversation.sender(), case.phase().owner()), (None, Some(BEN)));
    }
    assert_eq!(active(patient(WrapUp::None)).does(Command::Transfer { agent: ANA, to: TransferTo::Campaign(SUPPORT) }).len(), 2);
}

#[test]
fn a_sender_finishes_while_it_waits_elsewhere_until_they_get_it_again_or_go_home_or_it_is_over() {
    let given = || {
        let mut case = active(patient(WrapUp::Mandatory));
        case.does(Command::Transfer { agent: ANA, to: TransferTo::Campaign(SUPPORT) });
        assert!(case.conversation.involves(ANA));
        case
    };
    let mut back = given();
    let offer = make_offer(2, ANA, &back);
    back.does(offer);
    back.does(accept(2, ANA));
    let mut gone = given();
    assert_eq!(gone.does(Command::Release { agent: ANA, reason: QueueReason::AgentLost }), []);
    gone.does(Command::Release { agent: ANA, reason: QueueReason::AgentSignedOut });
    let mut over = given();
    over.does(Command::GiveUp(Ending::Abandoned));
    assert_eq!([back.conversation.beside, gone.conversation.beside, over.conversation.beside], [None, None, None]);
}
