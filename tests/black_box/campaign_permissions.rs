//! What a campaign lets its agents do and see (S1-20 to S1-26): the server says so, not the screen.

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    company::upload,
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    by_default_everything_is_as_before,
    a_hidden_number_reaches_no_agent_and_every_supervisor,
    a_number_hidden_later_is_hidden_at_once,
    what_is_switched_off_is_refused,
    transfers_to_campaigns_and_skills_have_a_permission_of_their_own,
    earlier_conversations_are_read_as_far_back_as_the_campaign_allows,
    impossible_permissions_are_refused,
);

const NUMBER: &str = "+5491143216543";
/// As people write it, and its parts that say more than its end.
const TRACES: [&str; 3] = ["5491143216543", "549114321", "11432165"];

async fn permit(world: &World, desk: &Desk, permissions: Value) {
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&path, json!({ "permissions": permissions })).await.ok();
}

async fn by_default_everything_is_as_before(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let campaign = world.admin.get(&format!("/api/v1/campaigns/{}", desk.campaign)).await.ok();
    let expected = json!({ "external_resources": true, "close_unanswered": false, "transfer_to_agents": true,
        "transfer_to_campaigns": true, "emoticons": true, "show_contact_number": true, "history": true, "history_hours": null });
    assert_eq!(campaign["permissions"], expected);
    let agent = world.agent(&[&desk.campaign]).await;
    assert_eq!(agent.api.get("/api/v1/me").await.ok()["campaigns"][0]["permissions"], expected);
    // A part of it: the rest stays; null = the default.
    permit(&world, &desk, json!({ "emoticons": false, "history_hours": 24 })).await;
    permit(&world, &desk, json!({ "history": false, "emoticons": null })).await;
    let campaign = world.admin.get(&format!("/api/v1/campaigns/{}", desk.campaign)).await.ok();
    assert_eq!(campaign["permissions"]["history_hours"], 24);
    assert_eq!((&campaign["permissions"]["history"], &campaign["permissions"]["emoticons"]), (&json!(false), &json!(true)));
}

