//! What every run needs before its first message: a client, a campaign, a channel with a secret, agents with tokens. The
//! one file that knows the administrative API.

use centralita::ids::UserId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Outcome, http::Client, message::Composer, server::Recipe, signer::Signer};

/// Agents set up at the same time: hashing their passwords takes the server a while.
const PARALLEL: usize = 4;

/// An agent who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct AgentAccess {
    /// Who.
    pub(crate) user: UserId,
    /// Bearer token.
    pub(crate) token: String,
}

/// Everything a driver needs to know of the server's configuration.
#[derive(Clone)]
pub(crate) struct Setup {
    /// The channel account of this run.
    pub(crate) channel: String,
    /// Its secret, for both directions.
    pub(crate) signer: Signer,
    /// Writes requests to it.
    pub(crate) composer: Composer,
    /// Who answers.
    pub(crate) agents: Vec<AgentAccess>,
}

#[derive(Deserialize)]
struct Token {
    /// The command line's word, and the API's.
    #[serde(alias = "secret")]
    token: String,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct Secret {
    secret: String,
}

/// Makes an administrator's token; before the server starts.
pub(crate) fn admin_token(recipe: &Recipe) -> Outcome<String> {
    let printed = recipe.output(&["token", "create", "--role", "admin", "--json"])?;
    let Token { token } =
        serde_json::from_str(printed.trim()).map_err(|error| format!("token create: {error} in {printed:?}"))?;
    Ok(token)
}

/// What a run wants to be set up.
pub(crate) struct Wanted<'a> {
    /// Agents.
    pub(crate) agents: usize,
    /// Conversations for each at most.
    pub(crate) per_agent: u32,
    /// Where replies go.
    pub(crate) endpoint: Option<&'a str>,
}

impl Wanted<'_> {
    /// So many, with room for everything; replies go nowhere.
    pub(crate) const fn roomy(agents: usize) -> Self {
        Self { agents, per_agent: 10_000, endpoint: None }
    }
}

/// Sets up a running server. `run` keeps names apart when the database has seen other runs.
pub(crate) async fn prepare(host: &str, admin: &str, run: &str, wanted: Wanted<'_>) -> Outcome<Setup> {
    let Wanted { agents, per_agent, endpoint } = wanted;
    let mut api = Api { client: Client::new(host, admin), run: run.to_owned(), calls: 0 };
    let client =
        api.create("/api/v1/clients", json!({ "name": format!("Load {run}"), "zone": "America/Argentina/Buenos_Aires" })).await?;
    let campaign = json!({
        "client": client, "name": format!("Load {run}"), "auto_accept": true, "max_per_agent": per_agent, "permissions": { "close_unanswered": true },
    });
    let campaign = api.create("/api/v1/campaigns", campaign).await?;
    let channel =
        json!({ "client": client, "campaign": campaign, "kind": "api", "name": format!("Load {run}"), "endpoint": endpoint });
    let channel = api.create("/api/v1/channels", channel).await?;
    let Secret { secret } = api.call("POST", &format!("/api/v1/channels/{channel}/secrets"), json!({})).await?;
    let signer = Signer::new(&secret)?;
    let composer = Composer::new(run, host, &channel, signer.clone());

    let mut groups = tokio::task::JoinSet::new();
    for group in 0..PARALLEL {
        let mut api = Api { client: Client::new(host, admin), run: format!("{run}-{group}"), calls: 0 };
        let (run, campaign) = (run.to_owned(), campaign.clone());
        groups.spawn(async move {
            let mut made = Vec::new();
            for number in (group..agents).step_by(PARALLEL) {
                made.push(agent(&mut api, &run, &campaign, number).await?);
            }
            Ok::<_, crate::Failure>(made)
        });
    }
    let mut agents = Vec::with_capacity(agents);
    while let Some(made) = groups.join_next().await {
        agents.extend(made??);
    }
    Ok(Setup { channel, signer, composer, agents })
}

async fn agent(api: &mut Api, run: &str, campaign: &str, number: usize) -> Outcome<AgentAccess> {
    let user = json!({
        "login": format!("agent-{run}-{number}"), "name": format!("Agent {number}"), "role": "agent",
        "password": format!("{run}-load-{number}-password"), "capacity": 1_000_000,
    });
    let user = api.create("/api/v1/users", user).await?;
    let token = json!({ "name": format!("agent-{run}-{number}"), "role": "agent", "user": user, "scopes": [] });
    let Token { token } = api.call("POST", "/api/v1/tokens", token).await?;
    let _: Value = api.call("PUT", &format!("/api/v1/campaigns/{campaign}/members/{user}"), json!({ "penalty": 0 })).await?;
    Ok(AgentAccess { user: user.parse()?, token })
}

struct Api {
    client: Client,
    run: String,
    calls: u32,
}

impl Api {
    async fn create(&mut self, path: &str, body: Value) -> Outcome<String> {
        let Created { id } = self.call("POST", path, body).await?;
        Ok(id)
    }

    async fn call<T: serde::de::DeserializeOwned>(&mut self, method: &str, path: &str, body: Value) -> Outcome<T> {
        self.calls += 1;
        let key = format!("setup-{}-{}", self.run, self.calls);
        let answer = self.client.write(method, path, &key, &body).await.map_err(|error| format!("{method} {path}: {error}"))?;
        if answer.status == 204 {
            return Ok(serde_json::from_value(Value::Null)?);
        }
        answer.read(&format!("{method} {path}"))
    }
}

/// Sends an agent's reply and says how that ended.
pub(crate) fn reply_path(conversation: impl std::fmt::Display) -> String {
    format!("/api/v1/conversations/{conversation}/messages")
}
