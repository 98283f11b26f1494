//! What watches the server: a real Prometheus scrapes it, and every rule and every query of the dashboard is asked.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use centralita::telemetry::METRICS;
use serde_json::{Value, json};

use crate::{
    api::{Api, text},
    database::{Database, on_sqlite_only},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::World,
};

on_sqlite_only!(a_real_prometheus_understands_every_rule_and_every_panel);

const TOKEN: &str = "scrape-token-scrape-token";
/// A rate needs two scrapes with something between them.
const SCRAPED_WITHIN: Duration = Duration::from_secs(30);
/// Of what has not happened there is no series: faults, and what nobody does in this test.
const MAY_BE_EMPTY: [&str; 6] =
    ["gate_refusals", "actor_restarts", "quarantined", "centralita_mails_", "centralita_mailbox_", "centralita_mail_"];

fn of_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("{program} is not installed: not run");
    }
    found
}

#[test]
fn promtool_accepts_configuration_rules_and_their_tests() {
    if !is_there("promtool") {
        return;
    }
    for (arguments, file) in [
        (&["check", "config", "--syntax-only"][..], "prometheus/prometheus.yml"),
        (&["check", "rules"], "prometheus/alerts.yml"),
        (&["test", "rules"], "prometheus/alerts_test.yml"),
    ] {
        let output = Command::new("promtool").args(arguments).arg(of_project(file)).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&said));
    }
}

/// Every query of a dashboard, with what Grafana would put in.
fn queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_slice(&fs::read(of_project("prometheus/grafana/centralita.json")).unwrap()).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = text(&target["expr"]).replace("$__rate_interval", "30s").replace("$instance", ".+");
            assert!(!query.contains('$'), "{query}: a variable that this test does not know");
            queries.push((text(&panel["title"]), query));
        }
    }
    assert!(queries.len() > 20);
    queries
}

/// Killed when dropped.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The project's own configuration, with other places; it scrapes every second.
fn start(installation: &Installation) -> (Prometheus, Api) {
    let folder = installation.folder().join("prometheus");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("token"), TOKEN).unwrap();
    let mut config = fs::read_to_string(of_project("prometheus/prometheus.yml")).unwrap();
    for (from, to) in [
        ("15s", "1s".to_owned()),
        ("/etc/prometheus/alerts.yml", of_project("prometheus/alerts.yml").display().to_string()),
        ("/run/secrets/metrics_token", folder.join("token").display().to_string()),
        ("centralita:8080", installation.host.clone()),
    ] {
        assert!(config.contains(from), "{from}");
        config = config.replace(from, &to);
    }
    fs::write(folder.join("prometheus.yml"), config).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = fs::File::create(folder.join("log")).unwrap();
    let child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "prometheus", "--log.level=warn"])
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    (Prometheus(child), Api::anonymous(&format!("127.0.0.1:{port}")))
}

/// The answer to a query; none while nobody listens.
async fn answer(prometheus: &Api, query: &str) -> Option<Value> {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
    let answer = prometheus.request("GET", &format!("/api/v1/query?{query}")).send().await.ok()?;
    serde_json::from_slice(&answer.bytes().await.ok()?).ok()
}

async fn ask(prometheus: &Api, query: &str) -> Vec<Value> {
    let answer = answer(prometheus, query).await.unwrap();
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    answer["data"]["result"].as_array().unwrap().clone()
}

async fn a_real_prometheus_understands_every_rule_and_every_panel(database: Database) {
    if !is_there("prometheus") {
        return;
    }
    let mut receiver = Receiver::start().await;
    let world = World::of(Installation::new(&database).with("METRICS_TOKEN", TOKEN)).await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let (_process, prometheus) = start(&world.installation);
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let begun = Instant::now();
    loop {
        // Something of everything, between the scrapes.
        desk.channel.write("a", "¿Hola?").await;
        agent.api.reply(&conversation, "hola").await.ok();
        receiver.next().await;
        let sent = answer(&prometheus, "sum(rate(centralita_outbox_attempts_total[30s])) > 0").await;
        if sent.as_ref().is_some_and(|sent| sent["data"]["result"].as_array().is_some_and(|rows| !rows.is_empty())) {
            break;
        }
        assert!(begun.elapsed() < SCRAPED_WITHIN, "{sent:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for (panel, query) in queries() {
        let rows = ask(&prometheus, &query).await;
        let excused = MAY_BE_EMPTY.iter().any(|name| query.contains(name));
        assert!(excused || !rows.is_empty(), "{panel}: nothing for {query}");
        for row in rows {
            assert_ne!(row["value"][1], "NaN", "{panel}: {query}");
        }
    }
    // Every rule was evaluated, without an error; none of them fires at a healthy server.
    let groups = prometheus.get("/api/v1/rules").await.ok();
    let rules: Vec<&Value> =
        groups["data"]["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(rules.len() > 10);
    for rule in &rules {
        assert_eq!((&rule["health"], &rule["state"]), (&json!("ok"), &json!("inactive")), "{rule}");
        ask(&prometheus, rule["query"].as_str().unwrap()).await;
    }
    // Every metric of the manual is there to be scraped, but for what has not happened.
    let names = prometheus.get("/api/v1/label/__name__/values").await.ok();
    let names: BTreeSet<&str> = names["data"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for metric in METRICS.iter().filter(|metric| !MAY_BE_EMPTY.iter().any(|name| metric.name.contains(name))) {
        let stem = metric.name;
        assert!(names.iter().any(|name| name.starts_with(stem)), "{stem} was never scraped");
    }
}
