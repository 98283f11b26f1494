//! `/api/v1/channels`: channel accounts and their signing secrets. Secrets are write-only (SX-9): shown once when made.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    auth::secret::SecretText,
    channels::standard_webhooks::SigningSecret,
    directory::Channel,
    domain::{
        channel::ChannelKind,
        log::Entity,
        permission::{Permission, Place},
        webchat::Webchat,
    },
    error::ErrorCode,
    http::{
        admin::webchat,
        caller::Caller,
        check::{Check, ListQuery, NAME, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{ChannelId, Id, TokenId},
    store::config_writes::{self, ChannelRow, SecretRow},
    wire::config::{ChannelFields, ChannelSecret, ChannelSecretFields, ChannelView, NewChannelSecret},
    wire::page::Page,
};

/// The most signing secrets of a channel: each costs one HMAC per call.
const MAX_SECRETS: usize = 4;
const MAX_ENDPOINT_BYTES: usize = 2_000;

fn fields(channel: &Channel) -> ChannelFields {
    ChannelFields {
        client: channel.client,
        campaign: channel.campaign,
        kind: channel.kind,
        name: channel.name.clone(),
        enabled: channel.enabled,
        endpoint: channel.endpoint.clone(),
        webchat: (channel.kind == ChannelKind::Webchat).then(|| channel.webchat.clone()),
    }
}

fn view(channel: &Channel) -> ChannelView {
    ChannelView { id: channel.id, fields: fields(channel), created_at: channel.created_at.into() }
}

fn row(id: ChannelId, fields: &ChannelFields) -> ChannelRow<'_> {
    ChannelRow {
        id,
        client: fields.client,
        campaign: fields.campaign,
        kind: fields.kind,
        name: &fields.name,
        enabled: fields.enabled,
        endpoint: fields.endpoint.as_deref(),
        webchat: fields.webchat.as_ref(),
    }
}

fn check(caller: &Caller, fields: &mut ChannelFields, is_new: bool) -> Result<(), Problem> {
    let mut check = Check::default();
    check.that(
        fields.kind != ChannelKind::Email,
        "kind",
        ErrorCode::NotPossible,
        "mailboxes are made and changed as mail accounts",
    );
    if is_new {
        check.client(caller, Permission::WriteConfig, fields.client);
    }
    check.line("name", &mut fields.name, NAME);
    let campaign = caller.directory.campaigns.get(&fields.campaign);
    let known = campaign.is_some_and(|campaign| campaign.client == fields.client && campaign.archived_at.is_none());
    check.that(known, "campaign", ErrorCode::UnknownReference, "no such campaign of this client");
    if let Some(endpoint) = &fields.endpoint {
        let fits = endpoint.len() <= MAX_ENDPOINT_BYTES
            && Url::parse(endpoint).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.username().is_empty()
                    && url.password().is_none()
            });
        check.that(fits, "endpoint", ErrorCode::NotPossible, "an http or https URL without a password, at most 2,000 bytes");
        check.that(fields.kind == ChannelKind::Api, "endpoint", ErrorCode::NotPossible, "only API channels have one");
    }
    match (&mut fields.webchat, fields.kind) {
        (Some(webchat), ChannelKind::Webchat) => webchat::check(&mut check, webchat),
        (None, ChannelKind::Webchat) => fields.webchat = Some(Webchat::default()),
        (Some(_), _) => check.error("webchat", ErrorCode::NotPossible, "only web chats have it"),
        (None, _) => {}
    }
    check.done()
}

