//! What is shipped beside the binary: the image's recipe, compose, systemd units. There is no Docker engine in the tests: what can
//! be known without one is looked at, and the binary is started as the image starts it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    api::Api,
    database::{Database, on_sqlite_only},
    installation::Installation,
};

on_sqlite_only!(the_image_starts_without_any_configuration, systemd_is_told_when_it_is_ready_and_when_it_stops);

fn of_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Instructions of the Dockerfile, their continued lines joined.
fn dockerfile() -> Vec<(String, String)> {
    let text = fs::read_to_string(of_project("docker/Dockerfile")).unwrap().replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| line.split_once(' ').unwrap()).map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect()
}

/// What the image sets.
fn image_environment() -> BTreeMap<String, String> {
    let pairs = dockerfile().into_iter().filter(|(word, _)| word == "ENV").flat_map(|(_, rest)| {
        rest.split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Vec<_>>()
    });
    pairs.collect()
}

#[test]
fn what_the_image_is_made_of_is_there() {
    let steps = dockerfile();
    let of = |word: &str| steps.iter().filter(|(known, _)| known == word).map(|(_, rest)| rest.as_str()).collect::<Vec<_>>();
    let stages = of("FROM");
    assert_eq!(stages.len(), 3);
    assert!(stages.iter().all(|image| !image.contains("latest") && image.contains(':')), "{stages:?}");
    let ignored = fs::read_to_string(of_project("docker/Dockerfile.dockerignore")).unwrap();
    for copy in of("COPY") {
        let mut words: Vec<&str> = copy.split_whitespace().collect();
        words.pop();
        let from = words.first().and_then(|word| word.strip_prefix("--from="));
        match from {
            Some(stage) => assert!(stages.iter().any(|known| known.ends_with(&format!(" AS {stage}"))), "{copy}"),
            None => {
                for source in words {
                    assert!(of_project(source).exists(), "{copy}");
                    assert!(!ignored.lines().any(|line| line == source), "{copy}");
                }
            }
        }
    }
    // The commands it runs, by what they need of this project.
    let runs = of("RUN").join("\n");
    assert!(runs.contains("scripts/web.sh build") && runs.contains("cargo build --locked --profile dist --bin centralita"));
    assert_ne!(fs::metadata(of_project("scripts/web.sh")).unwrap().permissions().mode() & 0o111, 0);
    assert!(fs::read_to_string(of_project("Cargo.toml")).unwrap().contains("[profile.dist]"));
    assert!(of_project("Cargo.lock").exists());
    // Nobody's root, and it is asked how it is.
    assert_eq!(of("USER"), ["10001:10001"]);
    assert!(of("HEALTHCHECK")[0].ends_with("CMD [\"centralita\", \"healthcheck\"]"));
    let environment = image_environment();
    assert_eq!(of("VOLUME"), [environment["CENTRALITA_DATA_DIR"].as_str()]);
    assert!(environment["CENTRALITA_LISTEN"].ends_with(of("EXPOSE")[0]));
    assert!(environment.keys().all(|name| !name.contains("KEY") && !name.contains("TOKEN") && !name.contains("PASSWORD")));
}

#[test]
fn compose_is_consistent_and_open_to_this_machine_only() {
    let text = fs::read_to_string(of_project("docker/compose.yaml")).unwrap();
    let compose: Value = serde_yaml_ng::from_str(&text).unwrap();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.keys().collect::<Vec<_>>(), ["centralita", "grafana", "postgres", "prometheus", "redis"]);
    let folder = of_project("docker");
    let list = |value: &Value| {
        value
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (name, service) in services {
        if let Some(image) = service["image"].as_str() {
            let tag = image.split_once(':').unwrap().1;
            assert!(tag.contains('.') && !tag.contains("latest"), "{image}: which one?");
            assert!(service["healthcheck"]["test"].is_array(), "{name} is not asked how it is");
        } else {
            let context = folder.join(service["build"]["context"].as_str().unwrap());
            assert!(context.join(service["build"]["dockerfile"].as_str().unwrap()).exists());
            assert_eq!(service["read_only"], true);
        }
        for port in list(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        for volume in list(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            if source.starts_with('.') {
                assert!(folder.join(source).exists(), "{name}: {volume}");
            } else {
                assert!(compose["volumes"].get(source).is_some(), "{name}: {volume}");
            }
        }
        for secret in list(&service["secrets"]) {
            assert!(compose["secrets"].get(&secret).is_some(), "{name}: {secret}");
        }
        for other in service["depends_on"].as_object().into_iter().flat_map(|others| others.keys()) {
            assert!(services[other]["healthcheck"].is_object(), "{name} waits for {other}");
        }
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_else(|| panic!("{name}: {variable} is no text"));
            // What is secret comes from the file, and there is no default for it.
            if ["PASSWORD", "KEY", "TOKEN"].iter().any(|word| variable.contains(word)) {
                assert!(value.starts_with("${") && value.ends_with(":?}"), "{name}: {variable}");
            }
            for needed in value.split("${").skip(1).map(|rest| rest.split([':', '}']).next().unwrap()) {
                assert!(text.contains(&format!("#   {needed}=")), "{needed} is not described");
            }
        }
    }
    // Names that the files of Prometheus and Grafana rely on.
    let scrape = fs::read_to_string(of_project("prometheus/prometheus.yml")).unwrap();
    assert!(scrape.contains("centralita:8080") && scrape.contains("/run/secrets/metrics_token"));
    let source: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(of_project("prometheus/grafana/datasource.yml")).unwrap()).unwrap();
    assert_eq!(source["datasources"][0]["url"], "http://prometheus:9090");
    let boards: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(of_project("prometheus/grafana/dashboards.yml")).unwrap()).unwrap();
    let path = boards["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(list(&services["grafana"]["volumes"]).iter().any(|volume| volume.contains(&format!(":{path}/centralita.json"))));
    // Every setting it makes is one that there is.
    let example = fs::read_to_string(of_project("centralita.example.toml")).unwrap();
    let own = services["centralita"]["environment"].as_object().unwrap().keys().cloned();
    for name in own.chain(image_environment().into_keys()) {
        assert!(example.contains(&format!("# {name}\n")), "{name}");
    }
}

