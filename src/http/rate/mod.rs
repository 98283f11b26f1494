//! `/rate/{account}/{token}`: what a receiver thinks of a mail (S4-20 to S4-23). The token in the address is all it takes, and all it
//! gives: the page shows nothing of the conversation.

mod page;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde::Deserialize;

use self::page::Writing;
use crate::{
    channels::{api::inbound::storable, email::understand::verify_rating},
    domain::{conversation::SCORES, log::By, mail_settings::MailRating, message::Author, webchat::Language},
    error::ErrorCode,
    http::{input, plain_page, problem::Problem, state::App},
    ids::{AgentId, CampaignId, ChannelId, ConversationId, MessageId},
    store::{
        conversations,
        mail_ratings::{self, MailRated},
    },
};

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_COMMENT: usize = 1_000;
/// So long it can be changed.
const CHANGEABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a mark says.
#[derive(Deserialize)]
pub struct Chosen {
    /// 1 to 5.
    s: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    score: String,
    comment: String,
}

/// A mail that may be rated.
struct Rateable {
    message: MessageId,
    conversation: ConversationId,
    campaign: CampaignId,
    agent: AgentId,
    asked: MailRating,
    language: Language,
    before: Option<MailRated>,
}

impl Rateable {
    fn can_change(&self, app: &App) -> bool {
        self.before.as_ref().is_none_or(|before| app.now().since(before.first_at) <= CHANGEABLE)
    }

    fn form(&self, score: Option<u8>, comment: &str, wrong: Option<&str>) -> HttpResponse {
        let page = Writing::new(self.language, &self.asked.prompt);
        let page = if let Some(key) = wrong { page.warn(key) } else { page };
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        answer(status, page.form(&self.asked.prompt, score, comment))
    }

    fn late(&self) -> HttpResponse {
        let words = page::words(self.language).get("late").map_or("", String::as_str);
        answer(StatusCode::CONFLICT, Writing::new(self.language, words).tell("late_help"))
    }
}

/// `GET`: the form, with the mark chosen in the mail. Nothing is rated yet.
///
/// # Errors
/// 429.
pub async fn show(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<Chosen>,
) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let Some(mail) = rateable(&app, &path).await? else { return Ok(gone()) };
    if !mail.can_change(&app) {
        return Ok(mail.late());
    }
    let before = mail.before.as_ref();
    let score = query.s.filter(|score| SCORES.contains(score)).or(before.map(|before| before.score));
    let comment = before.and_then(|before| before.comment.clone()).unwrap_or_default();
    Ok(mail.form(score, &comment, None))
}

/// `POST`: once; for a day it can be changed.
///
/// # Errors
/// 413, 422, 429, 503.
pub async fn rate(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let Some(mail) = rateable(&app, &path).await? else { return Ok(gone()) };
    if !mail.can_change(&app) {
        return Ok(mail.late());
    }
    let sent = std::str::from_utf8(&body).ok().and_then(|body| web::Query::<Form>::from_query(body).ok());
    let Form { score, comment } = sent.map_or_else(Form::default, web::Query::into_inner);
    let Some(score) = score.parse().ok().filter(|score| SCORES.contains(score)) else {
        return Ok(mail.form(None, &comment, Some("missing")));
    };
    let comment: String = storable(comment.trim()).chars().take(MAX_COMMENT).collect();
    let rated = MailRated {
        message: mail.message,
        conversation: mail.conversation,
        campaign: mail.campaign,
        agent: mail.agent,
        score,
        comment: Some(comment).filter(|comment| !comment.is_empty()),
        first_at: app.now(),
        at: app.now(),
    };
    app.engine.journal.write(vec![mail_ratings::put(&rated)], None, By::Contact, None).await?;
    let title = page::words(mail.language).get(&format!("score_{score}")).map_or("", String::as_str);
    Ok(answer(StatusCode::OK, Writing::new(mail.language, title).say(&mail.asked.thanks).change()))
}

/// `GET /rate/style.css`.
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("style.css"))
}

fn allow(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let wait = |wait: Duration| Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1);
    app.throttle.visitor(app.peer(request)).map_err(wait)
}

/// The mail that a token names, while its campaign asks for ratings.
async fn rateable(app: &App, path: &(String, String)) -> Result<Option<Rateable>, Problem> {
    let (account, token) = path;
    let directory = app.engine.directory.load();
    let account = account.parse::<ChannelId>().ok().and_then(|id| directory.mail_accounts.get(&id));
    let Some(account) = account else { return Ok(None) };
    let Some(ours) = account.threads.iter().find_map(|key| verify_rating(token, key)) else { return Ok(None) };
    let db = &app.engine.db;
    let state = conversations::state(db, ours.conversation).await?.filter(|state| state.channel == account.id);
    let stored = conversations::message_of(db, ours.conversation, ours.message).await?;
    let (Some(state), Some(stored)) = (state, stored) else { return Ok(None) };
    let asked = directory.campaigns.get(&state.campaign).and_then(|campaign| campaign.mail.rating.clone());
    let (Some(asked), Author::Agent(agent)) = (asked, stored.message.author) else { return Ok(None) };
    Ok(Some(Rateable {
        message: ours.message,
        conversation: ours.conversation,
        campaign: state.campaign,
        agent,
        asked,
        language: directory.clients.get(&account.client).map_or(Language::Spanish, |client| client.language),
        before: mail_ratings::find(db, ours.message).await?,
    }))
}

/// Nobody learns whether there is such a mail, nor whose it would be; so the page has no client's language.
fn gone() -> HttpResponse {
    let words = page::words(Language::Spanish).get("gone").map_or("", String::as_str);
    answer(StatusCode::NOT_FOUND, Writing::new(Language::Spanish, words).tell("gone_help"))
}

fn answer(status: StatusCode, page: Writing) -> HttpResponse {
    plain_page::answer(status, POLICY, page.done())
}
