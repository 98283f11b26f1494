//! When a campaign is open (S1-7 to S1-13): holidays, half days, calendar files, switches by hand, and what who writes is told.

use chrono::{Datelike, Duration, Utc};
use serde_json::{Value, json};

use crate::{
    api::{list, text},
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::World,
};

on_both!(
    a_holiday_closes_a_running_campaign_at_once_and_switching_it_off_opens_it,
    a_switch_by_hand_bears_a_name_a_reason_and_an_end,
    a_year_of_holidays_is_listed_and_single_ones_are_switched,
    a_preview_says_what_a_schedule_would_mean,
    a_calendar_file_gives_days_and_says_what_it_does_not_give,
    hostile_schedules_and_files_are_refused,
    who_writes_out_of_hours_is_told_when_it_opens_and_how_many_wait,
);

/// Open all week.
fn always(client: &str) -> Value {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let weekly: Vec<_> = days.iter().map(|day| json!({ "day": day, "start": 0, "end": 1440 })).collect();
    json!({ "client": client, "name": "Always", "zone": "UTC", "weekly": weekly })
}

/// Yesterday to tomorrow, so that no midnight matters.
fn around_today() -> Vec<Value> {
    let day = |days| (Utc::now().date_naive() + Duration::days(days)).to_string();
    (-1..=1).map(|days| json!({ "date": day(days), "name": "Feria" })).collect()
}

