use std::os::unix::fs::PermissionsExt;

use clap::Parser;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A directory of its own that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("centralita-config-{:016x}", rand::random::<u64>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.join("some.toml");
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn read(file: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Result<Config, String> {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        overrides: Overrides,
    }
    let directory = Directory::new();
    let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let arguments = Arguments::parse_from(std::iter::once("centralita").chain(arguments.iter().copied()));
    Config::from_layers(Some(&directory.file(file)), environment, &arguments.overrides).map_err(|error| error.to_string())
}

/// What a server beyond loopback needs.
fn public() -> Config {
    Config {
        listen: "0.0.0.0:8080".parse().unwrap(),
        secret_key: Some(KEY.parse().unwrap()),
        public_url: Some("https://help.example.com".parse().unwrap()),
        // No key file in it, whoever runs the tests.
        data_dir: PathBuf::from("/nonexistent"),
        ..Config::default()
    }
}

fn sole_refusal(config: &Config) -> String {
    let Refused(risks) = config.check().unwrap_err();
    assert_eq!(risks.len(), 1, "{risks:?}");
    risks[0].to_string()
}

#[test]
fn without_any_file_or_variable_it_serves_loopback_from_sqlite() {
    let config = Config::from_layers(None, [], &Overrides::default()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(matches!(config.database, Database::Sqlite));
    assert_eq!(config.sqlite_file(), PathBuf::from("data/centralita.sqlite"));
    assert!(config.workers >= 1);
    assert_eq!(config.limits.max_body_bytes, 2 * 1024 * 1024);
    assert_eq!(config.limits.max_attachment_bytes, 25 * 1024 * 1024);
}

#[test]
fn the_file_beats_defaults_the_environment_the_file_and_the_command_line_all() {
    let file = "data_dir = 'file'\nlog = 'file'\ngrace_seconds = 90\n[limits]\nintake_capacity = 10\njournal_capacity = 10";
    let environment = [("CENTRALITA_LOG", "environment"), ("CENTRALITA_LIMITS__JOURNAL_CAPACITY", "20"), ("HOME", "/root")];
    let config = read(file, &environment, &["--log", "line"]).unwrap();
    assert_eq!(config.listen.port(), 8080);
    assert_eq!(config.data_dir, PathBuf::from("file"));
    assert_eq!(config.grace_seconds, 90);
    assert_eq!(config.limits.intake_capacity, 10);
    assert_eq!(config.limits.journal_capacity, 20);
    assert_eq!(config.log, "line");
    let config = read(file, &environment, &[]).unwrap();
    assert_eq!(config.log, "environment");
}

#[test]
fn every_kind_of_value_can_come_from_the_environment() {
    let config = read(
        "",
        &[
            ("CENTRALITA_LISTEN", "[::1]:9000"),
            ("CENTRALITA_DATABASE", "postgres://u:p@db/centralita"),
            ("CENTRALITA_SECRET_KEY", KEY),
            ("CENTRALITA_PUBLIC_URL", "https://help.example.com:443/"),
            ("CENTRALITA_BEHIND_TLS_PROXY", "true"),
            ("CENTRALITA_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7"),
            ("CENTRALITA_METRICS_TOKEN", "12345678"),
            ("CENTRALITA_WORKERS", "3"),
            ("CENTRALITA_LOG_FORMAT", "json"),
            ("CENTRALITA_DATA_DIR", ""),
            ("CENTRALITA_CONFIG", "elsewhere.toml"),
            ("CENTRALITA_TEST_POSTGRES", "postgres://test"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:9000");
    assert!(matches!(&config.database, Database::Postgres(url) if url.expose() == "postgres://u:p@db/centralita"));
    assert_eq!(config.secret_key.unwrap().expose()[..3], [0, 1, 2]);
    assert_eq!(config.public_url.unwrap().origin(), "https://help.example.com");
    assert!(config.behind_tls_proxy);
    assert!(config.trusted_proxies.contains("::ffff:10.1.2.3".parse().unwrap()));
    assert!(config.trusted_proxies.contains("192.0.2.7".parse().unwrap()));
    assert!(!config.trusted_proxies.contains("192.0.2.8".parse().unwrap()));
    assert_eq!(config.metrics_token.unwrap().expose(), "12345678");
    assert_eq!(config.workers, 3);
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.data_dir, PathBuf::from("data"));
}

#[test]
fn a_key_nobody_knows_is_refused_by_name_wherever_it_stands() {
    let error = read("listne = '127.0.0.1:1'", &[], &[]).unwrap_err();
    assert!(error.contains("`listne`") && error.contains("some.toml"), "{error}");
    let error = read("[limits]\nsize = 1", &[], &[]).unwrap_err();
    assert!(error.contains("`size`"), "{error}");
    let error = read("", &[("CENTRALITA_LISTNE", "x")], &[]).unwrap_err();
    assert!(error.contains("`listne`") && error.contains("the environment"), "{error}");
}

#[test]
fn a_value_that_does_not_parse_is_named_with_where_it_came_from() {
    let error = read("", &[("CENTRALITA_LIMITS__INTAKE_CAPACITY", "many")], &[]).unwrap_err();
    assert!(error.contains("CENTRALITA_LIMITS__INTAKE_CAPACITY"), "{error}");
    let error = read("attachments = 's3://bucket'", &[], &[]).unwrap_err();
    assert!(error.contains("expected `local`") && error.contains("attachments"), "{error}");
    let error = read("", &[], &["--database", "mysql://x"]).unwrap_err();
    assert!(error.contains("--database"), "{error}");
    for url in ["help.example.com", "ftp://x", "https://x/path", "https://u:p@x", "https://x?q"] {
        assert!(read("", &[("CENTRALITA_PUBLIC_URL", url)], &[]).is_err(), "{url}");
    }
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_named() {
    let named = Overrides { config: Some(PathBuf::from("/nonexistent/x.toml")), ..Overrides::default() };
    assert!(Config::load(&named).unwrap_err().to_string().contains("/nonexistent/x.toml"));
}

#[test]
fn secrets_show_neither_in_a_configuration_nor_in_an_error() {
    let canary = "c4n4ry";
    let url = format!("postgres://u:{canary}@db/x");
    let config = read("", &[("CENTRALITA_DATABASE", &url), ("CENTRALITA_METRICS_TOKEN", canary)], &[]).unwrap();
    assert!(!format!("{config:?}").contains(canary), "{config:?}");
    for name in ["CENTRALITA_DATABASE", "CENTRALITA_SECRET_KEY"] {
        let error = read("", &[(name, canary)], &[]).unwrap_err();
        assert!(!error.contains(canary), "{error}");
    }
    assert!(!format!("{:?} {}", Redacted::new(canary), Redacted::new(canary)).contains(canary));
}

#[test]
fn the_defaults_and_a_careful_public_server_pass() {
    Config { data_dir: PathBuf::from("/nonexistent"), ..Config::default() }.check().unwrap();
    public().check().unwrap();
}

#[test]
fn beyond_loopback_without_a_key_is_refused() {
    let sentence = sole_refusal(&Config { secret_key: None, ..public() });
    assert!(sentence.contains("set it to what `openssl rand -base64 32` prints"), "{sentence}");
}

#[test]
fn beyond_loopback_without_a_public_url_is_refused() {
    let sentence = sole_refusal(&Config { public_url: None, ..public() });
    assert!(sentence.contains("set it to the address in people's browsers"), "{sentence}");
}

#[test]
fn beyond_loopback_in_plain_http_is_refused_unless_a_proxy_does_tls() {
    let plain = Config { public_url: Some("http://help.example.com".parse().unwrap()), ..public() };
    assert!(sole_refusal(&plain).contains("behind_tls_proxy"));
    assert!(!plain.secure_cookies());
    let proxied = Config { behind_tls_proxy: true, ..plain };
    proxied.check().unwrap();
    assert!(proxied.secure_cookies());
}

#[test]
fn trusting_everybody_as_a_proxy_is_refused() {
    let config = read("trusted_proxies = ['10.0.0.0/8', '::/0']", &[], &[]).unwrap();
    assert!(sole_refusal(&config).contains("::/0"));
}

#[test]
fn sizes_out_of_range_are_refused_together() {
    let limits = Limits { max_body_bytes: 1, intake_capacity: 0, ..Limits::default() };
    let config = Config { workers: 0, grace_seconds: 301, limits, ..public() };
    let sentences = config.check().unwrap_err().to_string();
    insta::assert_snapshot!(sentences, @r"
    configuration refused:
      workers is 0: set it between 1 and 256
      grace_seconds is 301: set it between 15 and 300
      limits.max_body_bytes is 1: set it between 16384 and 67108864
      limits.intake_capacity is 0: set it between 1 and 1000000
    ");
}

#[test]
fn a_key_is_made_once_on_loopback_and_readable_by_its_owner_only() {
    let directory = Directory::new();
    let config = Config { data_dir: directory.0.join("data"), ..Config::default() };
    let made = config.sealing_key().unwrap();
    assert_eq!(config.sealing_key().unwrap().expose(), made.expose());
    let file = config.generated_key_file();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&config.data_dir).unwrap().count(), 1);
    config.check().unwrap();

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(sole_refusal(&config).contains("chmod 600"));

    fs::write(&file, "not a key").unwrap();
    assert!(config.sealing_key().unwrap_err().to_string().contains("secret.key"));
    assert_eq!(Config { secret_key: Some(KEY.parse().unwrap()), ..config }.sealing_key().unwrap().expose()[1], 1);
}

#[test]
fn a_container_that_only_this_machine_can_use_needs_nothing() {
    let directory = Directory::new();
    for url in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"] {
        let listen = "0.0.0.0:8080".parse().unwrap();
        let data_dir = directory.0.clone();
        let config = Config { listen, data_dir, public_url: Some(url.parse().unwrap()), ..Config::default() };
        config.check().unwrap();
        config.sealing_key().unwrap();
    }
    let elsewhere = Config { public_url: Some("http://localhost.example.com".parse().unwrap()), ..public() };
    assert!(sole_refusal(&elsewhere).contains("passwords would travel"));
}

#[test]
fn no_key_is_made_beyond_loopback() {
    let directory = Directory::new();
    let config = Config { data_dir: directory.0.clone(), secret_key: None, ..public() };
    assert!(matches!(config.sealing_key(), Err(Error::Refused(_))));
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}

/// The keys of a table, from the parser itself: what it says it would have known.
fn keys_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let error = Figment::new().merge(("no such key", 1)).extract::<T>().err().unwrap();
    match error.kind {
        figment::error::Kind::UnknownField(_, known) => known,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_key_is_in_the_example_file_and_in_the_manual() {
    let example = include_str!("../../centralita.example.toml");
    let manual = include_str!("../../docs/configuration.md");
    let top = keys_of::<Config>().iter().filter(|key| !matches!(**key, "limits" | "mail")).map(|key| (*key, key.to_uppercase()));
    let limits = keys_of::<Limits>().iter().map(|key| (*key, format!("LIMITS__{}", key.to_uppercase())));
    let mail = keys_of::<Mail>().iter().map(|key| (*key, format!("MAIL__{}", key.to_uppercase())));
    for (key, name) in top.chain(limits).chain(mail) {
        assert!(example.contains(&format!("\n#{key} = ")), "{key} is not in centralita.example.toml");
        assert!(example.contains(&format!("CENTRALITA_{name}\n")), "CENTRALITA_{name} is not in centralita.example.toml");
        assert!(manual.contains(&format!("`CENTRALITA_{name}`")), "CENTRALITA_{name} is not in docs/configuration.md");
    }
}

#[test]
fn the_example_file_shows_the_defaults() {
    let no_default = ["secret_key", "public_url", "metrics_token", "workers", "authority"];
    let setting = |line: &'static str| {
        let setting = line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '))?;
        (!no_default.iter().any(|key| setting.starts_with(key))).then_some(setting)
    };
    let example = include_str!("../../centralita.example.toml");
    let text = example.lines().filter_map(setting).collect::<Vec<_>>().join("\n");
    assert_eq!(format!("{:?}", read(&text, &[], &[]).unwrap()), format!("{:?}", Config::default()));
}
