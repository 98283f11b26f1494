//! What a page needs to know before anybody writes.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Serialize;

use super::{account, allow, files::MAX_FILE_BYTES, private};
use crate::{
    directory::Channel,
    domain::{
        schedule::Openness,
        webchat::{Field, Language, Texts, Theme},
    },
    http::{problem::Problem, state::App},
    ids::ChannelId,
    wire::Time,
};

/// Everything that a visitor's page may know of a web chat.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct WidgetConfig {
    /// Origins of pages that may show it, beside this server's own.
    pub allowed_origins: Vec<String>,
    /// How it looks.
    pub theme: Theme,
    /// The colour of writing on the theme's colour: black or white, whichever reads better.
    pub on_colour: &'static str,
    /// Which languages it offers, the first is for who speaks none of them.
    pub languages: Vec<Language>,
    /// The company's own words.
    pub texts: BTreeMap<Language, Texts>,
    /// Asked before the chat.
    pub pre_chat: Vec<Field>,
    /// Asks afterwards how it was.
    pub rating: bool,
    /// Files may be sent.
    pub attachments: bool,
    /// The largest of them, in bytes.
    #[ts(type = "number")]
    pub max_file_bytes: u64,
    /// Within the campaign's hours.
    pub open: bool,
    /// Out of hours: when it opens next, if it ever does.
    pub opens_at: Option<Time>,
}

/// `GET /widget/v1/{channel}/config`.
///
/// # Errors
/// 404 when there is no such web chat, 429.
pub async fn config(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let channel: ChannelId = path.parse().map_err(|_| Problem::not_found())?;
    let account = account(&app, channel)?;
    let mut response = private(&view(&app, &account))?;
    // The launcher asks from the page that shows it.
    if let Some(origin) = request.headers().get(header::ORIGIN)
        && origin.to_str().is_ok_and(|origin| account.webchat.allows(origin))
    {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    Ok(response)
}

fn view(app: &App, account: &Arc<Channel>) -> WidgetConfig {
    let directory = app.engine.directory.load();
    let campaign = directory.campaigns.get(&account.campaign);
    let schedule = campaign.and_then(|campaign| directory.schedules.get(&campaign.schedule?));
    let openness = schedule.map_or(Openness::ALWAYS, |schedule| schedule.openness(app.now()));
    let webchat = &account.webchat;
    WidgetConfig {
        allowed_origins: webchat.allowed_origins.clone(),
        on_colour: webchat.theme.on_colour(),
        theme: webchat.theme.clone(),
        languages: webchat.languages.clone(),
        texts: webchat.texts.clone(),
        pre_chat: webchat.pre_chat.clone(),
        rating: webchat.rating,
        attachments: campaign.is_none_or(|campaign| campaign.permissions.external_resources),
        max_file_bytes: app.config.limits.max_attachment_bytes.min(MAX_FILE_BYTES),
        open: openness.is_open(),
        opens_at: if openness.is_open() { None } else { openness.until().map(Into::into) },
    }
}
