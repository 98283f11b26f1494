//! `/api/v1/clients/{id}/mail-providers`: where mail accounts of a client sign in, and how the provider knows us there.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use super::accounts::check_secret;
use crate::{
    channels::email::oauth::provider::{Place, ProviderConfig, ProviderKind, Wrong},
    domain::{
        log::Entity,
        permission::{self, Permission},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::Check,
        input::Input,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::ClientId,
    store::mail_providers::{self, Provider},
    wire::mail_sign_in::{MailProvider, MailProviderFields, MailProviders},
};

/// Where providers send people back to.
pub(super) fn redirect_url(app: &App) -> String {
    format!("{}/oauth/mail", app.config.origin())
}

fn require(caller: &Caller, client: ClientId) -> Result<(), Problem> {
    caller.directory.clients.get(&client).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, permission::Place::client(client))
}

fn view(provider: Provider) -> MailProvider {
    let Provider { kind, config, secret, updated_at } = provider;
    let ProviderConfig { client, tenant, name, authorize, token, scopes } = config;
    MailProvider {
        provider: kind,
        fields: MailProviderFields {
            client_id: client,
            client_secret: None,
            tenant,
            name,
            authorize_url: authorize,
            token_url: token,
            scopes,
        },
        has_secret: secret.is_some(),
        updated_at: updated_at.into(),
    }
}

/// Checked; of a known provider only what can be chosen there.
fn checked(check: &mut Check, app: &App, kind: ProviderKind, mut fields: MailProviderFields) -> (ProviderConfig, Option<Place>) {
    check.line("client_id", &mut fields.client_id, 1..=300);
    if let Some(secret) = &fields.client_secret {
        check_secret(check, "client_secret", secret);
    }
    let is_generic = kind == ProviderKind::Generic;
    let mut set = |field: &str, text: Option<String>, counts: bool, longest: usize| {
        let mut text = text.filter(|text| !text.trim().is_empty())?;
        check.that(counts, field, ErrorCode::NotPossible, "it is known for this provider");
        check.line(field, &mut text, 1..=longest);
        Some(text)
    };
    let config = ProviderConfig {
        client: fields.client_id,
        tenant: set("tenant", fields.tenant, kind == ProviderKind::Microsoft, 253),
        name: set("name", fields.name, is_generic, 60),
        authorize: set("authorize_url", fields.authorize_url, is_generic, 1_000),
        token: set("token_url", fields.token_url, is_generic, 1_000),
        scopes: set("scopes", fields.scopes, is_generic, 1_000),
    };
    let place = config.place(kind, app.engine.mail_tokens.exchange().reach());
    if let Err(wrong) = place {
        let (field, detail) = match wrong {
            Wrong::Tenant => ("tenant", "the id or a domain of the directory"),
            Wrong::Authorize => ("authorize_url", "an address that begins with https://"),
            Wrong::Token => ("token_url", "an address that begins with https://"),
        };
        check.error(field, ErrorCode::NotPossible, detail);
    }
    (config, place.ok())
}

/// `GET`.
///
/// # Errors
/// 404.
pub async fn list(app: Data<App>, caller: Caller, client: Path<ClientId>) -> Result<HttpResponse, Problem> {
    require(&caller, *client)?;
    let providers = mail_providers::of_client(&app.engine.db, &app.sealer, *client).await?;
    once::ok(&MailProviders { redirect_url: redirect_url(&app), providers: providers.into_iter().map(view).collect() })
}

/// `PUT /{provider}`.
///
/// # Errors
/// 404, 422.
pub async fn put(
    app: Data<App>,
    caller: Caller,
    path: Path<(ClientId, ProviderKind)>,
    input: Input<MailProviderFields>,
) -> Result<HttpResponse, Problem> {
    let (client, kind) = path.into_inner();
    let Input { value: fields, once } = input;
    require(&caller, client)?;
    let stored = mail_providers::of_client(&app.engine.db, &app.sealer, client).await?;
    let stored = stored.into_iter().find(|provider| provider.kind == kind);
    let mut check = Check::default();
    let secret = fields.client_secret.clone();
    let (config, place) = checked(&mut check, &app, kind, fields);
    // Whoever may change an address may not have the secret sent there.
    let known = stored.as_ref().filter(|stored| {
        let before = stored.config.place(kind, app.engine.mail_tokens.exchange().reach()).ok();
        let same = before
            .zip(place.as_ref())
            .is_some_and(|(before, then)| before.token.origin() == then.token.origin() && before.client == then.client);
        same && stored.secret.is_some()
    });
    let has_secret = secret.is_some() || known.is_some();
    check.that(has_secret, "client_secret", ErrorCode::MissingField, "it is needed, and again when it would go elsewhere");
    check.done()?;
    let now = app.now();
    let statement = mail_providers::put(client, kind, &config, secret.as_ref(), &app.sealer, now)?;
    let answer = view(Provider { kind, config, secret: Some("-".into()), updated_at: now });
    once.commit(vec![statement], (Entity::Client, client.to_string()), StatusCode::OK, &answer).await
}

/// `DELETE /{provider}`.
///
/// # Errors
/// 404; 409 while an account signs in there.
pub async fn remove(
    app: Data<App>,
    caller: Caller,
    path: Path<(ClientId, ProviderKind)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (client, kind) = path.into_inner();
    require(&caller, client)?;
    if let Some(address) = mail_providers::signed_in_at(&app.engine.db, client, kind).await? {
        return Err(Problem::with(ErrorCode::InUse, format!("{address} signs in there: sign it out first")));
    }
    once.commit_bare(vec![mail_providers::drop(client, kind)], (Entity::Client, client.to_string())).await
}
