use std::net::TcpListener;

use super::*;
use crate::{
    clock::Timestamp,
    store::{
        newest_schema,
        probe::{Probe, Server},
    },
};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn levels(findings: &[Finding]) -> Vec<(&str, Level)> {
    findings.iter().map(|finding| (finding.check, finding.level)).collect()
}

fn worst(findings: &[Finding]) -> &Finding {
    let rank = |finding: &&Finding| [Level::Ok, Level::Warning, Level::Fault].iter().position(|level| *level == finding.level);
    findings.iter().max_by_key(rank).unwrap()
}

fn healthy() -> Server {
    Server {
        version: 150_004,
        encoding: "UTF8".to_owned(),
        durable: ["on".to_owned(), "on".to_owned()],
        now: NOW,
        round_trip: Duration::from_millis(1),
        connections_left: 90,
    }
}

fn of_server(server: Server) -> Finding {
    worst(&database::judge(&Probe { server: Some(server), schema: Some(newest_schema()), ..Probe::default() }, NOW)).clone()
}

#[test]
fn a_server_is_judged_by_what_it_says_of_itself() {
    assert_eq!(of_server(healthy()).level, Level::Ok);
    let old = of_server(Server { version: 140_010, ..healthy() });
    assert!(old.level == Level::Fault && old.says.contains("PostgreSQL 14.10") && old.mend.unwrap().contains("15"));
    assert_eq!(of_server(Server { encoding: "LATIN1".to_owned(), ..healthy() }).level, Level::Fault);
    let lossy = of_server(Server { durable: ["on".to_owned(), "off".to_owned()], ..healthy() });
    assert!(lossy.level == Level::Fault && lossy.says.contains("synchronous_commit is off"));
    assert_eq!(of_server(Server { connections_left: 3, ..healthy() }).level, Level::Warning);
    assert_eq!(of_server(Server { round_trip: Duration::from_millis(60), ..healthy() }).level, Level::Warning);
    assert_eq!(of_server(Server { now: NOW + Duration::from_secs(2), ..healthy() }).level, Level::Warning);
    let skewed = of_server(Server { now: NOW - Duration::from_secs(9), ..healthy() });
    assert!(skewed.level == Level::Fault && skewed.check == "clock");
}

#[test]
fn a_database_is_judged_by_its_schema_its_file_and_its_log() {
    let probe = |schema| Probe { schema, ..Probe::default() };
    let level = |probe: &Probe| worst(&database::judge(probe, NOW)).level;
    assert_eq!(level(&probe(None)), Level::Ok);
    assert_eq!(level(&probe(Some(newest_schema()))), Level::Ok);
    assert_eq!(level(&probe(Some(1))), Level::Warning);
    assert_eq!(level(&probe(Some(newest_schema() + 1))), Level::Fault);
    let fine = || probe(Some(newest_schema()));
    assert_eq!(level(&Probe { damage: Some("page 7".to_owned()), ..fine() }), Level::Fault);
    assert_eq!(level(&Probe { log_bytes: 1 << 30, ..fine() }), Level::Warning);
    assert_eq!(level(&Probe { last_entry: Some(NOW + Duration::from_secs(3600)), ..fine() }), Level::Fault);
    assert_eq!(level(&Probe { last_entry: Some(NOW), ..fine() }), Level::Ok);
}

#[test]
fn a_disk_is_judged_by_what_is_left_and_what_it_is() {
    const GIB: u64 = 1 << 30;
    let level = |free, size, files, of| machine::room(free, size, files, of).level;
    assert_eq!(level(100 * GIB, 200 * GIB, 50, 100), Level::Ok);
    assert_eq!(level(GIB, 200 * GIB, 50, 100), Level::Warning);
    assert_eq!(level(8 * GIB, 400 * GIB, 50, 100), Level::Warning);
    assert_eq!(level(100 * GIB, 200 * GIB, 1, 100), Level::Warning);
    assert_eq!(level(GIB / 8, 200 * GIB, 50, 100), Level::Fault);
    assert_eq!(level(100 * GIB, 200 * GIB, 0, 0), Level::Ok);
    assert_eq!(machine::harm(0x6969).unwrap().0, "NFS");
    assert!(machine::harm(0x0102_1994).is_some() && machine::harm(0xef53).is_none());
    assert_eq!(machine::files_of(Some(1024)).level, Level::Warning);
    assert_eq!(machine::files_of(Some(65_536)).level, Level::Ok);
    assert_eq!(machine::files_of(None).level, Level::Ok);
    assert_eq!(worst(&machine::clock(&Clock::fixed(0))).level, Level::Fault);
    assert_eq!(worst(&machine::clock(&Clock::fixed(NOW.micros()))).level, Level::Ok);
}

#[test]
fn proxy_and_public_address_must_agree() {
    let of = |url: &str, behind: bool, trusted: &str| {
        let config = Config {
            public_url: Some(url.parse().unwrap()),
            behind_tls_proxy: behind,
            trusted_proxies: serde_json::from_value(serde_json::json!(trusted)).unwrap(),
            ..Config::default()
        };
        levels(&proxy(&config))[0].1
    };
    assert_eq!(of("https://help.example.com", false, "10.0.0.1"), Level::Ok);
    assert_eq!(of("https://help.example.com", false, ""), Level::Warning);
    assert_eq!(of("http://help.example.com", true, "10.0.0.1"), Level::Warning);
    assert_eq!(of("http://127.0.0.1:8080", false, ""), Level::Ok);
    assert_eq!(levels(&proxy(&Config::default())), [("proxy", Level::Ok)]);
}

#[test]
fn a_port_is_free_or_somebody_else_s() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let data_dir = std::env::temp_dir().join("centralita-nobody-is-here");
    let config = Config { listen: taken.local_addr().unwrap(), data_dir, ..Config::default() };
    // It accepts, and never answers in HTTP.
    let answering = std::thread::spawn(move || drop(taken.accept()));
    let finding = machine::port(&config);
    assert!(finding.level == Level::Fault && finding.says.contains("another program"), "{finding:?}");
    answering.join().unwrap();
    assert_eq!(machine::port(&config).level, Level::Ok);
    let elsewhere = Config { listen: "192.0.2.1:80".parse().unwrap(), ..config };
    assert_eq!(machine::port(&elsewhere).level, Level::Fault);
}

#[test]
fn a_risky_configuration_is_a_fault_with_a_way_out() {
    let config =
        Config { listen: "0.0.0.0:28080".parse().unwrap(), log: "no=such=filter".to_owned(), workers: 256, ..Config::default() };
    let findings = configuration(&config);
    assert!(findings.iter().any(|finding| finding.says.contains("secret_key is missing")), "{findings:?}");
    assert!(findings.iter().all(|finding| finding.level != Level::Ok && finding.mend.is_some()), "{findings:?}");
    assert_eq!(configuration(&Config::default()).len(), 1);
}
