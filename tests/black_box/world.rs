//! A running server with people, campaigns and channels in it.

use std::time::{Duration, Instant, SystemTime};

use centralita::channels::standard_webhooks::{SigningSecret, sign};
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, text},
    database::{Database, number},
    installation::{Installation, Running},
};

/// How long a graceful stop may take (R16).
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// A running server and its administrator.
pub(crate) struct World {
    server: Option<Running>,
    pub(crate) installation: Installation,
    pub(crate) admin: Api,
}

/// A company with a campaign that takes messages of a connected system.
pub(crate) struct Desk {
    pub(crate) client: String,
    pub(crate) campaign: String,
    pub(crate) channel: Channel,
}

/// An API channel.
#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) secret: SigningSecret,
    pub(crate) api: Api,
}

/// Somebody with an account.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) api: Api,
}

impl World {
    /// An empty installation.
    pub(crate) async fn new(database: &Database) -> Self {
        Self::of(Installation::new(database)).await
    }

    /// With these settings.
    pub(crate) async fn of(installation: Installation) -> Self {
        let printed = installation.print(&["token", "create", "--role", "admin", "--json"]);
        let made: Value = serde_json::from_str(&printed).unwrap();
        let server = installation.start().await;
        let admin = Api::bearer(&installation.host, &text(&made["token"]));
        Self { server: Some(server), installation, admin }
    }

    pub(crate) fn host(&self) -> &str {
        &self.installation.host
    }

    pub(crate) fn anonymous(&self) -> Api {
        Api::anonymous(self.host())
    }

    /// Kills the process.
    pub(crate) fn kill(&mut self) {
        self.server.take().expect("no server runs").kill();
    }

    /// Starts it again on the same data.
    pub(crate) async fn start(&mut self) {
        self.server = Some(self.installation.start().await);
    }

    /// Kills it and starts it again.
    pub(crate) async fn crash(&mut self) {
        self.kill();
        self.start().await;
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        let mut server = self.server.take().expect("no server runs");
        server.terminate();
        let status = server.ended(STOP_WITHIN).await;
        assert!(status.success(), "{status}");
    }

