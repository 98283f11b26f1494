//! A company with one of everything, and for every route of the table a request that works in it. A route that is new needs
//! an entry here before the tests run again.

use std::collections::BTreeMap;

use centralita::http::routes::Route;
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, text},
    socket::Socket,
    world::{Channel, Person, World},
};

/// In the form of an invitation's.
const NO_TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One of everything, and the people who work with it.
pub(crate) struct Company {
    /// By kind: what stands in the braces of a [`Template`].
    pub(crate) ids: BTreeMap<&'static str, String>,
    pub(crate) channel: Channel,
    pub(crate) admin: Person,
    pub(crate) supervisor: Person,
    pub(crate) auditor: Person,
    /// Has `conversation` and is offered `offered`.
    pub(crate) agent: Person,
    pub(crate) tab: Socket,
    /// Works in `campaign2`.
    pub(crate) colleague: Person,
}

impl Company {
    pub(crate) async fn new(world: &World, name: &str) -> Self {
        let client = world.client(name).await;
        let post = async |path: &str, body: Value| world.admin.post(&format!("/api/v1/{path}"), body).await.id();
        let weekly = json!([{ "day": "Mon", "start": 0, "end": 1440 }]);
        let schedule = json!({ "client": client, "name": "Office", "zone": "Europe/Madrid", "weekly": weekly });
        let schedule = post("schedules", schedule).await;
        let disposition = post("dispositions", json!({ "client": client, "name": "Sold" })).await;
        let skill = post("skills", json!({ "client": client, "name": "Portuguese" })).await;
        let manual = json!({ "auto_accept": false, "offer_seconds": 600, "permissions": { "close_unanswered": true }, "max_per_agent": 100 });
        let field = post("fields", json!({ "client": client, "name": "Document", "kind": "text" })).await;
        let mut with_field = manual.clone();
        with_field["fields"] = json!([{ "field": field }]);
        let campaign = world.campaign(&client, with_field).await;
        let canned =
            json!({ "client": client, "campaign": campaign, "shortcut": "hello", "title": "Hello", "text": "Hi ${name}" });
        let canned = post("canned-texts", canned).await;
        let template =
            json!({ "client": client, "campaign": campaign, "name": "Bye", "purpose": "signature", "html": "<p>${agent}</p>" });
        let template = post("templates", template).await;
        let idle_template = json!({ "client": client, "name": "Hi", "purpose": "signature", "html": "<p>${agent}</p>" });
        let idle_template = post("templates", idle_template).await;
        let query = format!("name=a.pdf&client={client}&campaign={campaign}&shortcut=prices&title=Prices");
        let resource = upload_to(&world.admin, "POST", &format!("/api/v1/resources?{query}"), "file").await.id();
        let campaign2 = world.campaign(&client, manual).await;
        let mail = post("mail-accounts", mail_account(&client, &campaign, "one@example.com")).await;
        let idle_mail = post("mail-accounts", mail_account(&client, &campaign, "two@example.com")).await;
        let idle = world.campaign(&client, json!({ "enabled": false })).await;
        let project = post("projects", json!({ "client": client, "name": "Project" })).await;
        let channel = world.channel(&client, &campaign, None).await;
        let secrets = world.admin.get(&format!("/api/v1/channels/{}/secrets", channel.id)).await.ok();
        let secret = text(&secrets["items"][0]["id"]);
        let chat = world.chat(&client, &campaign).await;
        let scopes = json!([{ "kind": "client", "id": client }]);
        let admin = world.person("admin", scopes.clone()).await;
        let supervisor = world.person("supervisor", scopes.clone()).await;
        let auditor = world.person("auditor", scopes.clone()).await;
        let token = post("tokens", json!({ "name": "t", "role": "auditor", "scopes": scopes })).await;
        let agent = world.agent_with(scopes.clone(), &[&campaign]).await;
        let colleague = world.agent_with(scopes, &[&campaign2]).await;
        let session = session(world, &agent).await;
        let kind = post("breaks", json!({ "name": format!("Break of {name}") })).await;

        let mut tab = Socket::at_work(&agent.api).await;
        let conversation = channel.write("customer", "hello").await;
        let shown = tab.conversation(&conversation, "offered").await;
        let offer = json!({ "offer": shown["conversation"]["standing"]["offer"] });
        agent.api.post(&format!("/api/v1/conversations/{conversation}/accept"), offer).await.ok();
        let contact = text(&shown["conversation"]["contact"]);
        let attachment = upload(&agent.api, &format!("name=a.txt&conversation={conversation}"), "file").await.id();
        let page = agent.api.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
        let message = text(&page["items"][0]["id"]);
        let offered = channel.write("another customer", "hello").await;
        let shown = tab.conversation(&offered, "offered").await;
        let offer = text(&shown["conversation"]["standing"]["offer"]);
        let unwanted = json!({ "client": client, "address": "nomore@acme.test", "note": "asked for it" });
        let suppression = post("mail-suppressions", unwanted).await;
        let [aside, aside2] = asides(world, &agent, [&client, &campaign, &conversation]).await;
        let ids = BTreeMap::from([
            ("aside", aside),
            ("aside2", aside2),
            ("suppression", suppression),
            ("client", client),
            ("schedule", schedule),
            ("disposition", disposition),
            ("skill", skill),
            ("campaign", campaign),
            ("campaign2", campaign2),
            ("idle", idle),
            ("mail", mail),
            ("idle_mail", idle_mail),
            ("resource", resource),
            ("project", project),
            ("channel", channel.id.clone()),
            ("secret", secret),
            ("chat", chat),
            ("token", token),
            ("user", agent.id.clone()),
            ("colleague", colleague.id.clone()),
            ("break", kind),
            ("conversation", conversation),
            ("contact", contact),
            ("attachment", attachment),
            ("message", message),
            ("offered", offered),
            ("offer", offer),
            ("field", field),
            ("canned", canned),
            ("template", template),
            ("idle_template", idle_template),
            ("session", session),
        ]);
        Self { ids, channel, admin, supervisor, auditor, agent, tab, colleague }
    }

