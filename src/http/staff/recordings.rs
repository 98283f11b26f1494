//! `/api/v1/recordings`: all conversations of all channels within the caller's scope, found again (S4-89 to S4-95).
//!
//! The index suggests, the tables decide: whether the caller may see a conversation, and whether it is of the days asked for, is looked at
//! in its state as it is now. So an index that lies behind shows nobody what is none of their business.

use std::{str::FromStr, time::Duration};

use actix_web::{HttpResponse, web::Data};
use chrono::NaiveDate;
use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::conversations::{place, summary};
use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        channel::ChannelKind,
        disposition::Tree,
        message::Author,
        permission::{Permission, Scope},
        schedule,
        search::{Part, Phrase, Search, excerpt},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check},
        input::Query,
        once,
        problem::Problem,
        state::App,
    },
    ids::{AgentId, CampaignId, ConversationId, DispositionId},
    store::{
        conversation_lists::{self, Listed},
        conversations,
        recordings::{Candidate, Wanted, follow::Behind, kinds},
    },
    wire::recordings::{Excerpt, IndexBehind, Recording, RecordingsFound},
};

/// The most things of one kind that one search names.
const MAX_NAMED: usize = 50;
/// The longest text to look for.
const MAX_TEXT: usize = 200;
/// Looks into the index for one page: each gives a page of candidates.
const ROUNDS: usize = 5;
/// Messages of one conversation that are looked through for an excerpt, and bytes of them.
const EXCERPT_MESSAGES: u64 = 200;
const EXCERPT_BYTES: usize = 64 * 1024;
/// What is younger than this need not be found yet.
const UNNOTICED: Duration = Duration::from_secs(5);

/// Which conversations. Lists are separated by commas; of each at least one must fit, and all that is said must hold.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RecordingsQuery {
    /// That began on this day or later, where the client is: `2026-11-22`.
    from: Option<String>,
    /// That began on this day or earlier.
    to: Option<String>,
    /// Words of messages, of internal notes and of names of files. The last one may be begun only; words in double quotes stand together.
    q: Option<String>,
    /// Words of the subject, in the same way.
    subject: Option<String>,
    /// An address or the name of the customer, or its beginning; of a telephone number also its end.
    customer: Option<String>,
    /// Of these campaigns.
    campaign: Option<String>,
    /// That one of these agents attended.
    agent: Option<String>,
    /// By channels of these kinds.
    kind: Option<String>,
    /// Closed with one of these dispositions, or with one below.
    disposition: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// `GET`: the newest first.
///
/// # Errors
/// 422 for impossible filters; 503 while there is no index at all.
pub async fn list(app: Data<App>, caller: Caller, query: Query<RecordingsQuery>) -> Result<HttpResponse, Problem> {
    let Asked { mut wanted, days, said, limit } = asked(&caller, query.0)?;
    let (index, db) = (&app.recordings, &app.engine.db);
    let first = wanted.before.is_none();
    let behind = if first { index.behind_since(db).await? } else { None };
    let mut zones = Zones { directory: &caller.directory, days, known: FxHashMap::default() };
    let mut items: Vec<Recording> = Vec::with_capacity(limit);
    let mut next = None;
    'page: for _ in 0..ROUNDS {
        let candidates = match index.find(&wanted, limit + 1).await {
            Ok(found) => found,
            // It is about to be made for the first time.
            Err(_) if behind == Some(Behind::BeingMade) => break,
            Err(error) => return Err(error.into()),
        };
        let full = candidates.len() > limit;
        let ids: Vec<ConversationId> = candidates.iter().map(|candidate| candidate.conversation).collect();
        let listed = conversation_lists::named(db, &ids).await?;
        let mut listed: FxHashMap<ConversationId, Listed> = listed.into_iter().map(|row| (row.state.id, row)).collect();
        for candidate in candidates {
            if items.len() == limit {
                next = wanted.before.map(|id| id.to_string());
                break 'page;
            }
            wanted.before = Some(candidate.conversation);
            let Some(row) = listed.remove(&candidate.conversation) else { continue };
            let visible = caller.may(Permission::ReadConversations, place(&row.state)) && zones.hold(&row);
            if visible {
                items.push(recording(&app, &caller, candidate, &row, &said).await?);
            }
        }
        if !full {
            next = None;
            break;
        }
        next = wanted.before.map(|id| id.to_string());
    }
    let behind = behind.and_then(|behind| match behind {
        Behind::BeingMade => Some(IndexBehind::BeingMade),
        Behind::Since(at) => {
            let late = app.now().since(at);
            (late > UNNOTICED).then(|| IndexBehind::Seconds { seconds: late.as_secs() })
        }
    });
    once::ok(&RecordingsFound { items, next, behind })
}

