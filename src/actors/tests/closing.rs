//! Closing: what it needs, wrap-up, and out of hours.

use crate::{
    actors::{
        engine::{CommandError, TransferTarget},
        testing::{ANA, CLIENT, EVA, House, LUIS, Plan, SALES, SOL, SOLVED, SUPPORT, eventually, on_both},
    },
    clock::Timestamp,
    domain::{
        agent::AgentCommand,
        campaign::OutOfHours,
        closing::WrapUp,
        conversation::{Command, Ending, Event, Phase, QueueReason},
        disposition::System,
        log::By,
        message::Author,
        refusal::Refusal,
        schedule::{Holidays, Override, Schedule},
    },
    ids::{DispositionId, ScheduleId},
    store::conversations,
    wire::live::WhyGone,
};

/// What the product itself closes with.
fn own(house: &House, system: System) -> Option<DispositionId> {
    let id = house.engine.directory.load().system_disposition(CLIENT, system);
    assert!(id.is_some());
    id
}

fn close(disposition: Option<DispositionId>) -> Command {
    Command::Close { agent: ANA, force: false, disposition, wrap_up: false }
}

#[test]
fn a_conversation_is_closed_after_a_reply_and_with_a_disposition_where_there_are_any() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.dispositions = vec![SOLVED];
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let refused = |result: Result<_, CommandError>| result.map(|_: crate::wire::conversation::Done| ()).unwrap_err();
        assert_eq!(refused(house.command(ANA, id, close(Some(SOLVED))).await), Refusal::NotAnswered.into());
        house.replies(ANA, id, "Listo").await;
        assert_eq!(refused(house.command(ANA, id, close(None)).await), Refusal::DispositionNeeded.into());
        house.command(ANA, id, close(Some(SOLVED))).await.unwrap();
        assert_eq!(ana.gone(id).await, None);
        let phase = house.stored(id).await.phase;
        assert_eq!(phase, Phase::Ended { ending: Ending::Closed, disposition: Some(SOLVED) });
        assert_eq!(refused(house.command(ANA, id, close(Some(SOLVED))).await), Refusal::Closed.into());
    });
}

