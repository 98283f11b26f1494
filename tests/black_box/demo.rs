//! `centralita demo`: its own directory, 400 conversations, customers and agents who are simulated, gone with a click.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

use centralita::{
    args,
    domain::{
        agent::Agent,
        conversation::Conversation,
        log::{Entry, Fact},
    },
    store::{Location, journal::STREAM, log},
};
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, text},
    database::{Database, on_both, on_sqlite_only},
    installation::{Installation, Running},
    world::World,
};

// Whatever database is configured, a demo has one of its own.
on_both!(a_demo_is_full_of_life_and_true_to_its_log);
on_sqlite_only!(
    customers_come_and_are_answered,
    only_an_administrator_erases_it_and_only_it,
    it_lets_in_its_own_people_only_and_from_here_only,
    a_server_in_earnest_knows_of_no_demo,
    it_refuses_what_is_not_its_own_and_what_is_not_this_machine,
    a_demo_that_was_not_made_to_the_end_begins_anew,
);

const SOON: Duration = Duration::from_secs(60);

/// A demo that has been started.
struct Demo {
    installation: Installation,
    server: Running,
}

impl Demo {
    async fn start(installation: Installation, pace: &str) -> Self {
        let mut server = installation.spawn_with(&["demo", "--pace", pace, "--seed", "7"]);
        server.wait_until_ready().await;
        Self { installation, server }
    }

    fn anonymous(&self) -> Api {
        Api::anonymous(&self.installation.host)
    }

    /// Lets somebody in, as the sign-in page does.
    async fn enter(&self, login: &str) -> Api {
        let entry = json!({ "login": login });
        let request = self.anonymous().request("POST", "/api/v1/demo/session").json(&entry);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{login}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Api::browser(&self.installation.host, &cookie)
    }

    /// The password printed beside this name.
    fn printed_password(&self, login: &str) -> String {
        let log = self.installation.log();
        let line = log.lines().find(|line| line.split_whitespace().nth(1) == Some(login)).expect("nobody by this name");
        line.split_whitespace().nth(2).unwrap().to_owned()
    }

    async fn stop(mut self) -> Installation {
        self.server.terminate();
        assert!(self.server.ended(SOON).await.success());
        self.installation
    }
}

/// Where it lies beside what is in earnest.
fn folder(installation: &Installation) -> std::path::PathBuf {
    installation.data().join("demo")
}

async fn conversations(api: &Api) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/conversations?limit=200{cursor}")).await.ok();
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn is_over(conversation: &Value) -> bool {
    conversation["standing"]["is"] == "ended"
}

/// Every state of the tables is the fold of the log, and time never goes back in it.
async fn check_fold(installation: &Installation) {
    let db = Location::file(&folder(installation).join("centralita.sqlite")).open().await.unwrap();
    let entries: Vec<Entry> = log::after(&db, STREAM, 0, 1_000_000).await.unwrap();
    let (mut folded, mut agents) = (BTreeMap::new(), BTreeMap::new());
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.pos, index as u64 + 1);
        match &entry.fact {
            Fact::Conversation { id, seq, event } => {
                let state = folded.entry(*id).or_insert_with(|| Conversation::started(*id, event, entry.at).unwrap());
                if *seq > 1 {
                    assert_eq!(*seq, state.seq + 1);
                    state.apply(event, entry.at);
                }
            }
            Fact::Agent { id, event } => {
                agents.entry(*id).or_insert_with(|| Agent::signed_out(*id)).apply(event, entry.at);
            }
            Fact::Config { .. } => {}
        }
    }
    let rows = db.rows("SELECT id, state FROM conversations", args![]).await.unwrap();
    assert_eq!(rows.len(), folded.len());
    for row in rows {
        let (id, mut stored): (_, Conversation) = (row.parse(0).unwrap(), row.json(1).unwrap());
        let folded = &folded[&id];
        // What only the customer has added is not written into the row.
        if stored.seq < folded.seq {
            stored.also_received(folded.seq, folded.last_message_at);
        }
        assert_eq!(stored, *folded);
    }
    for row in db.rows("SELECT agent_id, state FROM agent_states", args![]).await.unwrap() {
        assert_eq!(row.json::<Agent>(1).unwrap(), agents[&row.parse(0).unwrap()]);
    }
}

async fn a_demo_is_full_of_life_and_true_to_its_log(database: Database) {
    // Nobody new comes, so it can be counted.
    let demo = Demo::start(Installation::new(&database), "0").await;
    let password = demo.printed_password("sofia");
    let credentials = json!({ "login": "sofia", "password": password });
    assert_eq!(demo.anonymous().post("/api/v1/session", credentials).await.status, 200);

    let admin = demo.enter("admin").await;
    let all = conversations(&admin).await;
    assert_eq!(all.len(), 400);
    assert!(all.iter().filter(|one| !is_over(one)).count() >= 15);
    for (has, empty) in [("tags", json!([])), ("rating", Value::Null), ("fields", json!({}))] {
        let filled = all.iter().filter(|one| one[has] != empty).count();
        assert!(filled > 40, "{has}: {filled}");
    }
    let campaigns: BTreeSet<String> = all.iter().map(|one| text(&one["campaign"])).collect();
    assert_eq!(campaigns.len(), 3);
    let page = demo.anonymous().request("GET", "/login").send().await.unwrap().text().await.unwrap();
    assert!(page.is_empty() || page.contains("data-demo") || page == "not found", "{page}");

    let installation = demo.stop().await;
    check_fold(&installation).await;

    // Again: the same people, nothing made anew.
    let demo = Demo::start(installation, "0").await;
    assert_eq!(demo.printed_password("sofia"), password);
    assert_eq!(conversations(&demo.enter("admin").await).await.len(), 400);
}