    /// Everybody, with the name of their part.
    pub(crate) fn people(&self) -> [(&'static str, &Person); 5] {
        [
            ("admin", &self.admin),
            ("supervisor", &self.supervisor),
            ("auditor", &self.auditor),
            ("agent", &self.agent),
            ("colleague", &self.colleague),
        ]
    }
}

/// Two mails that lie aside.
async fn asides(world: &World, agent: &Person, [client, campaign, conversation]: [&str; 3]) -> [String; 2] {
    let id = || format!("01900000-0000-7000-9000-{:012x}", crate::database::number());
    let [account, first, second] = [id(), id(), id()];
    let mail = "From: b@x.example\r\nSubject: x\r\nMessage-ID: <1@x>\r\nList-Id: <x>\r\n\r\nhello\r\n";
    let source = upload(&agent.api, &format!("name=a.eml&conversation={conversation}"), mail).await.id();
    let smtp = json!({ "smtp": { "host": "localhost", "port": 25, "security": "plain" }, "user": "x" });
    let aside = |id: &str| {
        format!(
            "INSERT INTO mail_asides (id, client_id, account_id, kind, reason, author, subject, source, size, state, received_at, \
             created_at) VALUES ('{id}', '{client}', '{account}', 'automatic', 'list', 'b@x.example', 'x', '{source}', 10, 'open', 0, 0);"
        )
    };
    let sql = format!(
        "INSERT INTO channels (id, client_id, campaign_id, kind, name, enabled, created_at) \
         VALUES ('{account}', '{client}', '{campaign}', 'email', 'x', 1, 0); \
         INSERT INTO mail_accounts (id, client_id, campaign_id, address, config, enabled, created_at, updated_at) \
         VALUES ('{account}', '{client}', '{campaign}', '{account}@x.example', '{smtp}', 1, 0, 0); {}{}",
        aside(&first),
        aside(&second)
    );
    world.installation.execute(&sql).await;
    // Whatever changes the configuration has it read again.
    world.admin.patch(&format!("/api/v1/campaigns/{campaign}"), json!({ "weight": 20 })).await.ok();
    [first, second]
}

/// A browser session of somebody who had no password.
async fn session(world: &World, person: &Person) -> String {
    let password = json!({ "password": "correct horse battery staple" });
    world.admin.patch(&format!("/api/v1/users/{}", person.id), password).await.ok();
    let sign_in = json!({ "login": person.login, "password": "correct horse battery staple" });
    world.anonymous().post("/api/v1/session", sign_in).await.ok();
    let sessions = person.api.get("/api/v1/me/sessions").await.ok();
    text(&sessions["items"][0]["id"])
}

/// A mail account that is off: nobody is asked.
pub(crate) fn mail_account(client: &str, campaign: &str, address: &str) -> Value {
    let server = json!({ "host": "mail.example.invalid", "port": 993, "security": "tls" });
    json!({ "client": client, "campaign": campaign, "address": address, "imap": server, "smtp": server, "receives": true,
        "enabled": false })
}

/// Uploads a file.
pub(crate) async fn upload(api: &Api, query: &str, bytes: impl Into<reqwest::Body>) -> Answer {
    upload_to(api, "POST", &format!("/api/v1/attachments?{query}"), bytes).await
}

/// Uploads a file there.
pub(crate) async fn upload_to(api: &Api, method: &str, path: &str, bytes: impl Into<reqwest::Body>) -> Answer {
    let request = api.request(method, path).body(bytes);
    Answer::of(format!("an upload to {path}"), request).await
}

/// A request with the kinds of its ids in braces.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

impl Template {
    /// How many ids it holds.
    pub(crate) fn ids(&self) -> Vec<String> {
        let text = self.text();
        let mut kinds = Vec::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find("{{") {
            let end = start + rest[start..].find("}}").unwrap();
            kinds.push(rest[start + 2..end].to_owned());
            rest = &rest[end + 2..];
        }
        kinds
    }