#[test]
fn wrap_up_holds_the_agent_and_ends_by_itself() {
    on_both(|scratch| async {
        let mut plan = Plan { capacity: 25, ..Plan::default() };
        plan.sales.wrap_up_seconds = 1;
        plan.sales.permissions.close_unanswered = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let first = house.talk(&ana, "visitor-1").await;
        house.command(ANA, first, close(None)).await.unwrap();
        let second = house.says("visitor-2", "Hola").await;
        house.until_stored(second, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        assert!(matches!(house.stored(first).await.phase, Phase::WrapUp { .. }));
        assert_eq!(ana.gone(first).await, None);
        house.accept(&ana, second).await;
        house.command(ANA, second, close(None)).await.unwrap();
        house.command(ANA, second, Command::EndWrapUp { agent: ANA }).await.unwrap();
        assert_eq!(ana.gone(second).await, None);
    });
}

pub(super) fn out_of_hours(what: OutOfHours) -> Plan {
    let closed = Override { open: false, from: Timestamp::from_micros(0), until: None, reason: "Holiday".to_owned(), by: None };
    let id = ScheduleId::from_u128(20);
    let (name, zone) = ("Hours".to_owned(), chrono_tz::UTC);
    let (weekly, exceptions, holidays) = (Vec::new(), Vec::new(), Holidays::default());
    let schedule = Schedule { id, client: CLIENT, name, zone, weekly, exceptions, holidays, override_: Some(closed) };
    let mut plan = Plan { schedule: Some(schedule), ..Plan::default() };
    plan.sales.schedule = Some(id);
    plan.sales.out_of_hours = what;
    plan.sales.out_of_hours_message = Some("Volvemos mañana".to_owned());
    plan
}

#[test]
fn out_of_hours_it_is_closed_and_the_customer_is_told_once() {
    on_both(|scratch| async {
        let house = House::open(scratch, out_of_hours(OutOfHours::Close)).await;
        let _ana = house.at_work(ANA).await;
        let mut told = 0;
        for _ in 0..3 {
            let id = house.says("visitor-1", "¿Hola?").await;
            let ended = house.until_stored(id, "ended", Phase::is_ended).await;
            let disposition = own(&house, System::OutOfHours);
            assert_eq!(ended.phase, Phase::Ended { ending: Ending::OutOfHours, disposition });
            let messages = conversations::messages_after(&house.engine.db, id, 0, 10).await.unwrap();
            let notices = messages.iter().filter(|stored| stored.message.author == Author::System);
            told += notices.inspect(|stored| assert_eq!(&*stored.message.text, "Volvemos mañana")).count();
        }
        assert_eq!(told, 1);
    });
}

#[test]
fn out_of_hours_it_waits_and_is_offered_at_the_opening() {
    on_both(|scratch| async {
        let house = House::open(scratch, out_of_hours(OutOfHours::Queue)).await;
        let ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "¿Hola?").await;
        let waits = |phase: &Phase| matches!(phase, Phase::Queued { reason: QueueReason::OutOfHours });
        house.until_stored(id, "queued", waits).await;
        let noticed = |facts: &[Event]| facts.iter().filter(|fact| matches!(fact, Event::Noticed { .. })).count();
        eventually("told", async || (noticed(&house.facts(id).await) == 1).then_some(())).await;
        let open = crate::store::write::Statement::must("UPDATE schedules SET config = $1", crate::args![opened()]);
        let schedule = crate::domain::log::Entity::Schedule;
        house.engine.configure(vec![open], schedule, "20".to_owned(), By::System, None).await.unwrap();
        house.accept(&ana, id).await;
        assert_eq!(noticed(&house.facts(id).await), 1);
    });
}

fn opened() -> String {
    let mut schedule = out_of_hours(OutOfHours::Queue).schedule.unwrap();
    schedule.override_.as_mut().unwrap().open = true;
    serde_json::to_string(&schedule).unwrap()
}

fn impatient(reminders: &[&str]) -> Plan {
    let mut plan = Plan::default();
    plan.sales.closing.inactivity_seconds = Some(1);
    plan.sales.closing.reminders = reminders.iter().map(ToString::to_string).collect();
    plan
}

#[test]
fn who_is_silent_is_reminded_in_the_campaigns_words_and_then_closed_although_nothing_was_filled_in() {
    on_both(|scratch| async {
        let mut plan = impatient(&["¿Sigue ahí?", "Cerramos pronto"]);
        plan.sales.dispositions = vec![SOLVED];
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        house.replies(ANA, id, "Dígame").await;
        let ended = house.until_stored(id, "ended", Phase::is_ended).await;
        let disposition = own(&house, System::Inactivity);
        assert_eq!(ended.phase, Phase::Ended { ending: Ending::Inactive, disposition });
        let messages = conversations::messages_after(&house.engine.db, id, 0, 10).await.unwrap();
        let told: Vec<_> = messages.iter().filter(|stored| stored.message.author == Author::System).collect();
        let told: Vec<&str> = told.iter().map(|stored| &*stored.message.text).collect();
        assert_eq!(told, ["¿Sigue ahí?", "Cerramos pronto"]);
        assert_eq!(ana.gone_why(id).await, Some(WhyGone::Inactive));
    });
}

#[test]
fn silence_goes_on_while_the_process_is_down() {
    on_both(|scratch| async {
        let mut plan = impatient(&[]);
        plan.sales.closing.inactivity_seconds = Some(2);
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let (silent, answered) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        for id in [silent, answered] {
            house.replies(ANA, id, "Dígame").await;
        }
        house.says("visitor-2", "Un momento").await;
        let stopped = house.stop();
        tokio::time::sleep(std::time::Duration::from_millis(2_050)).await;
        let house = stopped.again().await;
        house.until_stored(silent, "ended", Phase::is_ended).await;
        assert_eq!(house.stored(answered).await.phase, Phase::Active { agent: ANA });
    });
}