async fn the_image_starts_without_any_configuration(database: Database) {
    let installation = Installation::new(&database);
    // As `docker run` with a new volume: an unprivileged user, an empty directory that is theirs, the image's environment, no other.
    let folder = installation.folder().join("volume");
    fs::create_dir(&folder).unwrap();
    let port = installation.host.rsplit(':').next().unwrap().to_owned();
    let mut environment = image_environment();
    environment.insert("CENTRALITA_DATA_DIR".to_owned(), folder.display().to_string());
    environment.insert("CENTRALITA_LISTEN".to_owned(), format!("0.0.0.0:{port}"));
    environment.insert("CENTRALITA_PUBLIC_URL".to_owned(), format!("http://localhost:{port}"));
    let as_in_the_image = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid", "10001", "--regid", "10001", "--clear-groups", "--no-new-privs", "--bounding-set", "-all"]);
        }
        command.arg(installation.folder().join("centralita")).args(arguments);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(&environment)
            .current_dir(&folder)
            .stdin(Stdio::null());
        command
    };
    // Where everybody may run it.
    fs::copy(env!("CARGO_BIN_EXE_centralita"), installation.folder().join("centralita")).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&folder, Some(10001), Some(10001)).unwrap();
    }
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    let sample = as_in_the_image(&["sample"]).output().unwrap();
    let said = String::from_utf8_lossy(&sample.stdout).into_owned();
    assert!(
        sample.status.success() && said.contains(&format!("http://localhost:{port}/")) && !said.contains("0.0.0.0"),
        "{said}"
    );
    let log = fs::File::create(installation.folder().join("image.log")).unwrap();
    let mut server = as_in_the_image(&["serve"]).stderr(log).spawn().unwrap();
    let begun = Instant::now();
    while !as_in_the_image(&["healthcheck"]).output().unwrap().status.success() {
        let said = fs::read_to_string(installation.folder().join("image.log")).unwrap();
        assert!(server.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(30), "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = Api::anonymous(&format!("localhost:{port}")).get("/healthz").await;
    assert_eq!(page.ok_bytes(), b"ok");
    // What it printed works, in a browser on this machine and in no other.
    let password = said.lines().find_map(|line| line.trim().strip_prefix("admin ")).unwrap().split_whitespace().last().unwrap();
    let body = serde_json::json!({ "login": "admin", "password": password });
    let browser = |origin: &str| Api::anonymous(&format!("localhost:{port}")).with("origin", origin);
    browser(&format!("http://localhost:{port}")).post("/api/v1/session", body.clone()).await.ok();
    assert_eq!(browser(&format!("http://192.0.2.7:{port}")).post("/api/v1/session", body).await.status, 403);
    // It logs for collectors: one object a line.
    let said = fs::read_to_string(installation.folder().join("image.log")).unwrap();
    assert!(
        said.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["timestamp"].is_string())),
        "{said}"
    );
    let mut left: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert!(left.contains(&"centralita.sqlite".to_owned()) && left.contains(&"secret.key".to_owned()), "{left:?}");
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn systemd_is_told_when_it_is_ready_and_when_it_stops(database: Database) {
    let mut installation = Installation::new(&database);
    let path = installation.folder().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    installation.plain("NOTIFY_SOCKET", path.to_str().unwrap());
    let next = || {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut server = installation.spawn();
    assert_eq!(next(), "READY=1");
    Api::anonymous(&installation.host).get("/readyz").await.ok_bytes();
    server.terminate();
    assert!(server.ended(crate::world::STOP_WITHIN).await.success());
    let mut last = next();
    while last == "WATCHDOG=1" {
        last = next();
    }
    assert_eq!(last, "STOPPING=1");
}

/// The worst `systemd-analyze security` may think of the server, of 100.
const EXPOSURE: &str = "20";

#[test]
fn systemd_accepts_the_units_and_finds_the_server_well_enclosed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("systemd-analyze is not installed: not run");
        return;
    }
    let folder = std::env::temp_dir().join(format!("centralita-units-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for name in ["centralita.service", "centralita-backup.service", "centralita-backup.timer"] {
        let unit = fs::read_to_string(of_project("systemd").join(name)).unwrap();
        // Not installed here: the program and its user.
        let unit = unit.replace("/usr/local/bin/centralita", env!("CARGO_BIN_EXE_centralita"));
        let unit = unit.replace("User=centralita", "User=daemon").replace("Group=centralita", "Group=daemon");
        fs::write(folder.join(name), unit).unwrap();
    }
    let analyze = |arguments: &[&str]| {
        let output = Command::new("systemd-analyze").args(arguments).current_dir(&folder).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for name in ["centralita.service", "centralita-backup.service", "centralita-backup.timer"] {
        let (accepted, said) = analyze(&["verify", "--man=no", &format!("./{name}")]);
        assert!(accepted && !said.contains(name), "{name}: {said}");
    }
    let threshold = format!("--threshold={EXPOSURE}");
    let (enclosed, said) = analyze(&["security", "--offline=true", "--no-pager", &threshold, "./centralita.service"]);
    assert!(enclosed, "{said}");
    fs::remove_dir_all(folder).unwrap();
}