/// A channel within scope. Channels are read by those who administer them only.
fn found(caller: &Caller, id: ChannelId) -> Result<&Channel, Problem> {
    let channel = caller.directory.channels.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::campaign(channel.client, channel.campaign))?;
    Ok(channel)
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let channels = caller.directory.channels.values();
    let may_see = |channel: &Channel| caller.may(Permission::WriteConfig, Place::campaign(channel.client, channel.campaign));
    let rows = channels.filter(|channel| may_see(channel)).map(|channel| (channel.id, view(channel))).collect();
    once::ok(&page(rows, &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<ChannelId>) -> Result<HttpResponse, Problem> {
    once::ok(&view(found(&caller, *id)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<ChannelFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    check(&caller, &mut fields, true)?;
    let (id, now) = (app.engine.ids.next::<ChannelId>(), app.now());
    let statements = vec![config_writes::insert_channel(&row(id, &fields), now)?];
    let created = ChannelView { id, fields, created_at: now.into() };
    once.commit(statements, (Entity::Channel, id.to_string()), StatusCode::CREATED, &created).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<ChannelId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = found(&caller, *id)?;
    let mut changed = patched(&fields(current), patch)?;
    let mut stays = Check::default();
    stays.that(changed.client == current.client, "client", ErrorCode::NotPossible, "a channel stays with its client");
    stays.that(changed.kind == current.kind, "kind", ErrorCode::NotPossible, "a channel stays what it is");
    stays.done()?;
    check(&caller, &mut changed, false)?;
    let statements = vec![config_writes::update_channel(&row(*id, &changed))?];
    let answer = ChannelView { fields: changed, ..view(current) };
    once.commit(statements, (Entity::Channel, id.to_string()), StatusCode::OK, &answer).await
}

/// `GET /{id}/secrets`: ids and dates.
///
/// # Errors
/// 404.
pub async fn secrets(app: Data<App>, caller: Caller, id: Path<ChannelId>) -> Result<HttpResponse, Problem> {
    let channel = found(&caller, *id)?;
    let rows = config_writes::secrets_of(&app.engine.db, channel.id).await?;
    let view = |row: SecretRow| ChannelSecret {
        id: row.id,
        created_at: row.created_at.into(),
        expires_at: row.expires_at.map(Into::into),
    };
    once::ok(&Page { items: rows.into_iter().map(view).collect(), next: None })
}

/// `POST /{id}/secrets`: makes one and shows it this once.
///
/// # Errors
/// 404; 409 when there are four already.
pub async fn create_secret(app: Data<App>, caller: Caller, id: Path<ChannelId>, once: Once) -> Result<HttpResponse, Problem> {
    let channel = found(&caller, *id)?;
    let now = app.now();
    let rows = config_writes::secrets_of(&app.engine.db, channel.id).await?;
    if rows.iter().filter(|row| row.expires_at.is_none_or(|at| at > now)).count() >= MAX_SECRETS {
        return Err(Problem::with(ErrorCode::Conflict, "a channel has at most 4 signing secrets: delete one first"));
    }
    let secret = SecretText::new(SigningSecret::generate(&mut rand::rng()).reveal());
    let row = SecretRow { id: app.engine.ids.next::<TokenId>().uuid().to_string(), created_at: now, expires_at: None };
    let sealed = app.sealer.seal(&row.id, &secret).map_err(|_| Problem::new(ErrorCode::Internal))?;
    let statements = vec![config_writes::insert_secret(&row, channel.id, sealed)];
    let kept = NewChannelSecret { id: row.id, created_at: now.into(), expires_at: None, secret: None };
    let shown = NewChannelSecret { secret: Some(secret.expose().clone()), ..kept.clone() };
    once.commit_secret(statements, (Entity::Channel, id.to_string()), StatusCode::CREATED, &shown, &kept).await
}

/// `PATCH /{id}/secrets/{secret}`: says when it stops counting.
///
/// # Errors
/// 404.
pub async fn expire_secret(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ChannelId, TokenId)>,
    input: Input<ChannelSecretFields>,
) -> Result<HttpResponse, Problem> {
    let Input { value: ChannelSecretFields { expires_at }, once } = input;
    let (id, secret) = ids.into_inner();
    let channel = found(&caller, id)?;
    let rows = config_writes::secrets_of(&app.engine.db, channel.id).await?;
    let secret = secret.to_string();
    let row = rows.into_iter().find(|row| row.id == secret).ok_or_else(Problem::not_found)?;
    let statements = vec![config_writes::expire_secret(&row.id, channel.id, expires_at.map(|at| at.0))];
    let changed = ChannelSecret { id: row.id, created_at: row.created_at.into(), expires_at };
    once.commit(statements, (Entity::Channel, id.to_string()), StatusCode::OK, &changed).await
}

/// `DELETE /{id}/secrets/{secret}`: at once.
///
/// # Errors
/// 404.
pub async fn delete_secret(caller: Caller, ids: Path<(ChannelId, TokenId)>, once: Once) -> Result<HttpResponse, Problem> {
    let (id, secret) = ids.into_inner();
    let channel = found(&caller, id)?;
    let statements = vec![config_writes::delete_secret(&secret.to_string(), channel.id)];
    once.commit_bare(statements, (Entity::Channel, id.to_string())).await
}