    /// Waits until a conversation stands like this.
    pub(crate) async fn until_standing(&self, conversation: &str, standing: &str) -> Value {
        let start = Instant::now();
        loop {
            let state = self.admin.conversation(conversation).await;
            if state["standing"]["is"] == standing {
                return state;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "not {standing}: {state}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn client(&self, name: &str) -> String {
        self.admin.post("/api/v1/clients", json!({ "name": name })).await.id()
    }

    /// A campaign whose offers are accepted by themselves, unless `fields` say otherwise.
    pub(crate) async fn campaign(&self, client: &str, fields: Value) -> String {
        let mut campaign = json!({ "client": client, "name": format!("Campaign {}", number()), "auto_accept": true });
        campaign.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post("/api/v1/campaigns", campaign).await.id()
    }

    /// An API channel with a secret; replies go to `endpoint`.
    pub(crate) async fn channel(&self, client: &str, campaign: &str, endpoint: Option<&str>) -> Channel {
        let mut channel = json!({ "client": client, "campaign": campaign, "kind": "api", "name": "System" });
        if let Some(endpoint) = endpoint {
            channel["endpoint"] = endpoint.into();
        }
        let id = self.admin.post("/api/v1/channels", channel).await.id();
        let secret = self.secret(&id).await;
        Channel { id, secret, api: self.anonymous() }
    }

    /// One more secret of a channel.
    pub(crate) async fn secret(&self, channel: &str) -> SigningSecret {
        text(&self.admin.act(&format!("/api/v1/channels/{channel}/secrets")).await.ok()["secret"]).parse().unwrap()
    }

    /// A web chat.
    pub(crate) async fn chat(&self, client: &str, campaign: &str) -> String {
        let channel = json!({ "client": client, "campaign": campaign, "kind": "webchat", "name": "Chat" });
        self.admin.post("/api/v1/channels", channel).await.id()
    }

    /// A client, a campaign and a channel whose replies go nowhere.
    pub(crate) async fn desk(&self, fields: Value) -> Desk {
        self.desk_with(fields, None).await
    }

    pub(crate) async fn desk_with(&self, fields: Value, endpoint: Option<&str>) -> Desk {
        let client = self.client(&format!("Client {}", number())).await;
        let campaign = self.campaign(&client, fields).await;
        let channel = self.channel(&client, &campaign, endpoint).await;
        Desk { client, campaign, channel }
    }

    /// Somebody with this role and these scopes, by token.
    pub(crate) async fn person(&self, role: &str, scopes: Value) -> Person {
        let login = format!("{role}-{}", number());
        let user = json!({ "login": login, "name": login, "role": role, "scopes": scopes, "capacity": 10_000 });
        let id = self.admin.post("/api/v1/users", user).await.id();
        let token = json!({ "name": login, "user": id, "role": role, "scopes": [] });
        let secret = text(&self.admin.post("/api/v1/tokens", token).await.ok()["secret"]);
        Person { id, login, api: Api::bearer(self.host(), &secret) }
    }

    /// An agent of these campaigns.
    pub(crate) async fn agent(&self, campaigns: &[&str]) -> Person {
        self.agent_with(json!([]), campaigns).await
    }

    /// An agent whom the administrators of these scopes look after.
    pub(crate) async fn agent_with(&self, scopes: Value, campaigns: &[&str]) -> Person {
        let agent = self.person("agent", scopes).await;
        for campaign in campaigns {
            self.admin.put(&format!("/api/v1/campaigns/{campaign}/members/{}", agent.id), json!({})).await.ok();
        }
        agent
    }

    /// A type of break.
    pub(crate) async fn break_type(&self, name: &str) -> String {
        self.admin.post("/api/v1/breaks", json!({ "name": name })).await.id()
    }

    /// A visitor of a web chat: the token.
    pub(crate) async fn visitor(&self, channel: &str) -> String {
        text(&self.anonymous().act(&format!("/widget/v1/{channel}/session")).await.ok()["token"])
    }

    /// A visitor writes.
    pub(crate) async fn chat_message(&self, token: &str, key: &str, text: &str) -> Answer {
        let visitor = Api::bearer(self.host(), token);
        visitor.call_once("POST", "/widget/v1/messages", key, Some(&json!({ "text": text }))).await
    }
}

/// A customer's message as a connected system hands it over.
pub(crate) fn message(id: &str, from: &str, text: &str) -> Value {
    json!({ "type": "message", "message": { "id": id, "from": { "id": from, "name": "Marta" }, "text": text } })
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

impl Channel {
    /// Where it takes calls.
    pub(crate) fn path(&self) -> String {
        format!("/hooks/{}", self.id)
    }

    /// A signed call with these bytes, not sent yet.
    pub(crate) fn signed(&self, body: impl Into<Vec<u8>>) -> reqwest::RequestBuilder {
        let body = body.into();
        let (id, at) = (format!("call-{}", number()), now());
        let request = self.api.request("POST", &self.path()).header("webhook-id", &id).header("webhook-timestamp", at);
        request.header("webhook-signature", sign(&self.secret, &id, at, &body)).body(body)
    }

    /// A signed call with these bytes.
    pub(crate) async fn call(&self, body: impl Into<Vec<u8>>) -> Answer {
        Answer::of("a webhook".to_owned(), self.signed(body)).await
    }

    /// A call with these headers.
    pub(crate) async fn call_with(&self, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let mut request = self.api.request("POST", &self.path());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of("a webhook".to_owned(), request.body(body.into())).await
    }

    /// A customer writes; the answer.
    pub(crate) async fn tell(&self, id: &str, from: &str, text: &str) -> Answer {
        self.call(message(id, from, text).to_string()).await
    }

    /// A customer writes; their conversation.
    pub(crate) async fn write(&self, from: &str, words: &str) -> String {
        let stored = self.tell(&format!("message-{}", number()), from, words).await.ok();
        assert_eq!(stored["status"], "stored");
        text(&stored["conversation"])
    }

    /// A receipt of an outbound message.
    pub(crate) async fn receipt(&self, conversation: &str, message: &str, status: &str) -> Answer {
        let receipt = json!({ "conversation": conversation, "message": message, "status": status });
        self.call(json!({ "type": "receipt", "receipt": receipt }).to_string()).await
    }
}
