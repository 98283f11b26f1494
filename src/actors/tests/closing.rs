//! Closing: what it needs, wrap-up, and out of hours.

use crate::{
    actors::{
        engine::CommandError,
        testing::{ANA, CLIENT, House, Plan, SOLVED, eventually, on_both},
    },
    clock::Timestamp,
    domain::{
        campaign::OutOfHours,
        conversation::{Command, Ending, Event, Phase, QueueReason},
        message::Author,
        refusal::Refusal,
        schedule::{Holidays, Override, Schedule},
    },
    ids::{DispositionId, ScheduleId},
    store::conversations,
};

fn close(disposition: Option<DispositionId>) -> Command {
    Command::Close { agent: ANA, force: false, disposition }
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
            assert_eq!(ended.phase, Phase::Ended { ending: Ending::OutOfHours, disposition: None });
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
        house.engine.configure(vec![open], schedule, "20".to_owned(), crate::domain::log::By::System, None).await.unwrap();
        house.accept(&ana, id).await;
        assert_eq!(noticed(&house.facts(id).await), 1);
    });
}

fn opened() -> String {
    let mut schedule = out_of_hours(OutOfHours::Queue).schedule.unwrap();
    schedule.override_.as_mut().unwrap().open = true;
    serde_json::to_string(&schedule).unwrap()
}
