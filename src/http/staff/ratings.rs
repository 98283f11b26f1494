//! `/api/v1/mail-ratings`: what receivers of mails thought of them (S4-20 to S4-23).

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use crate::{
    clock::Timestamp,
    domain::permission::{Permission, Scope},
    http::{caller::Caller, input::Query, once, problem::Problem, state::App},
    ids::{AgentId, CampaignId},
    store::mail_ratings::{self, Filter, MailRated},
    wire::{
        Time,
        ratings::{MailRatingView, MailRatings, RatingTotal},
    },
};

const LATEST: u64 = 100;

/// Which ratings.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RatingsQuery {
    /// In this campaign.
    campaign: Option<CampaignId>,
    /// Of this agent's mails.
    agent: Option<AgentId>,
    /// Given or changed then or later.
    #[param(value_type = Option<String>)]
    from: Option<Time>,
    /// Before.
    #[param(value_type = Option<String>)]
    to: Option<Time>,
}

/// `GET`: of campaigns whose conversations the caller reads.
///
/// # Errors
/// 422 for impossible filters.
pub async fn show(app: Data<App>, caller: Caller, query: Query<RatingsQuery>) -> Result<HttpResponse, Problem> {
    let RatingsQuery { campaign, agent, from, to } = query.0;
    let reads = |id: &CampaignId| caller.may(Permission::ReadConversations, caller.place(*id));
    let everywhere = caller.subject.scopes.contains(&Scope::All);
    let within: Vec<CampaignId> = caller.directory.campaigns.keys().copied().filter(reads).collect();
    let filter = Filter {
        within: (!everywhere).then_some(&within),
        campaign,
        agent,
        from: from.map_or(Timestamp::default(), |from| from.0),
        to: to.map_or(Timestamp::from_micros(i64::MAX), |to| to.0),
    };
    let db = &app.engine.db;
    let mut totals: BTreeMap<(CampaignId, AgentId), [u64; 5]> = BTreeMap::new();
    for count in mail_ratings::counts(db, &filter).await? {
        let scores = totals.entry((count.campaign, count.agent)).or_default();
        if let Some(times) = scores.get_mut(usize::from(count.score).wrapping_sub(1)) {
            *times = count.times;
        }
    }
    let totals = totals.into_iter().map(|((campaign, agent), scores)| RatingTotal { campaign, agent, scores }).collect();
    let latest = mail_ratings::latest(db, &filter, LATEST).await?.into_iter().map(view).collect();
    once::ok(&MailRatings { totals, latest })
}

fn view(rated: MailRated) -> MailRatingView {
    let MailRated { message, conversation, campaign, agent, score, comment, at, .. } = rated;
    MailRatingView { conversation, message, campaign, agent, score, comment, at: at.into() }
}