async fn a_holiday_closes_a_running_campaign_at_once_and_switching_it_off_opens_it(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let schedule = world.admin.post("/api/v1/schedules", always(&client)).await;
    assert_eq!(schedule.json()["status"], json!({ "open": true, "until": null, "next_opening": null, "override_by": null }));
    let path = format!("/api/v1/schedules/{}", schedule.id());
    let campaign = world.campaign(&client, json!({ "schedule": schedule.id(), "out_of_hours": "queue" })).await;
    let agent = world.agent(&[&campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let channel = world.channel(&client, &campaign, None).await;

    let closed = world.admin.patch(&path, json!({ "holidays": { "days": around_today() } })).await.ok();
    assert_eq!(closed["status"]["open"], false);
    assert!(closed["status"]["next_opening"].is_string());
    let waits = channel.write("a", "hola").await;
    world.until_standing(&waits, "queued").await;
    assert_eq!(world.admin.get(&format!("/api/v1/conversations/{waits}")).await.ok()["standing"]["reason"], "out_of_hours");

    // A half day that is over in no minute of the day.
    let mut half = around_today();
    half.iter_mut().for_each(|day| day["intervals"] = json!([{ "start": 0, "end": 1440 }]));
    world.admin.patch(&path, json!({ "holidays": { "days": half } })).await.ok();
    tab.conversation(&waits, "active").await;
}

async fn a_switch_by_hand_bears_a_name_a_reason_and_an_end(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let path = format!("/api/v1/schedules/{}", world.admin.post("/api/v1/schedules", always(&client)).await.id());
    let boss = world.person("admin", json!([{ "kind": "all" }])).await;
    let until = (Utc::now() + Duration::hours(2)).format("%Y-%m-%dT%H:%M:00.000000Z").to_string();
    let by_hand = json!({ "override": { "open": false, "until": until, "reason": "Corte de luz" } });
    let closed = boss.api.patch(&path, by_hand).await.ok();
    let user = text(&closed["override"]["by"]);
    assert_eq!(user, boss.id);
    assert_eq!((&closed["status"]["open"], &closed["status"]["until"]), (&json!(false), &json!(until)));
    assert!(closed["status"]["override_by"].is_string());
    // Whoever changes something else did not set it, nor may say who did.
    let other = json!({ "name": "Siempre", "override": { "by": "01890000-0000-7000-8000-000000000001" } });
    let renamed = world.admin.patch(&path, other).await.ok();
    assert_eq!(renamed["override"]["by"], user.as_str());
    // The other way round is another switch, with its own beginning.
    let from = text(&renamed["override"]["from"]);
    let opened = boss.api.patch(&path, json!({ "override": { "open": true } })).await.ok();
    assert!(text(&opened["override"]["from"]) > from);
    world.admin.patch(&path, json!({ "override": { "reason": "" } })).await.refused_field("override.reason", "too_short");
    let past = json!({ "override": { "until": "2001-01-01T00:00:00Z" } });
    world.admin.patch(&path, past).await.refused_field("override", "schedule_override_empty");
    assert_eq!(world.admin.patch(&path, json!({ "override": null })).await.ok()["override"], Value::Null);
}

async fn a_year_of_holidays_is_listed_and_single_ones_are_switched(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let mut office = always(&client);
    office["holidays"] = json!({ "country": "CO", "days": [{ "date": "2020-12-24", "yearly": true, "name": "Nochebuena" }] });
    let path = format!("/api/v1/schedules/{}", world.admin.post("/api/v1/schedules", office).await.id());
    let year = async |year: i32| world.admin.get(&format!("{path}/holidays?year={year}")).await.ok();
    let days = year(2026).await;
    let row = |days: &Value, key: &str| list(days).iter().find(|day| day["key"] == key).cloned().unwrap();
    assert_eq!(
        row(&days, "epiphany"),
        json!({ "date": "2026-01-12", "name": "Día de los Reyes Magos", "key": "epiphany",
        "optional": false, "on": true, "intervals": [] })
    );
    assert!(list(&days).iter().any(|day| day["date"] == "2026-12-24" && day["key"] == Value::Null));
    assert_eq!(list(&year(2041).await).len(), 20);
    world.admin.patch(&path, json!({ "holidays": { "switched": { "epiphany": false } } })).await.ok();
    assert_eq!(row(&year(2026).await, "epiphany")["on"], false);
    // What was switched of one country says nothing about another.
    let other = world.admin.patch(&path, json!({ "holidays": { "country": "CL" } })).await.ok();
    assert_eq!(other["holidays"]["switched"], Value::Null);
    let refused = world.admin.patch(&path, json!({ "holidays": { "switched": { "epiphany": false } } })).await;
    refused.refused_field("holidays", "schedule_holiday_unknown");
    for impossible in ["0", "1899", "2201", "99999999999", "x"] {
        world.admin.get(&format!("{path}/holidays?year={impossible}")).await.refused(422, "invalid");
    }
}

async fn a_preview_says_what_a_schedule_would_mean(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let before = world.installation.rows().await;
    let mut office = always(&client);
    office["holidays"] = json!({ "country": "ES", "days": around_today() });
    let ask = json!({ "schedule": office, "year": 2027 });
    let preview = world.admin.post("/api/v1/schedules/preview", ask).await.ok();
    assert_eq!(preview["status"]["open"], false);
    let days = preview["days"].as_array().unwrap();
    assert_eq!(days.len(), 14);
    assert_eq!((&days[0]["why"], &days[0]["name"], &days[0]["intervals"]), (&json!("holiday"), &json!("Feria"), &json!([])));
    assert_eq!(preview["holidays"].as_array().unwrap().iter().filter(|day| day["key"].is_string()).count(), 10);
    office["client"] = json!("01890000-0000-7000-8000-000000000001");
    world
        .admin
        .post("/api/v1/schedules/preview", json!({ "schedule": office }))
        .await
        .refused_field("client", "unknown_reference");
    assert_eq!(world.installation.rows().await, before);
}

async fn a_calendar_file_gives_days_and_says_what_it_does_not_give(database: Database) {
    let world = World::new(&database).await;
    let year = Utc::now().year() + 1;
    let event = |name: &str, lines: &str| format!("BEGIN:VEVENT\r\nSUMMARY:{name}\r\n{lines}\r\nEND:VEVENT\r\n");
    let file = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}{}{}END:VCALENDAR\r\n",
        event("Patrono\\, Córdoba", &format!("DTSTART;VALUE=DATE:{year}0930\r\nRRULE:FREQ=YEARLY")),
        event("Feria", &format!("DTSTART;VALUE=DATE:{year}0405\r\nDTEND;VALUE=DATE:{year}0407")),
        event("Reunión", &format!("DTSTART:{year}0405T120000Z")),
    );
    let read = world.admin.post("/api/v1/schedules/calendar-file", json!({ "text": file })).await.ok();
    let patron = json!({ "date": format!("{year}-09-30"), "yearly": true, "name": "Patrono, Córdoba", "intervals": [] });
    assert_eq!((read["days"].as_array().unwrap().len(), &read["days"][2]), (3, &patron));
    assert_eq!(read["not_taken"], json!([{ "name": "Reunión", "reason": "not_whole_day" }]));
    // They are what a schedule takes.
    let client = world.client("C").await;
    let mut office = always(&client);
    office["holidays"] = json!({ "days": read["days"] });
    world.admin.post("/api/v1/schedules", office).await.ok();
}