struct Asked {
    wanted: Wanted,
    days: Days,
    said: Vec<Phrase>,
    limit: usize,
}

#[derive(Clone, Copy, Default)]
struct Days {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

fn asked(caller: &Caller, query: RecordingsQuery) -> Result<Asked, Problem> {
    let RecordingsQuery { from, to, q, subject, customer, campaign, agent, kind, disposition, cursor, limit } = query;
    let limit = check::limit(limit)?;
    let before = check::cursor(cursor.as_deref())?;
    let mut check = Check::default();
    let days = Days { from: date(&mut check, "from", from), to: date(&mut check, "to", to) };
    check.that(days.from.is_none_or(|from| days.to.is_none_or(|to| from <= to)), "to", ErrorCode::OutOfRange, "not before from");
    let mut search = Search::default();
    within(caller, &mut search);
    let campaigns: Vec<CampaignId> = several(&mut check, "campaign", campaign);
    let agents: Vec<AgentId> = several(&mut check, "agent", agent);
    let kinds_named: Vec<Kind> = several(&mut check, "kind", kind);
    let dispositions: Vec<DispositionId> = several(&mut check, "disposition", disposition);
    if !campaigns.is_empty() {
        search.keys(campaigns.iter().map(|id| (kinds::CAMPAIGN, id.to_string())));
    }
    if !agents.is_empty() {
        search.keys(agents.iter().map(|id| (kinds::AGENT, id.to_string())));
    }
    if !kinds_named.is_empty() {
        search.keys(kinds_named.iter().map(|Kind(kind)| (kinds::CHANNEL_KIND, kind.as_str().to_owned())));
    }
    if !dispositions.is_empty() {
        search.keys(below(&caller.directory, &dispositions).into_iter().map(|id| (kinds::DISPOSITION, id.to_string())));
    }
    let mut typed = |field: &str, text: Option<String>| {
        let mut text = text.unwrap_or_default();
        check.line(field, &mut text, 0..=MAX_TEXT);
        text
    };
    let (q, subject, customer) = (typed("q", q), typed("subject", subject), typed("customer", customer));
    check.done()?;
    // A text without a letter or a digit is in no conversation.
    let found = (q.is_empty() || search.text(Part::Said, &q))
        & (subject.is_empty() || search.text(Part::Subject, &subject))
        & (customer.is_empty() || search.customer(&customer));
    if !found {
        search.clauses.push(Vec::new());
    }
    let bounds = days.bounds(caller.directory.clients.keys().map(|id| caller.directory.zone_of(*id)));
    let wanted = Wanted { search, since: bounds.0, until: bounds.1, before };
    Ok(Asked { wanted, days, said: Search::said(&q), limit })
}

struct Kind(ChannelKind);

impl FromStr for Kind {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        ChannelKind::parse(word).map(Self).ok_or(())
    }
}

fn several<T: FromStr>(check: &mut Check, field: &str, text: Option<String>) -> Vec<T> {
    let text = text.unwrap_or_default();
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    check.that(parts.len() <= MAX_NAMED, field, ErrorCode::TooLong, "at most 50");
    let parsed: Vec<Option<T>> = parts.iter().take(MAX_NAMED).map(|part| part.parse().ok()).collect();
    check.that(parsed.iter().all(Option::is_some), field, ErrorCode::NotPossible, "separated by commas");
    parsed.into_iter().flatten().collect()
}

