//! What is said to a provider. Whoever names its address is not who owns this network, and what answers may be anything: only what is
//! allowed is connected to, nothing is followed, little is read, and nothing of it is believed but a well-formed answer.

use std::{net::SocketAddr, time::Duration};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE},
    redirect::Policy,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::provider::{Place, ProviderKind, may_reach};
use crate::{
    auth::secret::SecretText,
    channels::email::post::{
        failure::{Code, Failure},
        net::{Network, Reach},
    },
};

/// From the first name to the last byte.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 15 });
/// Tokens are some kilobytes at most.
const LARGEST: usize = 64 * 1024;
/// Of a token whose provider says nothing.
const USUAL: Duration = Duration::from_secs(30 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 3_600);
/// No server takes a longer one.
const LONGEST_TOKEN: usize = 12_000;

/// What a provider gave.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Opens the mailbox for a while.
    pub access: SecretText,
    /// For so long.
    pub lasts: Duration,
    /// Becomes the next one; a provider may keep the one it gave.
    pub refresh: Option<SecretText>,
}

/// What is shown to a provider.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Code { code: &'a SecretText, verifier: &'a SecretText, redirect: &'a str },
    Refresh(&'a SecretText),
}

impl<'a> Shown<'a> {
    fn secret(self) -> &'a SecretText {
        match self {
            Self::Code { code, .. } => code,
            Self::Refresh(token) => token,
        }
    }

    fn form(self, place: &Place, secret: &SecretText) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(4_096));
        form.append_pair("client_id", &place.client).append_pair("client_secret", secret.expose());
        match self {
            Self::Code { code, verifier, redirect } => form
                .append_pair("grant_type", "authorization_code")
                .append_pair("code", code.expose())
                .append_pair("code_verifier", verifier.expose())
                .append_pair("redirect_uri", redirect),
            Self::Refresh(token) => form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose()),
        };
        form.finish()
    }
}

/// Only `expires_in`, a number by the standard, comes as a text from some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

/// An answer that is one.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: Option<SecretText>,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<Seconds>,
    #[serde(default)]
    refresh_token: Option<SecretText>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
}

struct Checked(Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Code::HostForbidden.meaning().into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Talks to providers. One for the whole process; cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    client: Client,
    reach: Reach,
}