    fn text(&self) -> String {
        let body = self.body.as_ref().map_or(String::new(), Value::to_string);
        format!("{}\n{body}", self.path)
    }

    /// With these ids, but another one at one position.
    pub(crate) fn filled(&self, ids: &BTreeMap<&'static str, String>, other: Option<(usize, &str)>) -> (String, Option<Value>) {
        let mut text = self.text();
        for (position, kind) in self.ids().iter().enumerate() {
            let id = match other {
                Some((at, id)) if at == position => id,
                _ => ids.get(kind.as_str()).unwrap_or_else(|| panic!("no {kind} for {self:?}")),
            };
            text = text.replacen(&format!("{{{{{kind}}}}}"), id, 1);
        }
        let (path, body) = text.split_once('\n').unwrap();
        (path.to_owned(), (!body.is_empty()).then(|| serde_json::from_str(body).unwrap()))
    }

    pub(crate) async fn send(&self, api: &Api, ids: &BTreeMap<&'static str, String>, other: Option<(usize, &str)>) -> Answer {
        let (path, body) = self.filled(ids, other);
        api.call(&self.method, &path, body.as_ref()).await
    }
}

/// What a route is tried with; none for those that are no calls of the API (pages, sockets, signed calls, visitors) or are there on
/// a demo only, which has its own tests.
pub(crate) fn template(route: &Route) -> Option<Template> {
    let name = format!("{} {}", route.method, route.path);
    let (path, body) = match name.as_str() {
        "GET /healthz"
        | "GET /readyz"
        | "GET /metrics"
        | "GET /openapi.json"
        | "GET /docs"
        | "GET /docs/viewer.js"
        | "GET /docs/viewer.css"
        | "GET /ws"
        | "GET /widget/ws"
        | "POST /hooks/{channel}"
        | "GET /widget/loader.js"
        // Of mails that came in: the tests of the routes have some.
        | "GET /api/v1/conversations/{id}/answer"
        | "GET /api/v1/conversations/{id}/messages/{message}/mail"
        | "GET /api/v1/conversations/{id}/messages/{message}/mail/header"
        | "GET /api/v1/conversations/{id}/messages/{message}/mail/source"
        | "POST /api/v1/conversations/{id}/messages/{message}/mail/pictures/{number}"
        | "GET /oauth/mail"
        | "GET /rate/style.css"
        | "GET /rate/{account}/{token}"
        | "POST /rate/{account}/{token}"
        | "GET /widget/frame/{channel}"
        | "GET /widget/v1/{channel}/config"
        | "POST /widget/v1/{channel}/session"
        | "PUT /widget/v1/answers"
        | "POST /widget/v1/messages"
        | "POST /widget/v1/attachments"
        | "GET /widget/v1/attachments/{id}"
        | "POST /widget/v1/leave"
        | "POST /widget/v1/rating"
        | "GET /api/v1/demo"
        | "PATCH /api/v1/demo"
        | "DELETE /api/v1/demo"
        | "POST /api/v1/demo/session"
        | "POST /api/v1/session" => return None,
        "DELETE /api/v1/session" => ("session", None),
        "GET /api/v1/me" => ("me", None),
        "PATCH /api/v1/me" => ("me", Some(json!({ "name": "renamed", "language": "es-AR", "region": "AR", "settings": {} }))),
        "PUT /api/v1/me/password" => ("me/password", Some(json!({ "current": "wrong password", "new": "another password" }))),
        "GET /api/v1/me/sessions" => ("me/sessions", None),
        "DELETE /api/v1/me/sessions/{id}" => ("me/sessions/{{session}}", None),
        "POST /api/v1/invitations/check" => ("invitations/check", Some(json!({ "token": NO_TOKEN }))),
        "POST /api/v1/invitations/accept" => {
            ("invitations/accept", Some(json!({ "token": NO_TOKEN, "password": "a new password" })))
        }
        "POST /api/v1/me/presence" => ("me/presence", Some(json!({ "break_id": "{{break}}" }))),

        "GET /api/v1/conversations" => {
            ("conversations?campaign={{campaign}}&agent={{user}}&contact={{contact}}&channel={{channel}}", None)
        }
        "GET /api/v1/conversations/{id}" => ("conversations/{{conversation}}", None),
        "GET /api/v1/conversations/{id}/export" => ("conversations/{{conversation}}/export?format=json", None),
        "GET /api/v1/recordings" => ("recordings?campaign={{campaign}}&agent={{user}}&disposition={{disposition}}", None),
        "GET /api/v1/conversations/{id}/visitor" => ("conversations/{{conversation}}/visitor", None),
        "GET /api/v1/conversations/{id}/why" => ("conversations/{{conversation}}/why", None),
        "GET /api/v1/conversations/{id}/messages" => ("conversations/{{conversation}}/messages", None),
        "POST /api/v1/conversations/{id}/messages" => {
            ("conversations/{{conversation}}/messages", Some(json!({ "text": "hi", "attachments": ["{{attachment}}"] })))
        }
        "POST /api/v1/conversations/{id}/messages/{message}/retry" => {
            ("conversations/{{conversation}}/messages/{{message}}/retry", None)
        }
        "POST /api/v1/conversations/{id}/messages/{message}/cancel" => {
            ("conversations/{{conversation}}/messages/{{message}}/cancel", None)
        }
        "POST /api/v1/conversations/{id}/notes" => {
            ("conversations/{{conversation}}/notes", Some(json!({ "text": "vip", "mentions": ["{{user}}"] })))
        }
        "POST /api/v1/conversations" => {
            let to = format!("first-{}", crate::database::number());
            let start =
                json!({ "campaign": "{{campaign}}", "channel": "{{channel}}", "agent": "{{user}}", "address": to, "text": "hi" });
            ("conversations", Some(start))
        }
        "POST /api/v1/conversations/moves" => (
            "conversations/moves",
            Some(json!({ "conversations": ["{{conversation}}"], "action": { "do": "move", "campaign": "{{campaign2}}" } })),
        ),
        "POST /api/v1/conversations/{id}/accept" => ("conversations/{{offered}}/accept", Some(json!({ "offer": "{{offer}}" }))),
        "POST /api/v1/conversations/{id}/take" => ("conversations/{{offered}}/take", None),
        "POST /api/v1/conversations/{id}/decline" => ("conversations/{{offered}}/decline", Some(json!({ "offer": "{{offer}}" }))),
        "POST /api/v1/conversations/{id}/transfer" => {
            ("conversations/{{conversation}}/transfer", Some(json!({ "campaign": "{{campaign2}}" })))
        }
        "POST /api/v1/conversations/{id}/consult" => {
            ("conversations/{{conversation}}/consult", Some(json!({ "agent": "{{colleague}}" })))
        }
        "DELETE /api/v1/conversations/{id}/consult" => ("conversations/{{conversation}}/consult", None),
        "POST /api/v1/conversations/{id}/close" => ("conversations/{{conversation}}/close", Some(json!({}))),
        "POST /api/v1/conversations/{id}/snooze" => {
            let until = chrono::Utc::now() + chrono::Duration::hours(1);
            ("conversations/{{conversation}}/snooze", Some(json!({ "until": until.to_rfc3339() })))
        }
        "POST /api/v1/conversations/{id}/wake" => ("conversations/{{conversation}}/wake", None),
        "PUT /api/v1/conversations/{id}/tags" => ("conversations/{{conversation}}/tags", Some(json!({ "tags": ["vip"] }))),
        "PUT /api/v1/conversations/{id}/priority" => {
            ("conversations/{{conversation}}/priority", Some(json!({ "priority": "high" })))
        }
        "PUT /api/v1/conversations/{id}/skills" => {
            ("conversations/{{conversation}}/skills", Some(json!({ "skills": [{ "skill": "{{skill}}", "level": 1 }] })))
        }
        "PUT /api/v1/conversations/{id}/fields" => {
            ("conversations/{{conversation}}/fields", Some(json!({ "values": { "{{field}}": "x" } })))
        }
        "POST /api/v1/conversations/{id}/wrap-up/end" => ("conversations/{{conversation}}/wrap-up/end", None),

        "GET /api/v1/drafts" => ("drafts", None),
        "PUT /api/v1/drafts/{conversation}/{mode}" => {
            let draft = json!({ "text": "dear", "attachments": ["{{attachment}}"], "rev": 1 });
            ("drafts/{{conversation}}/reply", Some(draft))
        }
        "DELETE /api/v1/drafts/{conversation}/{mode}" => ("drafts/{{conversation}}/reply", None),

        "POST /api/v1/attachments" => ("attachments?name=b.txt&conversation={{conversation}}", Some(json!("bytes"))),
        "GET /api/v1/attachments/{id}" => ("attachments/{{attachment}}", None),

        "GET /api/v1/mail-asides" => ("mail-asides", None),
        "GET /api/v1/mail-asides/{id}" => ("mail-asides/{{aside}}", None),
        "GET /api/v1/mail-asides/{id}/source" => ("mail-asides/{{aside}}/source", None),
        "POST /api/v1/mail-asides/{id}/retry" => ("mail-asides/{{aside}}/retry", None),
        "POST /api/v1/mail-asides/{id}/dismiss" => ("mail-asides/{{aside2}}/dismiss", None),
        "GET /api/v1/mail-suppressions" => ("mail-suppressions?client={{client}}", None),
        "POST /api/v1/mail-suppressions" => {
            ("mail-suppressions", Some(json!({ "client": "{{client}}", "address": "a@example.com", "note": "asked for it" })))
        }
        "DELETE /api/v1/mail-suppressions/{id}" => ("mail-suppressions/{{suppression}}", None),

        "GET /api/v1/contacts" => ("contacts?client={{client}}", None),
        "GET /api/v1/contacts/{id}" => ("contacts/{{contact}}", None),
        "PATCH /api/v1/contacts/{id}" => ("contacts/{{contact}}", Some(json!({ "name": "renamed", "notes": "noted" }))),
        "GET /api/v1/contacts/{id}/conversations" => ("contacts/{{contact}}/conversations", None),
        "POST /api/v1/contacts/{id}/addresses" => {
            ("contacts/{{contact}}/addresses", Some(json!({ "kind": "email", "value": "x@example.com" })))
        }

        "POST /api/v1/simulations" => {
            let load = json!({ "agents": 5, "conversations": 50, "handling_seconds": 300 });
            ("simulations", Some(json!({ "campaign": "{{campaign}}", "load": load, "changes": { "agents": 1 } })))
        }
        "POST /api/v1/agents/{id}/pause" => ("agents/{{user}}/pause", None),
        "POST /api/v1/agents/{id}/resume" => ("agents/{{user}}/resume", None),
        "POST /api/v1/agents/{id}/sign-out" => ("agents/{{user}}/sign-out", None),

        "GET /api/v1/clients" => ("clients", None),
        "POST /api/v1/clients" => ("clients", Some(json!({ "name": "new" }))),
        "GET /api/v1/clients/{id}" => ("clients/{{client}}", None),
        "PATCH /api/v1/clients/{id}" => ("clients/{{client}}", Some(json!({ "name": "renamed" }))),

        "GET /api/v1/projects" => ("projects", None),
        "POST /api/v1/projects" => ("projects", Some(json!({ "client": "{{client}}", "name": "new" }))),
        "GET /api/v1/projects/{id}" => ("projects/{{project}}", None),
        "PATCH /api/v1/projects/{id}" => ("projects/{{project}}", Some(json!({ "name": "renamed" }))),
        "DELETE /api/v1/projects/{id}" => ("projects/{{project}}", None),
        "GET /api/v1/campaign-overview" => {
            ("campaign-overview?client={{client}}&campaign={{campaign}}&project={{project}}&channel={{channel}}", None)
        }
        "GET /api/v1/mail-ratings" => ("mail-ratings", None),
        "GET /api/v1/service-levels" => ("service-levels?client={{client}}&campaign={{campaign}}", None),
        "GET /api/v1/campaigns/{id}/readiness" => ("campaigns/{{campaign}}/readiness", None),
        "DELETE /api/v1/campaigns/{id}" => ("campaigns/{{idle}}", None),
        "POST /api/v1/campaigns/{id}/restore" => ("campaigns/{{idle}}/restore", None),
        "POST /api/v1/members" => {
            let change = json!({ "do": "put", "campaign": "{{campaign}}", "user": "{{user}}", "fields": { "penalty": 2 } });
            ("members", Some(json!({ "changes": [change] })))
        }
        "GET /api/v1/campaigns" => ("campaigns", None),
        "POST /api/v1/campaigns" => {
            let references = json!({ "client": "{{client}}", "name": "new", "schedule": "{{schedule}}",
                "dispositions": ["{{disposition}}"], "transfer_disposition": "{{disposition}}",
                "fields": [{ "field": "{{field}}", "mandatory": true }] });
            ("campaigns", Some(references))
        }
        "GET /api/v1/campaigns/{id}" => ("campaigns/{{campaign}}", None),
        "PATCH /api/v1/campaigns/{id}" => {
            let references = json!({ "name": "renamed", "schedule": "{{schedule}}", "dispositions": ["{{disposition}}"],
                "transfer_disposition": "{{disposition}}", "fields": [{ "field": "{{field}}" }],
                "asking": { "skills": [{ "skill": "{{skill}}", "level": 1 }] }, "mail": { "signature": "{{template}}" } });
            ("campaigns/{{campaign}}", Some(references))
        }
        "GET /api/v1/campaigns/{id}/members" => ("campaigns/{{campaign}}/members", None),
        "PUT /api/v1/campaigns/{id}/members/{user}" => ("campaigns/{{campaign}}/members/{{user}}", Some(json!({ "penalty": 1 }))),
        "DELETE /api/v1/campaigns/{id}/members/{user}" => ("campaigns/{{campaign}}/members/{{user}}", None),

        "GET /api/v1/channels" => ("channels", None),
        "POST /api/v1/channels" => {
            ("channels", Some(json!({ "client": "{{client}}", "campaign": "{{campaign}}", "kind": "api", "name": "new" })))
        }
        "GET /api/v1/channels/{id}" => ("channels/{{channel}}", None),
        "PATCH /api/v1/channels/{id}" => {
            ("channels/{{channel}}", Some(json!({ "campaign": "{{campaign2}}", "name": "renamed" })))
        }
        "GET /api/v1/channels/{id}/secrets" => ("channels/{{channel}}/secrets", None),
        "POST /api/v1/channels/{id}/secrets" => ("channels/{{channel}}/secrets", None),
        "PATCH /api/v1/channels/{id}/secrets/{secret}" => {
            ("channels/{{channel}}/secrets/{{secret}}", Some(json!({ "expires_at": "2999-01-01T00:00:00Z" })))
        }
        "DELETE /api/v1/channels/{id}/secrets/{secret}" => ("channels/{{channel}}/secrets/{{secret}}", None),

        "GET /api/v1/mail-accounts" => ("mail-accounts", None),
        "POST /api/v1/mail-accounts" => ("mail-accounts", Some(mail_account("{{client}}", "{{campaign}}", "new@example.com"))),
        // Both would ask servers; refused before that.
        "POST /api/v1/mail-accounts/discover" => ("mail-accounts/discover", Some(json!({ "address": "nobody" }))),
        "POST /api/v1/mail-accounts/test" => ("mail-accounts/test", Some(json!({ "account": "{{mail}}" }))),
        "GET /api/v1/mail-accounts/health" => ("mail-accounts/health", None),
        "GET /api/v1/mail-accounts/{id}" => ("mail-accounts/{{mail}}", None),
        "PATCH /api/v1/mail-accounts/{id}" => {
            ("mail-accounts/{{mail}}", Some(json!({ "from_name": "renamed", "campaign": "{{campaign2}}" })))
        }
        "PUT /api/v1/mail-accounts/{id}/password" => {
            ("mail-accounts/{{mail}}/password", Some(json!({ "password": "canary-of-a-mailbox" })))
        }
        "DELETE /api/v1/mail-accounts/{id}" => ("mail-accounts/{{idle_mail}}", None),
        "POST /api/v1/mail-accounts/{id}/restore" => ("mail-accounts/{{idle_mail}}/restore", None),
        // A browser goes on with it.
        "POST /api/v1/mail-accounts/{id}/sign-in" => {
            ("mail-accounts/{{mail}}/sign-in", Some(json!({ "provider": "google" })))
        }
        "DELETE /api/v1/mail-accounts/{id}/sign-in" => ("mail-accounts/{{mail}}/sign-in", None),
        "GET /api/v1/clients/{id}/mail-providers" => ("clients/{{client}}/mail-providers", None),
        "PUT /api/v1/clients/{id}/mail-providers/{provider}" => {
            ("clients/{{client}}/mail-providers/google", Some(json!({ "client_id": "x", "client_secret": "y" })))
        }
        "DELETE /api/v1/clients/{id}/mail-providers/{provider}" => ("clients/{{client}}/mail-providers/microsoft", None),
        "GET /api/v1/clients/{id}/mail-areas" => ("clients/{{client}}/mail-areas", None),
        "PUT /api/v1/clients/{id}/mail-areas" => {
            ("clients/{{client}}/mail-areas", Some(json!({ "areas": [{ "area": "all", "account": "{{mail}}" }] })))
        }

        "GET /api/v1/dispositions" => ("dispositions", None),
        "POST /api/v1/dispositions" => {
            ("dispositions", Some(json!({ "client": "{{client}}", "parent": "{{disposition}}", "name": "new" })))
        }
        "GET /api/v1/dispositions/{id}" => ("dispositions/{{disposition}}", None),
        "PATCH /api/v1/dispositions/{id}" => ("dispositions/{{disposition}}", Some(json!({ "name": "renamed" }))),
        "DELETE /api/v1/dispositions/{id}" => ("dispositions/{{disposition}}", None),

        "GET /api/v1/skills" => ("skills", None),
        "POST /api/v1/skills" => ("skills", Some(json!({ "client": "{{client}}", "name": "new" }))),
        "GET /api/v1/skills/{id}" => ("skills/{{skill}}", None),
        "PATCH /api/v1/skills/{id}" => ("skills/{{skill}}", Some(json!({ "name": "renamed" }))),
        "GET /api/v1/capacity" => ("capacity", None),
        "PUT /api/v1/capacity" => ("capacity", Some(json!({ "kinds": [{ "kind": "api", "units": 20 }] }))),

        "GET /api/v1/fields" => ("fields", None),
        "POST /api/v1/fields" => (
            "fields",
            Some(json!({ "client": "{{client}}", "name": "new", "kind": "list", "options": ["a"], "description": "d" })),
        ),
        "GET /api/v1/fields/{id}" => ("fields/{{field}}", None),
        "PATCH /api/v1/fields/{id}" => ("fields/{{field}}", Some(json!({ "name": "renamed" }))),

        "GET /api/v1/templates" => ("templates?campaign={{campaign}}", None),
        "POST /api/v1/templates" => {
            let template =
                json!({ "client": "{{client}}", "campaign": "{{campaign}}", "name": "new", "purpose": "message", "html": "x" });
            ("templates", Some(template))
        }
        "POST /api/v1/templates/preview" => {
            let try_out = json!({ "client": "{{client}}", "campaign": "{{campaign}}", "conversation": "{{conversation}}",
                "contact": "{{contact}}", "html": "<p>${name}</p>" });
            ("templates/preview", Some(try_out))
        }
        // Who may, hears that it is switched off.
        "POST /api/v1/templates/test" => {
            let test = json!({ "template": { "client": "{{client}}", "campaign": "{{campaign}}", "conversation": "{{conversation}}",
                "contact": "{{contact}}", "html": "<p>${name}</p>" }, "account": "{{mail}}", "to": "ana@example.com" });
            ("templates/test", Some(test))
        }
        "GET /api/v1/templates/variables" => ("templates/variables?client={{client}}&campaign={{campaign}}", None),
        "GET /api/v1/templates/{id}" => ("templates/{{template}}", None),
        "PATCH /api/v1/templates/{id}" => {
            ("templates/{{template}}", Some(json!({ "campaign": "{{campaign}}", "name": "renamed" })))
        }
        "DELETE /api/v1/templates/{id}" => ("templates/{{idle_template}}", None),
        "POST /api/v1/templates/{id}/restore" => ("templates/{{idle_template}}/restore", None),

        "GET /api/v1/canned-texts" => ("canned-texts?campaign={{campaign}}", None),
        "POST /api/v1/canned-texts" => {
            let canned =
                json!({ "client": "{{client}}", "campaign": "{{campaign}}", "shortcut": "new", "title": "t", "text": "x" });
            ("canned-texts", Some(canned))
        }
        "GET /api/v1/canned-texts/{id}" => ("canned-texts/{{canned}}", None),
        "PATCH /api/v1/canned-texts/{id}" => ("canned-texts/{{canned}}", Some(json!({ "title": "renamed" }))),
        "DELETE /api/v1/canned-texts/{id}" => ("canned-texts/{{canned}}", None),

        "GET /api/v1/resources" => ("resources?campaign={{campaign}}", None),
        "POST /api/v1/resources" => {
            ("resources?name=b.txt&client={{client}}&campaign={{campaign}}&shortcut=new&title=New", Some(json!("bytes")))
        }
        "GET /api/v1/resources/{id}" => ("resources/{{resource}}", None),
        "PATCH /api/v1/resources/{id}" => ("resources/{{resource}}", Some(json!({ "title": "renamed" }))),
        "DELETE /api/v1/resources/{id}" => ("resources/{{resource}}", None),
        "GET /api/v1/resources/{id}/file" => ("resources/{{resource}}/file", None),
        "PUT /api/v1/resources/{id}/file" => ("resources/{{resource}}/file?name=c.txt", Some(json!("other bytes"))),
        "POST /api/v1/conversations/{id}/resources/{resource}" => ("conversations/{{conversation}}/resources/{{resource}}", None),

        // Of the whole installation: no client has its own.
        "GET /api/v1/breaks" => ("breaks", None),
        "POST /api/v1/breaks" => ("breaks", Some(json!({ "name": "new", "minutes": 15, "icon": "coffee" }))),
        "GET /api/v1/breaks/{id}" => ("breaks/{{break}}", None),
        "PATCH /api/v1/breaks/{id}" => ("breaks/{{break}}", Some(json!({ "name": "renamed" }))),

        "GET /api/v1/schedules" => ("schedules", None),
        "POST /api/v1/schedules" => {
            ("schedules", Some(json!({ "client": "{{client}}", "name": "new", "zone": "UTC", "weekly": [] })))
        }
        "GET /api/v1/schedules/{id}" => ("schedules/{{schedule}}", None),
        "PATCH /api/v1/schedules/{id}" => ("schedules/{{schedule}}", Some(json!({ "name": "renamed" }))),
        "GET /api/v1/schedules/{id}/holidays" => ("schedules/{{schedule}}/holidays?year=2026", None),
        "POST /api/v1/schedules/preview" => {
            let schedule = json!({ "client": "{{client}}", "name": "new", "zone": "UTC", "weekly": [] });
            ("schedules/preview", Some(json!({ "schedule": schedule })))
        }
        // Of nobody: nothing is read or stored.
        "POST /api/v1/schedules/calendar-file" => ("schedules/calendar-file", Some(json!({ "text": "BEGIN:VCALENDAR" }))),
        "DELETE /api/v1/schedules/{id}" => ("schedules/{{schedule}}", None),

        "GET /api/v1/users" => ("users", None),
        "POST /api/v1/users" => {
            let scopes = json!([{ "kind": "client", "id": "{{client}}" }, { "kind": "campaign", "id": "{{campaign}}" }]);
            ("users", Some(json!({ "login": "new", "name": "new", "role": "supervisor", "scopes": scopes })))
        }
        "GET /api/v1/users/{id}" => ("users/{{user}}", None),
        "PATCH /api/v1/users/{id}" => {
            let user = json!({ "name": "renamed", "scopes": [{ "kind": "client", "id": "{{client}}" }],
                "skills": [{ "skill": "{{skill}}", "level": 1 }] });
            ("users/{{user}}", Some(user))
        }

        "POST /api/v1/users/{id}/invitation" => ("users/{{user}}/invitation", Some(json!({ "kind": "reset" }))),

        "GET /api/v1/tokens" => ("tokens", None),
        "POST /api/v1/tokens" => ("tokens", Some(json!({ "name": "new", "role": "agent", "user": "{{user}}" }))),
        "DELETE /api/v1/tokens/{id}" => ("tokens/{{token}}", None),
        _ => panic!("{name} has no entry: say with which request it is tested"),
    };
    Some(Template { method: route.method.to_string(), path: format!("/api/v1/{path}"), body })
}