#[test]
fn who_leaves_the_first_answer_out_loses_the_conversation_to_another() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.closing.first_reply_seconds = Some(1);
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let luis = house.at_work(LUIS).await;
        assert_eq!(ana.gone_why(id).await, Some(WhyGone::NoReply));
        house.accept(&luis, id).await;
        house.replies(LUIS, id, "Dígame").await;
        let lost = Event::Queued { campaign: SALES, reason: QueueReason::NoReply };
        assert_eq!(house.facts(id).await.iter().filter(|fact| **fact == lost).count(), 1);
    });
}

#[test]
fn what_is_given_away_is_closed_with_the_clients_own_disposition_unless_the_campaign_names_another() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.auto_accept = true;
        plan.support.transfer_disposition = Some(SOLVED);
        let house = House::open(scratch, plan).await;
        let _ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "Hola").await;
        house.until_stored(id, "active", |phase| *phase == Phase::Active { agent: ANA }).await;
        let luis = house.at_work(LUIS).await;
        let give = async |from, to| house.engine.transfer(id, from, to, By::User(from), None).await.unwrap();
        give(ANA, TransferTarget::Agent(LUIS)).await;
        luis.active(id).await;
        give(LUIS, TransferTarget::Campaign(SUPPORT)).await;
        let closed = |facts: &[Event]| -> Vec<_> {
            let closed = |fact: &Event| if let Event::SegmentClosed { disposition } = fact { Some(*disposition) } else { None };
            facts.iter().filter_map(closed).collect()
        };
        let transfer = own(&house, System::Transfer);
        assert_eq!(closed(&house.facts(id).await), [transfer, transfer]);
        let eva = house.at_work(EVA).await;
        house.accept(&eva, id).await;
        give(EVA, TransferTarget::Campaign(SALES)).await;
        assert_eq!(closed(&house.facts(id).await), [transfer, transfer, Some(SOLVED)]);
    });
}

#[test]
fn the_whole_time_to_finish_is_only_ended_by_itself_or_by_a_supervisor() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.permissions.close_unanswered = true;
        plan.sales.wrap_up_seconds = 600;
        plan.sales.closing.wrap_up = WrapUp::TimedWithoutExit;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        house.command(ANA, id, close(Some(SOLVED))).await.unwrap();
        let early = house.command(ANA, id, Command::EndWrapUp { agent: ANA }).await.unwrap_err();
        assert_eq!(early, Refusal::WrapUpTimed.into());
        let force = Command::Close { agent: SOL, force: true, disposition: None, wrap_up: false };
        house.command(SOL, id, force).await.unwrap();
        let phase = house.stored(id).await.phase;
        assert_eq!(phase, Phase::Ended { ending: Ending::Closed, disposition: Some(SOLVED) });
    });
}

#[test]
fn a_customer_who_comes_back_soon_should_go_to_who_closed() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.permissions.close_unanswered = true;
        plan.sales.closing.reopen_seconds = 3_600;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let first = house.talk(&ana, "visitor-1").await;
        assert_eq!(house.stored(first).await.demand, None);
        house.command(ANA, first, close(None)).await.unwrap();
        house.engine.agent(ANA, AgentCommand::SignOut { by: None }, By::User(ANA), None).await.unwrap();
        let house = house.stop().again().await;
        let again = house.says("visitor-1", "Otra cosa").await;
        assert_ne!(again, first);
        let demand = house.stored(again).await.demand;
        assert_eq!(demand.and_then(|demand| demand.preferred).map(|preferred| preferred.agent), Some(ANA));
    });
}