async fn customers_come_and_are_answered(database: Database) {
    let demo = Demo::start(Installation::new(&database), "60").await;
    let admin = demo.enter("admin").await;
    let before: BTreeSet<String> = conversations(&admin).await.iter().map(|one| text(&one["id"])).collect();
    let start = Instant::now();
    let (mut kinds, mut closed) = (BTreeSet::new(), 0);
    while kinds.len() < 2 || closed < 2 {
        assert!(start.elapsed() < SOON, "{kinds:?} answered, {closed} closed");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let all = conversations(&admin).await;
        let new: Vec<&Value> = all.iter().filter(|one| !before.contains(&text(&one["id"]))).collect();
        kinds = new.iter().filter(|one| one["replied"] == true).map(|one| text(&one["channel_kind"])).collect();
        closed = new.iter().filter(|one| is_over(one)).count();
    }
    let paused = admin.patch("/api/v1/demo", json!({ "pace": 0 })).await.ok();
    assert_eq!(paused["pace"], 0);
    assert_eq!(admin.patch("/api/v1/demo", json!({ "pace": 61 })).await.status, 422);
    let installation = demo.stop().await;
    check_fold(&installation).await;
}

async fn only_an_administrator_erases_it_and_only_it(database: Database) {
    let installation = Installation::new(&database);
    fs::create_dir_all(installation.data()).unwrap();
    fs::write(installation.data().join("centralita.sqlite"), "in earnest").unwrap();
    let mut demo = Demo::start(installation, "6").await;
    for login in ["sofia", "ana"] {
        let refused: Answer = demo.enter(login).await.delete("/api/v1/demo").await;
        assert_eq!(refused.status, 403, "{login}");
    }
    assert_eq!(demo.anonymous().delete("/api/v1/demo").await.status, 401);
    assert_eq!(demo.enter("admin").await.delete("/api/v1/demo").await.status, 202);
    assert!(demo.server.ended(SOON).await.success());
    assert!(!folder(&demo.installation).exists());
    assert_eq!(fs::read_to_string(demo.installation.data().join("centralita.sqlite")).unwrap(), "in earnest");
    assert!(demo.installation.log().contains("centralita serve"));
}

async fn it_lets_in_its_own_people_only_and_from_here_only(database: Database) {
    let demo = Demo::start(Installation::new(&database), "0").await;
    for login in ["diego", "nobody", ""] {
        let refused = demo.anonymous().post("/api/v1/demo/session", json!({ "login": login })).await;
        assert_eq!(refused.status, 401, "{login}");
    }
    // A name that somebody else made lead here.
    let foreign = demo.anonymous().request("GET", "/api/v1/demo").header("host", "rebound.example");
    assert_eq!(foreign.send().await.unwrap().status(), 404);
    let people = demo.anonymous().get("/api/v1/demo").await.ok();
    assert!(!people.to_string().contains("password"));
    let card = folder(&demo.installation).join("demo.json");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(card).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // In use.
    assert!(!demo.installation.run(&["demo", "--erase"]).status.success());
}

async fn a_server_in_earnest_knows_of_no_demo(database: Database) {
    let world = World::new(&database).await;
    assert_eq!(world.anonymous().get("/api/v1/demo").await.status, 404);
    assert_eq!(world.anonymous().post("/api/v1/demo/session", json!({ "login": "admin" })).await.status, 404);
    assert_eq!(world.admin.delete("/api/v1/demo").await.status, 404);
    assert_eq!(world.admin.patch("/api/v1/demo", json!({ "pace": 1 })).await.status, 404);
}

fn sentence(output: &std::process::Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn it_refuses_what_is_not_its_own_and_what_is_not_this_machine(database: Database) {
    let installation = Installation::new(&database);
    let said = sentence(&installation.run(&["--listen", "0.0.0.0:8099", "demo"]));
    assert!(said.contains("this machine only"), "{said}");
    assert!(!installation.data().exists());

    let data = installation.data();
    let data = data.to_str().unwrap();
    installation.print(&["sample", "--json"]);
    let before = fs::read(installation.sqlite_file()).unwrap();
    for arguments in [&["--data-dir", data, "demo"][..], &["--data-dir", data, "demo", "--erase"]] {
        let said = sentence(&installation.run(arguments));
        assert!(said.contains("no demo's directory"), "{said}");
    }
    assert_eq!(fs::read(installation.sqlite_file()).unwrap(), before);

    // And the other way round: what is a demo is not served as if it were in earnest.
    let demo = Demo::start(installation, "0").await;
    let installation = demo.stop().await;
    let own = folder(&installation);
    let said = sentence(&installation.run(&["--data-dir", own.to_str().unwrap(), "serve"]));
    assert!(said.contains("holds a demo"), "{said}");
    assert!(installation.print(&["demo", "--erase"]).contains("erased"));
    assert!(!own.exists());
    assert!(installation.print(&["demo", "--erase"]).contains("no demo"));
}

async fn a_demo_that_was_not_made_to_the_end_begins_anew(database: Database) {
    let demo = Demo::start(Installation::new(&database), "0").await;
    let installation = demo.stop().await;
    let card = folder(&installation).join("demo.json");
    let half = fs::read_to_string(&card).unwrap().replace("\"complete\": true", "\"complete\": false");
    fs::write(&card, half).unwrap();
    let demo = Demo::start(installation, "0").await;
    assert_eq!(conversations(&demo.enter("admin").await).await.len(), 400);
}
