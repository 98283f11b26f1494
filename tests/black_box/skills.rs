//! Skills, rings and what conversations weigh (routing.md, Capacity and D), as administrators set them.

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    it_waits_for_who_is_good_enough_until_less_is_asked,
    a_transfer_to_a_skill_goes_to_who_has_it,
    what_conversations_weigh_counts_at_once_and_after_a_restart,
    impossible_skills_are_refused,
);

async fn skill(world: &World, desk: &Desk, name: &str) -> String {
    world.admin.post("/api/v1/skills", json!({ "client": desk.client, "name": name })).await.id()
}

async fn teach(world: &World, who: &Person, skills: Value) {
    let user = world.admin.patch(&format!("/api/v1/users/{}", who.id), json!({ "skills": skills })).await.ok();
    assert_eq!(user["skills"], skills);
}

async fn desk(world: &World) -> Desk {
    world.desk(json!({ "max_per_agent": 100, "permissions": { "close_unanswered": true } })).await
}

async fn it_waits_for_who_is_good_enough_until_less_is_asked(database: Database) {
    let mut world = World::new(&database).await;
    let desk = desk(&world).await;
    let fibre = skill(&world, &desk, "Fibra").await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let asking = json!({ "skills": [{ "skill": fibre, "level": 7 }], "rings": [
        { "after_seconds": 3600, "relax": { "is": "lower", "by": 2 } }, { "after_seconds": 1, "relax": { "is": "drop", "skills": [] } }] });
    assert_eq!(world.admin.patch(&path, json!({ "asking": asking })).await.ok()["asking"], asking);
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    teach(&world, &bruno, json!([{ "skill": fibre, "level": 6 }])).await;
    let mut tabs = vec![Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await];
    let conversation = desk.channel.write("a", "hola").await;
    world.until_standing(&conversation, "queued").await;
    // A lesson learned counts at once, and after a crash.
    world.crash().await;
    tabs.clear();
    tabs.extend([Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await]);
    teach(&world, &bruno, json!([{ "skill": fibre, "level": 7 }])).await;
    assert_eq!(text(&world.until_standing(&conversation, "active").await["standing"]["agent"]), bruno.id);
    // Less is asked a second after it came in.
    let soon = json!({ "skills": [{ "skill": fibre, "level": 10 }], "rings": [{ "after_seconds": 1, "relax": { "is": "drop", "skills": [] } }] });
    world.admin.patch(&path, json!({ "asking": soon })).await.ok();
    let conversation = desk.channel.write("b", "hola").await;
    assert_eq!(
        text(&world.until_standing(&conversation, "active").await["standing"]["agent"]),
        ana.id,
        "nobody has 10; she is idle"
    );
}

async fn a_transfer_to_a_skill_goes_to_who_has_it(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world).await;
    let (fibre, other) = (skill(&world, &desk, "Fibra").await, skill(&world, &desk, "Portugués").await);
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    teach(&world, &bruno, json!([{ "skill": fibre, "level": 3 }])).await;
    let _ana = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    world.until_standing(&conversation, "active").await;
    let _bruno = Socket::at_work(&bruno.api).await;
    let path = format!("/api/v1/conversations/{conversation}/transfer");
    let to = |skill: &str, level: u8| json!({ "skills": [{ "skill": skill, "level": level }] });
    ana.api.post(&path, to(&other, 1)).await.refused(409, "transfer_target");
    ana.api.post(&path, to(&fibre, 4)).await.refused(409, "transfer_target");
    ana.api.post(&path, to(&fibre, 3)).await.ok();
    loop {
        let state = world.until_standing(&conversation, "active").await;
        if state["standing"]["agent"] == bruno.id {
            assert_eq!(state["skills"], to(&fibre, 3)["skills"]);
            break;
        }
    }
    // What it asks can be changed by who has it, not by anybody else.
    let path = format!("/api/v1/conversations/{conversation}/skills");
    ana.api.put(&path, json!({ "skills": [] })).await.refused(409, "not_owner");
    bruno.api.put(&path, json!({ "skills": [] })).await.ok();
    let state = world.admin.get(&format!("/api/v1/conversations/{conversation}")).await.ok();
    assert_eq!(state["skills"], Value::Null);
}