async fn a_hidden_number_reaches_no_agent_and_every_supervisor(database: Database) {
    let mut world = World::new(&database).await;
    let desk =
        world.desk(json!({ "auto_accept": false, "offer_seconds": 600, "permissions": { "show_contact_number": false } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": desk.client }])).await;
    let mut tab = Socket::at_work(&agent.api).await;
    // The connected system knows no name and sends the number for it.
    let message =
        json!({ "type": "message", "message": { "id": "m-1", "from": { "id": NUMBER, "name": NUMBER }, "text": "hola" } });
    let conversation = text(&desk.channel.call(message.to_string()).await.ok()["conversation"]);
    let offered = tab.conversation(&conversation, "offered").await;
    assert_eq!(offered["conversation"]["contact_address"], "••• 6543");
    assert_eq!(offered["conversation"]["contact_name"], "", "a number is no name");
    let path = format!("/api/v1/conversations/{conversation}");
    agent.api.post(&format!("{path}/accept"), json!({ "offer": offered["conversation"]["standing"]["offer"] })).await.ok();
    tab.conversation(&conversation, "active").await;
    let topic = format!("conversation:{conversation}");
    let thread = tab.follow(&topic).await;
    assert_eq!(thread["data"]["conversation"]["contact_address"], "••• 6543");
    let (mut spy, seen) = Socket::following(&supervisor.api, &topic).await;
    assert_eq!(seen["data"]["conversation"]["contact_address"], NUMBER);
    agent.api.reply(&conversation, "buenas").await.ok();
    desk.channel.call(message.to_string().replace("m-1", "m-2")).await.ok();
    tab.until("the second message", |frame| frame["topic"] == *topic && frame["data"]["messages"][0]["text"] == "hola").await;
    let told = spy.until("the second message", |frame| frame["data"]["messages"][0]["text"] == "hola").await;
    assert_eq!(told["data"]["conversation"]["contact_address"], NUMBER);

    let contact = format!("/api/v1/contacts/{}", text(&offered["conversation"]["contact"]));
    let renamed = agent.api.patch(&contact, json!({ "notes": "llama de noche" })).await;
    assert_eq!(renamed.ok()["addresses"][0]["value"], "••• 6543");
    // A snapshot after a restart too.
    world.crash().await;
    let mut tab_again = Socket::open(&agent.api).await;
    tab_again.follow("me").await;
    tab_again.follow(&topic).await;
    for path in
        [path.clone(), format!("{path}/messages"), "/api/v1/conversations".to_owned(), contact.clone(), "/api/v1/me".to_owned()]
    {
        let answer = agent.api.get(&path).await;
        answer.ok();
        let words = String::from_utf8_lossy(&answer.body);
        assert!(!TRACES.iter().any(|trace| words.contains(trace)), "{answer}");
    }
    for frame in tab.seen.iter().chain(&tab_again.seen) {
        assert!(!TRACES.iter().any(|trace| frame.to_string().contains(trace)), "{frame}");
    }
    // Searching or filtering by it tells nothing either.
    agent.api.get("/api/v1/contacts?q=549114").await.refused(403, "forbidden");
    assert_eq!(supervisor.api.get(&contact).await.ok()["addresses"][0]["value"], NUMBER);
    assert_eq!(list(&supervisor.api.get("/api/v1/conversations").await.ok())[0]["contact_address"], NUMBER);
}

async fn a_number_hidden_later_is_hidden_at_once(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write(NUMBER, "hola").await;
    assert_eq!(tab.conversation(&conversation, "active").await["conversation"]["contact_address"], NUMBER);
    permit(&world, &desk, json!({ "show_contact_number": false })).await;
    assert_eq!(agent.api.conversation(&conversation).await["contact_address"], "••• 6543");
    let (_, me) = Socket::following(&agent.api, "me").await;
    assert_eq!(me["data"]["conversations"][0]["contact_address"], "••• 6543");
    // What is no number stays: the screen can tell customers apart.
    assert_eq!(me["data"]["conversations"][0]["contact_name"], "Marta");
}

async fn what_is_switched_off_is_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let _tab_of_bruno = Socket::at_work(&bruno.api).await;
    let path = format!("/api/v1/conversations/{conversation}");
    let file = upload(&ana.api, &format!("name=a.txt&conversation={conversation}"), "file").await.id();

    permit(&world, &desk, json!({ "external_resources": false, "emoticons": false, "transfer_to_agents": false })).await;
    let reply = async |body: Value| ana.api.post(&format!("{path}/messages"), body).await;
    reply(json!({ "text": "x", "attachments": [file] })).await.refused(422, "attachments_not_allowed");
    upload(&ana.api, &format!("name=b.txt&conversation={conversation}"), "file").await.refused(422, "attachments_not_allowed");
    for words in ["hola 👋", "❤️", "🇦🇷", "1️⃣"] {
        reply(json!({ "text": words })).await.refused(422, "emoticons_not_allowed");
    }
    let transfer = json!({ "agent": bruno.id });
    ana.api.post(&format!("{path}/transfer"), transfer.clone()).await.refused(403, "not_allowed_in_campaign");
    ana.api.post(&format!("{path}/close"), json!({})).await.refused(422, "not_answered");
    assert_eq!(ana.api.texts(&conversation).await, ["hola"]);
    // What a customer sends is never refused for it.
    desk.channel.tell("m-emoji", "a", "👋").await.ok();

    permit(&world, &desk, json!({ "external_resources": true, "emoticons": true, "transfer_to_agents": true })).await;
    reply(json!({ "text": "👋", "attachments": [file] })).await.ok();
    ana.api.post(&format!("{path}/transfer"), transfer).await.ok();
    permit(&world, &desk, json!({ "close_unanswered": true })).await;
    let quick = desk.channel.write("b", "hola").await;
    world.until_standing(&quick, "active").await;
    let owner = if world.admin.conversation(&quick).await["standing"]["agent"] == ana.id { &ana } else { &bruno };
    owner.api.post(&format!("/api/v1/conversations/{quick}/close"), json!({})).await.ok();
}

async fn transfers_to_campaigns_and_skills_have_a_permission_of_their_own(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let second = world.campaign(&desk.client, json!({})).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign, &second]).await);
    let skill = world.admin.post("/api/v1/skills", json!({ "client": desk.client, "name": "Portugués" })).await.id();
    let skills = json!({ "skills": [{ "skill": skill, "level": 1 }] });
    world.admin.patch(&format!("/api/v1/users/{}", bruno.id), skills.clone()).await.ok();
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let path = format!("/api/v1/conversations/{conversation}/transfer");
    let to_campaign = json!({ "campaign": second });

    permit(&world, &desk, json!({ "transfer_to_campaigns": false })).await;
    assert_eq!(ana.api.get("/api/v1/me").await.ok()["campaigns"][0]["permissions"]["transfer_to_campaigns"], false);
    for to in [&to_campaign, &skills] {
        ana.api.post(&path, to.clone()).await.refused(403, "not_allowed_in_campaign");
    }
    assert_eq!(ana.api.conversation(&conversation).await["standing"]["is"], "active");
    // What is refused keeps nothing: the other kind of transfer is still there.
    let _tab_of_bruno = Socket::at_work(&bruno.api).await;
    ana.api.post(&path, json!({ "agent": bruno.id })).await.ok();
    permit(&world, &desk, json!({ "transfer_to_campaigns": null })).await;
    bruno.api.post(&path, to_campaign).await.ok();
}