fn date(check: &mut Check, field: &str, text: Option<String>) -> Option<NaiveDate> {
    let text = text.filter(|text| !text.is_empty())?;
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    check.that(date.is_some(), field, ErrorCode::NotPossible, "a day as 2026-11-22");
    date
}

/// Narrows to where the caller may read.
fn within(caller: &Caller, search: &mut Search) {
    if caller.subject.scopes.contains(&Scope::All) {
        return;
    }
    let key = |scope: &Scope| match scope {
        Scope::All => None,
        Scope::Client(id) => Some((kinds::CLIENT, id.to_string())),
        Scope::Campaign(id) => Some((kinds::CAMPAIGN, id.to_string())),
    };
    search.keys(caller.subject.scopes.iter().filter_map(key));
}

/// These dispositions and all below them.
fn below(directory: &Snapshot, named: &[DispositionId]) -> FxHashSet<DispositionId> {
    let tree = Tree::new(directory.dispositions.values().map(AsRef::as_ref));
    let branch = |id: &DispositionId| tree.branch(*id).into_iter().map(|node| node.id).collect::<Vec<_>>();
    named.iter().flat_map(branch).chain(named.iter().copied()).collect()
}

impl Days {
    /// From when to when, with clocks of this zone.
    fn here(self, zone: Tz) -> (Option<Timestamp>, Option<Timestamp>) {
        let since = self.from.and_then(|date| schedule::midnight(zone, date));
        let until = self.to.and_then(|date| schedule::midnight(zone, date.succ_opt()?));
        (since, until)
    }

    /// What contains these days in every zone.
    fn bounds(self, zones: impl Iterator<Item = Tz>) -> (Option<Timestamp>, Option<Timestamp>) {
        let zones: FxHashSet<Tz> = zones.chain([Tz::UTC]).collect();
        let all: Vec<_> = zones.into_iter().map(|zone| self.here(zone)).collect();
        (all.iter().filter_map(|(since, _)| *since).min(), all.iter().filter_map(|(_, until)| *until).max())
    }
}

/// The days asked for, where each client is.
struct Zones<'a> {
    directory: &'a Snapshot,
    days: Days,
    known: FxHashMap<crate::ids::ClientId, (Option<Timestamp>, Option<Timestamp>)>,
}

impl Zones<'_> {
    fn hold(&mut self, row: &Listed) -> bool {
        let (directory, days, client) = (self.directory, self.days, row.state.client);
        let (since, until) = *self.known.entry(client).or_insert_with(|| days.here(directory.zone_of(client)));
        let at = row.state.arrived_at;
        since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until)
    }
}

async fn recording(
    app: &App,
    caller: &Caller,
    candidate: Candidate,
    row: &Listed,
    said: &[Phrase],
) -> Result<Recording, Problem> {
    Ok(Recording {
        conversation: summary(caller, &row.state, &row.contact, row.last.as_deref()),
        agents: candidate.agents,
        messages: candidate.messages,
        excerpt: if said.is_empty() { None } else { place_of(app, row.state.id, said).await? },
    })
}

/// Where one of the words stands: in the latest message that holds one.
async fn place_of(app: &App, id: ConversationId, said: &[Phrase]) -> Result<Option<Excerpt>, Problem> {
    let messages = conversations::messages_before(&app.engine.db, id, i64::MAX as u64, EXCERPT_MESSAGES).await?;
    let mut bytes = 0;
    for stored in messages {
        let message = stored.message;
        bytes += message.text.len();
        if let Some(text) = excerpt(&message.text, said) {
            return Ok(Some(Excerpt { seq: message.seq, text, note: matches!(message.author, Author::Note(_)) }));
        }
        if bytes > EXCERPT_BYTES {
            break;
        }
    }
    Ok(None)
}
