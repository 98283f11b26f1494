//! Signing a mail account in at a provider: [`begin`] says where to go, [`back`] is where the provider sends the browser afterwards, and
//! [`out`] ends it.
//!
//! What comes back counts once, for a few minutes, and in the browser that began it. As with a password, what the mail servers refuse
//! is not kept.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use serde::Deserialize;

use super::{
    accounts::{self, found, own_servers, view},
    attempt,
    page::{self, Outcome},
    pending::{Begun, LASTS},
    providers::redirect_url,
};
use crate::{
    auth::secret::SecretText,
    channels::email::{
        oauth::{
            self, Asked,
            exchange::{self, Grant},
            provider::Place,
        },
        post::{
            account::{Account, Proof},
            failure::{Code, Failure},
        },
        settings::{Login, MailAccount, Secrets, Settings, SignedIn, Slot},
    },
    domain::{log::Entity, permission::Permission},
    error::ErrorCode,
    http::{
        admin::canned_texts::place,
        caller::{self, Caller},
        input::Plain,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{ChannelId, ClientId},
    store::{
        mail_accounts::{self, AccountRow},
        mail_providers,
    },
    wire::mail_sign_in::{BeginMailSignIn, MailSignIn},
};

const LONGEST_CODE: usize = 8_192;

/// What a provider sends a browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    state: String,
    code: Option<SecretText>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The provider as it is set, with its secret.
async fn set_up(
    app: &App,
    client: ClientId,
    kind: oauth::provider::ProviderKind,
) -> Result<Option<(Place, SecretText)>, Problem> {
    let all = mail_providers::of_client(&app.engine.db, &app.sealer, client).await?;
    let found = all.into_iter().find(|provider| provider.kind == kind);
    let reach = app.engine.mail_tokens.exchange().reach();
    Ok(found.and_then(|provider| Some((provider.config.place(kind, reach).ok()?, provider.secret?))))
}

/// `POST /{id}/sign-in`: where to go on. Only from a browser: it comes back there.
///
/// # Errors
/// 404; 409 for one that is put away, and for programs; 422 when the provider is not set up, or the account's servers are not its; 429.
pub async fn begin(
    app: Data<App>,
    caller: Caller,
    id: Path<ChannelId>,
    body: Plain<BeginMailSignIn>,
) -> Result<HttpResponse, Problem> {
    let BeginMailSignIn { provider, enable } = body.0;
    let account = found(&caller, *id)?;
    if account.archived_at.is_some() {
        return Err(Problem::with(ErrorCode::WrongState, "the account is put away: take it back first"));
    }
    let Some(session) = caller.session else {
        return Err(Problem::with(ErrorCode::WrongState, "somebody has to sign in with a browser"));
    };
    let Some((place, _)) = set_up(&app, account.client, provider).await? else {
        return Err(Problem::field("provider", ErrorCode::MailProviderUnset, "set it up first"));
    };
    if !own_servers(&account.settings).into_iter().all(|server| provider.trusts(server)) {
        return Err(Problem::field("provider", ErrorCode::MailServersOfOthers, "what it gives is shown to its own servers only"));
    }
    let _turn = app.mail.turn(&app.throttle, caller.by)?;
    let (state, verifier, redirect, now) = (oauth::random(), oauth::random(), redirect_url(&app), app.now());
    let asked = Asked { redirect: &redirect, state: &state, verifier: &verifier, hint: &account.settings.user };
    let url = oauth::address(&place, &asked).to_string();
    let until = now + LASTS;
    app.mail.pending.put(&state, Begun { session, account: *id, place, verifier, redirect, enable, until }, now);
    once::ok(&MailSignIn { url, expires_at: until.into() })
}

/// `DELETE /{id}/sign-in`: forgets what the provider gave; the account is off then.
///
/// # Errors
/// 404.
pub async fn out(app: Data<App>, caller: Caller, id: Path<ChannelId>, once: Once) -> Result<HttpResponse, Problem> {
    let current = found(&caller, *id)?;
    if current.signed_in.is_none() {
        return once.commit_quietly(Vec::new(), StatusCode::OK, &view(current)).await;
    }
    let now = app.now();
    let row = AccountRow { enabled: false, ..accounts::row_of(current) };
    let mut statements = mail_accounts::update(&row, now)?;
    statements.extend([mail_accounts::drop_secret(current.id, Slot::Refresh), mail_providers::drop_sign_in(current.id)]);
    let mut answer = view(current);
    answer.fields.enabled = false;
    answer.signed_in = None;
    answer.has_password = false;
    answer.updated_at = now.into();
    let answered = once.commit(statements, (Entity::Channel, current.id.to_string()), StatusCode::OK, &answer).await?;
    app.engine.mail_tokens.forget(current.id);
    Ok(answered)
}

/// `GET /oauth/mail`: a page that says what came of it.
pub async fn back(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let returned = web::Query::<Returned>::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default();
    let language = page::language(&request);
    match Box::pin(finish(&app, &request, returned)).await {
        Ok(outcome) => page::done(language, &outcome),
        Err((failure, account)) => page::failed(language, &failure, account),
    }
}

type Failed = (Failure, Option<ChannelId>);

async fn finish(app: &App, request: &HttpRequest, returned: Returned) -> Result<Outcome, Failed> {
    let unknown = || (Failure::from(Code::SignInUnknown), None);
    let begun = app.mail.pending.take(&returned.state, app.now()).ok_or_else(unknown)?;
    let caller = caller::authenticate(app, request).await.map_err(|_| unknown())?;
    if caller.session != Some(begun.session) {
        return Err(unknown());
    }
    let known = caller.directory.mail_accounts.get(&begun.account).filter(|account| {
        account.archived_at.is_none() && caller.may(Permission::WriteConfig, place(account.client, account.campaign))
    });
    let current = Arc::clone(known.ok_or_else(unknown)?);
    let with_account = |failure: Failure| (failure, Some(current.id));
    if let Some(error) = &returned.error {
        return Err(with_account(exchange::returned(error, returned.error_description.as_deref())));
    }
    let code = returned.code.filter(|code| (1..=LONGEST_CODE).contains(&code.expose().len()));
    let code = code.ok_or_else(|| with_account(Code::ProviderOdd.into()))?;
    let later = |_| with_account(Code::ProviderLater.into());
    let set_up = set_up(app, current.client, begun.place.kind).await.map_err(later)?;
    let (_, secret) = set_up.filter(|(now, _)| *now == begun.place).ok_or_else(|| with_account(Code::ProviderUnset.into()))?;
    if !own_servers(&current.settings).into_iter().all(|server| begun.place.kind.trusts(server)) {
        return Err(unknown());
    }
    let _turn = app.mail.turn(&app.throttle, caller.by).map_err(later)?;
    let exchange = app.engine.mail_tokens.exchange();
    let grant = exchange.code(&begun.place, &secret, &code, &begun.verifier, &begun.redirect).await.map_err(with_account)?;
    let works = works(app, &current, &grant).await.map_err(with_account)?;
    keep(app, &caller, &current, &begun, &grant, works).await.map_err(with_account)
}

/// Whether the mail servers take what the provider gave: a no to who signed in ends it, anything else may be right tomorrow.
async fn works(app: &App, current: &MailAccount, grant: &Grant) -> Result<Option<Failure>, Failure> {
    let settings = Settings { login: Login::Oauth, ..current.settings.clone() };
    let secrets = Secrets { refresh: Some("-".into()), ..current.secrets.clone() };
    let Some(mut account) = accounts::complete(current.address.clone(), &settings, &secrets) else { return Ok(None) };
    account.imap = account.imap.filter(|_| settings.receives);
    if let Proof::Token(token) = &mut account.credentials.proof {
        *token = grant.access.clone();
    }
    let account: Account = account;
    match Box::pin(attempt::verify(&app.mail.network, &account)).await {
        Ok(()) => Ok(None),
        Err((step, code)) => {
            let words = step.words.map(String::into_boxed_str);
            match code {
                Code::LoginRefused | Code::LoginElsewhere => Err(Failure { code: Code::TokenRefused, words }),
                Code::LoginUnsupported | Code::HostForbidden => Err(Failure { code, words }),
                _ => Ok(Some(Failure { code, words })),
            }
        }
    }
}

async fn keep(
    app: &App,
    caller: &Caller,
    current: &MailAccount,
    begun: &Begun,
    grant: &Grant,
    trouble: Option<Failure>,
) -> Result<Outcome, Failure> {
    let later = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, account = %current.id, "a sign-in at a provider could not be stored");
        Failure::from(Code::ProviderLater)
    };
    let now = app.now();
    let settings = Settings { login: Login::Oauth, ..current.settings.clone() };
    let enabled = current.enabled || (begun.enable && trouble.is_none());
    let row = AccountRow { settings: &settings, enabled, ..accounts::row_of(current) };
    let mut statements = mail_accounts::update(&row, now).map_err(|error| later(&error))?;
    let refresh = grant.refresh.as_ref().ok_or(Code::NoRefresh)?;
    let put = mail_accounts::put_secret(current.id, Slot::Refresh, refresh, &app.sealer, now).map_err(|error| later(&error))?;
    let signed_in = SignedIn { provider: begun.place.kind, by: caller.user(), at: now };
    statements.extend([
        put,
        mail_accounts::drop_secret(current.id, Slot::Password),
        mail_providers::put_sign_in(current.id, &signed_in, &begun.place.key()),
    ]);
    app.engine.mail_tokens.begin(current.id, now, grant);
    let written = app.engine.configure(statements, Entity::Channel, current.id.to_string(), caller.by, None).await;
    written.map_err(|error| {
        app.engine.mail_tokens.forget(current.id);
        later(&error)
    })?;
    Ok(Outcome { account: current.id, address: current.address.clone(), enabled, trouble })
}