async fn earlier_conversations_are_read_as_far_back_as_the_campaign_allows(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut tab = Socket::at_work(&ana.api).await;
    let mut conversations = Vec::new();
    for words in ["hace mucho", "hace poco", "ahora"] {
        let conversation = desk.channel.write("a", words).await;
        tab.conversation(&conversation, "active").await;
        if words != "ahora" {
            ana.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await.ok();
            world.until_standing(&conversation, "ended").await;
        }
        conversations.push(conversation);
    }
    let [long_ago, lately, open] = conversations.try_into().unwrap();
    // Without its first digit a moment of these years is one of the nineties.
    let aged = r#"replace(state, '"last_message_at":1', '"last_message_at":')"#;
    world.installation.execute(&format!("UPDATE conversations SET state = {aged} WHERE id = '{long_ago}'")).await;
    let contact = text(&ana.api.conversation(&open).await["contact"]);
    let seen = async |who: &Person| {
        let page = who.api.get(&format!("/api/v1/contacts/{contact}/conversations")).await;
        if page.status == 404 { vec![] } else { list(&page.ok()).iter().map(|item| text(&item["id"])).collect::<Vec<_>>() }
    };
    let reads = async |conversation: &str| {
        let path = format!("/api/v1/conversations/{conversation}");
        let (state, thread) = (ana.api.get(&path).await, ana.api.get(&format!("{path}/messages")).await);
        assert_eq!(state.status, thread.status, "{state} {thread}");
        state.status == 200
    };
    assert_eq!(seen(&ana).await, [open.clone(), lately.clone(), long_ago.clone()]);
    assert_eq!((reads(&long_ago).await, reads(&lately).await), (true, true));
    permit(&world, &desk, json!({ "history_hours": 2 })).await;
    assert_eq!(seen(&ana).await, [open.clone(), lately.clone()]);
    assert_eq!((reads(&long_ago).await, reads(&lately).await, reads(&open).await), (false, true, true));
    permit(&world, &desk, json!({ "history": false })).await;
    assert_eq!((seen(&ana).await, seen(&bruno).await), (vec![], vec![]));
    assert_eq!((reads(&long_ago).await, reads(&lately).await, reads(&open).await), (false, false, true));
}

async fn impossible_permissions_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let before = world.installation.rows().await;
    for hours in [0, 87_601] {
        let permissions = json!({ "permissions": { "history_hours": hours } });
        world.admin.patch(&path, permissions).await.refused_field("permissions.history_hours", "out_of_range");
    }
    let unknown = world.admin.patch(&path, json!({ "permissions": { "everything": true } })).await;
    unknown.refused_field("everything", "unknown_field");
    for wrong in [json!({ "permissions": { "history": "yes" } }), json!({ "permissions": [] }), json!({ "permissions": 1 })] {
        assert_eq!(world.admin.patch(&path, wrong).await.status, 422);
    }
    // What stood there before these were one object is refused, not ignored.
    world.admin.patch(&path, json!({ "agent_transfer": false })).await.refused_field("agent_transfer", "unknown_field");
    assert_eq!(world.installation.rows().await, before);
}
