use std::collections::BTreeSet;

use super::*;

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

#[test]
fn a_scrape_shows_every_metric_with_its_kind_and_help() {
    install_metrics().unwrap();
    install_metrics().unwrap();
    for metric in METRICS {
        let labels: Vec<_> = metric.labels.iter().map(|label| metrics::Label::new(*label, "x")).collect();
        match metric.kind {
            Kind::Counter => counter!(metric.name, labels).increment(1),
            Kind::Gauge => gauge!(metric.name, labels).increment(1.0),
            Kind::Histogram => histogram!(metric.name, labels).record(0.004),
        }
    }
    upkeep();
    let text = render();
    for Metric { name, kind, help, .. } in METRICS {
        assert!(text.contains(&format!("# HELP {name} {help}\n")), "{name} in\n{text}");
        let kind = format!("{kind:?}").to_lowercase();
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} in\n{text}");
    }
    assert!(value(&text, r#"centralita_http_request_seconds_bucket{route="x",le="0.005"}"#) >= 1.0);
    assert_eq!(value(&text, &format!("centralita_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
}

#[test]
fn a_scrape_shows_the_process_as_it_is_now() {
    let text = render();
    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(value(&text, "process_cpu_seconds_total") >= 0.0);
    assert!(value(&text, "process_open_fds") >= 3.0);
    assert!(value(&text, "process_max_fds") >= value(&text, "process_open_fds"));
    let started = value(&text, "process_start_time_seconds");
    let now = Clock::system().now().micros() as f64 / 1e6;
    assert!((0.0..86_400.0).contains(&(now - started + 1.0)), "started {started}, now {now}");
}

#[test]
fn names_follow_the_conventions_that_rules_rely_on() {
    for Metric { name, kind, .. } in METRICS {
        assert!(name.starts_with("centralita_"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        // Buckets go by the ending.
        assert!(*kind != Kind::Histogram || name.ends_with("_seconds") || name.ends_with("_entries"), "{name}");
    }
    assert_eq!(METRICS.iter().map(|metric| metric.name).collect::<BTreeSet<_>>().len(), METRICS.len());
}

#[test]
fn a_filter_that_does_not_parse_is_refused_with_an_example() {
    let config = Config { log: "centralita=loud".to_owned(), ..Config::default() };
    let error = log_to_stderr(&config, Clock::fixed(0)).unwrap_err().to_string();
    assert!(error.contains("info,centralita=debug"), "{error}");
}

/// Every `centralita_…` in a text, without what Prometheus adds to a histogram's name.
fn names_in(text: &str) -> BTreeSet<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let strip = |name: &'static [&str], text| name.iter().find_map(|end| str::strip_suffix(text, *end)).unwrap_or(text);
    text.split(word)
        .filter(|word| word.starts_with("centralita_"))
        .map(|word| strip(&["_bucket", "_sum", "_count"], word))
        .collect()
}

#[test]
fn rules_and_manual_use_the_names_of_the_table() {
    let table: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    let rules = names_in(include_str!("../../prometheus/alerts.yml"));
    assert!(rules.len() > 5 && rules.is_subset(&table), "{:?}", rules.difference(&table));
    let shown = names_in(include_str!("../../prometheus/grafana/centralita.json"));
    assert_eq!(shown, table, "a metric that nobody looks at, or one that there is not");
    assert_eq!(names_in(include_str!("../../docs/metrics.md")), table);
}