async fn what_conversations_weigh_counts_at_once_and_after_a_restart(database: Database) {
    let mut world = World::new(&database).await;
    let desk = desk(&world).await;
    let ana = world.agent(&[&desk.campaign]).await;
    world.admin.patch(&format!("/api/v1/users/{}", ana.id), json!({ "capacity": 100 })).await.ok();
    let put = async |world: &World, kind: Value| world.admin.put("/api/v1/capacity", json!({ "kinds": [kind] })).await;
    put(&world, json!({ "kind": "api", "units": 100 })).await.ok();
    let tab = Socket::at_work(&ana.api).await;
    let (one, two) = (desk.channel.write("a", "hola").await, desk.channel.write("b", "hola").await);
    world.until_standing(&one, "active").await;
    world.until_standing(&two, "queued").await;
    drop(tab);
    world.crash().await;
    let kinds = world.admin.get("/api/v1/capacity").await.ok()["kinds"].clone();
    assert_eq!(kinds[0], json!({ "kind": "api", "units": 100, "most": null, "interrupts": [] }));
    let _tab = Socket::at_work(&ana.api).await;
    world.until_standing(&two, "queued").await;
    put(&world, json!({ "kind": "api", "units": 10, "most": 2 })).await.ok();
    world.until_standing(&two, "active").await;
    let three = desk.channel.write("c", "hola").await;
    world.until_standing(&three, "queued").await;
    put(&world, json!({ "kind": "api", "units": 10, "most": 3 })).await.ok();
    world.until_standing(&three, "active").await;
}

async fn impossible_skills_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world).await;
    let fibre = skill(&world, &desk, "Fibra").await;
    let elsewhere = world.client("B").await;
    let foreign = world.admin.post("/api/v1/skills", json!({ "client": elsewhere, "name": "Otra" })).await.id();
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let asked = |skills: Value, rings: Value| json!({ "asking": { "skills": skills, "rings": rings } });
    let ring = |relax: Value| json!([{ "after_seconds": 1, "relax": relax }]);
    let one = |skill: &str, level: u8| json!({ "skill": skill, "level": level });
    for (patch, field, code) in [
        (asked(json!([one(&foreign, 1)]), json!([])), "asking.skills.0.skill", "unknown_reference"),
        (asked(json!([one(&fibre, 11)]), json!([])), "asking.skills.0.level", "out_of_range"),
        (asked(json!([one(&fibre, 1), one(&fibre, 2)]), json!([])), "asking.skills", "duplicate"),
        (asked(json!([]), ring(json!({ "is": "lower", "by": 10 }))), "asking.rings.0.relax", "out_of_range"),
        (
            asked(json!([]), ring(json!({ "is": "add", "skill": foreign, "level": 1 }))),
            "asking.rings.0.relax",
            "unknown_reference",
        ),
        (json!({ "strategy": { "sticky_days": 366 } }), "strategy.sticky_days", "out_of_range"),
    ] {
        world.admin.patch(&path, patch).await.refused_field(field, code);
    }
    let again = json!({ "kinds": [{ "kind": "api", "units": 1 }, { "kind": "api", "units": 2 }] });
    world.admin.put("/api/v1/capacity", again).await.refused_field("kinds", "duplicate");
    let itself = json!({ "kinds": [{ "kind": "api", "units": 1, "interrupts": ["api"] }] });
    world.admin.put("/api/v1/capacity", itself).await.refused_field("kinds.0.interrupts", "not_possible");
    let scoped = world.person("admin", json!([{ "kind": "client", "id": desk.client }])).await;
    scoped.api.put("/api/v1/capacity", json!({ "kinds": [] })).await.refused(403, "forbidden");
    assert_eq!(list(&scoped.api.get("/api/v1/skills").await.ok()).len(), 1);
}