impl Exchange {
    /// Over this network: who is believed to be whom, and who may be reached.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(net: &Network) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy()
            .referer(false)
            .user_agent(concat!("Centralita/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            // It is asked from several threads, and rarely.
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .tls_backend_preconfigured(net.tls())
            .dns_resolver(Checked(net.reach()))
            .build()?;
        Ok(Self { client, reach: net.reach() })
    }

    /// Which addresses may be reached.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// What a code stands for.
    ///
    /// # Errors
    /// A code of the sign-in, with the provider's words.
    pub async fn code(
        &self,
        place: &Place,
        secret: &SecretText,
        code: &SecretText,
        verifier: &SecretText,
        redirect: &str,
    ) -> Result<Grant, Failure> {
        let grant = self.ask(place, secret, Shown::Code { code, verifier, redirect }).await?;
        if grant.refresh.is_none() { Err(Code::NoRefresh.into()) } else { Ok(grant) }
    }

    /// The next token.
    ///
    /// # Errors
    /// A code of the sign-in, with the provider's words.
    pub async fn refresh(&self, place: &Place, secret: &SecretText, token: &SecretText) -> Result<Grant, Failure> {
        self.ask(place, secret, Shown::Refresh(token)).await
    }

    async fn ask(&self, place: &Place, secret: &SecretText, shown: Shown<'_>) -> Result<Grant, Failure> {
        if !may_reach(&place.token, self.reach) {
            return Err(Code::HostForbidden.into());
        }
        let request = self
            .client
            .post(place.token.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(shown.form(place, secret));
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let (status, json) = (response.status().as_u16(), is_json(&response));
        let body = if json { read(response).await? } else { Zeroizing::default() };
        judge(place.kind, matches!(shown, Shown::Refresh(_)), status, json, &body)
            .map_err(|failure| failure.without(&[secret.expose(), shown.secret().expose()]))
    }
}

/// Its own words may hold the address, never what was sent.
fn unreachable(error: &reqwest::Error) -> Failure {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.to_string() == Code::HostForbidden.meaning() {
            return Code::HostForbidden.into();
        }
        source = cause.source();
    }
    Code::ProviderLater.into()
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::from(Code::ProviderLater))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Code::ProviderOdd.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn judge(kind: ProviderKind, is_refresh: bool, status: u16, json: bool, body: &[u8]) -> Result<Grant, Failure> {
    if status == 429 || status >= 500 {
        return Err(Code::ProviderLater.into());
    }
    let answer: Answer = match serde_json::from_slice(body) {
        Ok(answer) if json => answer,
        _ => return Err(Code::ProviderOdd.into()),
    };
    if let Some(error) = &answer.error {
        let said = answer.error_description.as_deref().unwrap_or(error);
        return Err(Failure::said(refusal(is_refresh, error, said), said.as_bytes()));
    }
    let access = answer.access_token.filter(usable).ok_or(Code::ProviderOdd)?;
    let bearer = answer.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    if status != 200 || !bearer {
        return Err(Code::ProviderOdd.into());
    }
    // Google lets people take back what they are asked for, one by one.
    let granted = answer.scope.as_deref().is_none_or(|scope| scope.split(' ').any(|one| one == "https://mail.google.com/"));
    if kind == ProviderKind::Google && !granted {
        return Err(Code::ScopeRefused.into());
    }
    let seconds = answer.expires_in.and_then(|seconds| match seconds {
        Seconds::Number(number) => Some(number),
        Seconds::Text(text) => text.trim().parse().ok(),
    });
    let lasts = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(USUAL).min(LONGEST);
    Ok(Grant { access, lasts, refresh: answer.refresh_token.filter(usable) })
}

/// Goes into a line of a mail protocol, so nothing that ends one.
fn usable(token: &SecretText) -> bool {
    let token = token.expose();
    !token.is_empty() && token.len() <= LONGEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What an error of the standard, or of a provider, means (RFC 6749, 5.2).
fn refusal(is_refresh: bool, error: &str, said: &str) -> Code {
    match error {
        // Microsoft says so of a wrong redirect address, too.
        _ if said.contains("AADSTS50011") => Code::RedirectRefused,
        "redirect_uri_mismatch" => Code::RedirectRefused,
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required" if is_refresh => Code::SignInAgain,
        "invalid_grant" => Code::CodeRefused,
        "invalid_client" | "unauthorized_client" => Code::ClientRefused,
        "invalid_scope" | "consent_required" | "interaction_required" => Code::ScopeRefused,
        "access_denied" => Code::SignInDenied,
        "temporarily_unavailable" | "server_error" | "slow_down" => Code::ProviderLater,
        _ => Code::ProviderRefuses,
    }
}

/// What a browser came back with in place of a code.
pub fn returned(error: &str, description: Option<&str>) -> Failure {
    let said = description.unwrap_or(error);
    Failure::said(refusal(false, error, said), said.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channels::email::oauth::{
        provider::ProviderConfig,
        testing::{Fake, answer, json},
    };

    fn of(is_refresh: bool, status: u16, body: &str) -> Result<Grant, Code> {
        judge(ProviderKind::Google, is_refresh, status, true, body.as_bytes()).map_err(|failure| failure.code)
    }

    #[test]
    fn an_answer_is_a_token_or_a_reason() {
        let grant =
            of(false, 200, r#"{"access_token":"a","token_type":"Bearer","expires_in":3599,"refresh_token":"r"}"#).unwrap();
        assert_eq!((grant.access.expose().as_str(), grant.lasts), ("a", Duration::from_secs(3_599)));
        assert_eq!(of(true, 200, r#"{"access_token":"a","expires_in":"60"}"#).unwrap().lasts, Duration::from_secs(60));
        assert_eq!(of(true, 200, r#"{"access_token":"a","expires_in":-1}"#).unwrap().lasts, USUAL);
        assert_eq!(of(true, 200, r#"{"access_token":"a","expires_in":1e300}"#).unwrap().lasts, USUAL);
        assert!(!format!("{grant:?}").contains("\"r\""));
        let error = |is_refresh, name: &str| of(is_refresh, 400, &format!(r#"{{"error":"{name}"}}"#)).unwrap_err();
        assert_eq!((error(true, "invalid_grant"), error(false, "invalid_grant")), (Code::SignInAgain, Code::CodeRefused));
        assert_eq!(error(true, "invalid_client"), Code::ClientRefused);
        assert_eq!(error(false, "redirect_uri_mismatch"), Code::RedirectRefused);
        assert_eq!(error(false, "invalid_scope"), Code::ScopeRefused);
        assert_eq!(error(false, "what_is_this"), Code::ProviderRefuses);
        let described = r#"{"error":"invalid_client","error_description":"AADSTS50011: The redirect URI…"}"#;
        assert_eq!(of(false, 400, described).unwrap_err(), Code::RedirectRefused);
        assert_eq!(of(true, 503, "busy").unwrap_err(), Code::ProviderLater);
        let less = r#"{"access_token":"a","refresh_token":"r","scope":"openid"}"#;
        assert_eq!(of(false, 200, less).unwrap_err(), Code::ScopeRefused);
        assert_eq!(
            judge(ProviderKind::Google, true, 200, false, br#"{"access_token":"a"}"#).unwrap_err().code,
            Code::ProviderOdd
        );
        for odd in ["", "[]", "<html>", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a\r\nb"}"#, r#"{"access_token":7}"#] {
            assert_eq!(of(true, 200, odd).unwrap_err(), Code::ProviderOdd, "{odd}");
        }
        let other = r#"{"access_token":"a","token_type":"mac"}"#;
        assert_eq!(of(true, 200, other).unwrap_err(), Code::ProviderOdd);
    }

    #[tokio::test]
    async fn a_hostile_provider_gains_nothing() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let net = |reach| Network::new(crate::clock::Clock::system(), reach, None).unwrap();
        let exchange = Exchange::new(&net(Reach::Anywhere)).unwrap();
        let huge = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(100_000));
        let good = r#"{"access_token":"a"}"#;
        let endless = format!("HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{good}");
        let elsewhere = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let cases = [
            (json(200, &huge), Code::ProviderOdd),
            (answer(200, "text/html", good), Code::ProviderOdd),
            (answer(200, "text/html", "<html>Sign in</html>"), Code::ProviderOdd),
            (answer(500, "text/html", "<html>Oops</html>"), Code::ProviderLater),
            (elsewhere.as_bytes().to_vec(), Code::ProviderOdd),
            (b"hello\r\n\r\n".to_vec(), Code::ProviderLater),
            (endless.into_bytes(), Code::ProviderLater),
            // Silence.
            (Vec::new(), Code::ProviderLater),
        ];
        for (said, expected) in cases {
            let shown = String::from_utf8_lossy(&said).chars().take(100).collect::<String>();
            let fake = Fake::start(move |_, _| said.clone()).await;
            let place = fake.config().place(ProviderKind::Generic, Reach::Anywhere).unwrap();
            let failed = exchange.refresh(&place, &"canary-secret".into(), &"canary-token".into()).await.unwrap_err();
            assert_eq!(failed.code, expected, "{shown}");
            assert!(!format!("{failed:?}").contains("canary"));
        }
        // What lies inside is not reached, by number or by name.
        let careful = Exchange::new(&net(Reach::Public)).unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1"] {
            let token = Some(format!("https://{host}:1/token"));
            let config = ProviderConfig { authorize: token.clone(), token, ..ProviderConfig::default() };
            let place = config.place(ProviderKind::Generic, Reach::Public).unwrap();
            let failed = careful.refresh(&place, &"s".into(), &"t".into()).await.unwrap_err();
            assert_eq!(failed.code, Code::HostForbidden, "{host}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_answered_is_judged(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..200), json in any::<bool>()) {
            let _ = judge(ProviderKind::Generic, true, status, json, &body);
        }
    }
}