async fn hostile_schedules_and_files_are_refused(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    for text in ["".to_owned(), "hello".to_owned(), "BEGIN:VCALENDAR\r\n".repeat(40_000), "\u{0}".repeat(1000)] {
        let answer = world.admin.post("/api/v1/schedules/calendar-file", json!({ "text": text })).await;
        answer.refused_field("text", "calendar_file_not_valid");
    }
    let nested = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}", "BEGIN:A\n".repeat(40_000));
    let read = world.admin.post("/api/v1/schedules/calendar-file", json!({ "text": nested })).await.ok();
    assert_eq!(read["not_taken"][0]["reason"], "damaged");
    let with = async |holidays: Value| {
        let mut office = always(&client);
        office["holidays"] = holidays;
        world.admin.post("/api/v1/schedules", office).await
    };
    let day = |date: &str| json!({ "date": date, "name": "x" });
    with(json!({ "country": "XX" })).await.refused(422, "invalid");
    with(json!([])).await.refused(422, "invalid");
    with(json!({ "days": [{ "date": "2026-02-30", "name": "x" }] })).await.refused(422, "invalid");
    with(json!({ "days": [day("2026-02-03"), day("2026-02-03")] })).await.refused_field("holidays", "schedule_own_day_twice");
    with(json!({ "days": [{ "date": "2026-02-03", "name": " " }] })).await.refused_field("holidays.days.name", "too_short");
    with(json!({ "days": vec![day("2026-02-03"); 501] })).await.refused_field("holidays", "schedule_too_many_own_days");
    world.admin.post("/api/v1/clients", json!({ "name": "D", "language": "xx" })).await.refused(422, "invalid");
}

async fn who_writes_out_of_hours_is_told_when_it_opens_and_how_many_wait(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let client = world.admin.post("/api/v1/clients", json!({ "name": "C", "language": "pt-BR" })).await.id();
    let mut office = always(&client);
    office["zone"] = json!("America/Sao_Paulo");
    office["override"] = json!({ "open": false, "until": "2099-01-05T13:30:00Z", "reason": "Mudança" });
    let schedule = world.admin.post("/api/v1/schedules", office).await.id();
    let message = "Abrimos na ${next_opening}. Lugar: ${position|-}. {{7*7}} ${name}";
    let fields = |what: &str| json!({ "schedule": schedule, "out_of_hours": what, "out_of_hours_message": message });
    let opens = "Abrimos na segunda-feira, 5 de janeiro, às 10:30.";
    let waiting = world.campaign(&client, fields("queue")).await;
    let channel = world.channel(&client, &waiting, Some(&receiver.url)).await;
    for (place, who) in ["a", "b"].into_iter().enumerate() {
        let conversation = channel.write(who, "olá").await;
        world.until_standing(&conversation, "queued").await;
        let told = format!("{opens} Lugar: {}. {{{{7*7}}}} ${{name}}", place + 1);
        assert_eq!(receiver.next().await.json()["message"]["text"], told.as_str());
    }
    let closing = world.campaign(&client, fields("close")).await;
    let channel = world.channel(&client, &closing, Some(&receiver.url)).await;
    channel.write("c", "olá").await;
    let told = format!("{opens} Lugar: -. {{{{7*7}}}} ${{name}}");
    assert_eq!(receiver.next().await.json()["message"]["text"], told.as_str());
}
