//! What becomes of it: labels, fields, urgency, putting aside, closing.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{steers, workable};
use crate::{
    domain::{
        conversation::{Command, Conversation},
        field,
    },
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Input, once::Once, problem::Problem, state::App},
    ids::{ConversationId, FieldId},
    wire::command::{Close, Prioritise, SetFields, Snooze, Tag},
};

/// The most labels of a conversation.
const MAX_TAGS: usize = 20;
/// How far ahead a conversation can be put aside.
const LONGEST_SNOOZE: Duration = Duration::from_secs(366 * 24 * 3600);

/// `POST /{id}/close`: by its owner, or by who may close any conversation there.
///
/// # Errors
/// 404; 409 and 422 as the rules say.
pub async fn close(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Close>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Close { disposition, wrap_up }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    if let Some(chosen) = disposition
        && !caller.directory.offered_dispositions(state.campaign).contains(&chosen)
    {
        return Err(Problem::field("disposition", ErrorCode::UnknownReference, "no disposition of this campaign"));
    }
    let command = Command::Close { agent: caller.user(), force: steers(&caller, &state), disposition, wrap_up };
    once.command(state.id, command).await
}

/// `POST /{id}/snooze`: puts it aside until then, or until the customer writes.
///
/// # Errors
/// 404; 409 as the rules say; 422 for a moment that has passed or lies too far ahead.
pub async fn snooze(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Snooze>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Snooze { until }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let (until, now) = (until.0, app.now());
    let mut check = Check::default();
    check.that(until > now && until <= now + LONGEST_SNOOZE, "until", ErrorCode::OutOfRange, "in the future, within a year");
    check.done()?;
    once.command(state.id, Command::Park { agent: caller.user(), until }).await
}

/// `POST /{id}/wake`.
///
/// # Errors
/// 404; 409 as the rules say.
pub async fn wake(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    once.command(state.id, Command::Wake { agent: caller.user() }).await
}

/// `PUT /{id}/tags`: by its owner, or by who may steer any conversation there.
///
/// # Errors
/// 404; 409 as the rules say; 422.
pub async fn tag(app: Data<App>, caller: Caller, id: Path<ConversationId>, input: Input<Tag>) -> Result<HttpResponse, Problem> {
    let Input { value: Tag { mut tags }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let mut check = Check::default();
    check.that(tags.len() <= MAX_TAGS, "tags", ErrorCode::TooLong, "at most 20");
    for (index, tag) in tags.iter_mut().take(MAX_TAGS).enumerate() {
        check.line(&format!("tags.{index}"), tag, 1..=40);
    }
    check.done()?;
    tags.sort_unstable();
    tags.dedup();
    let command = Command::Tag { agent: caller.user(), force: steers(&caller, &state), tags };
    once.command(state.id, command).await
}

/// `PUT /{id}/priority`: as [`tag`].
///
/// # Errors
/// 404; 409 as the rules say.
pub async fn prioritise(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Prioritise>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Prioritise { priority }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let command = Command::Prioritise { agent: caller.user(), force: steers(&caller, &state), priority };
    once.command(state.id, command).await
}

/// `PUT /{id}/fields`: by its owner, or by who may change any conversation there.
///
/// # Errors
/// 404; 409 when it is over or somebody else's; 422 for a value that its field cannot hold.
pub async fn set_fields(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<SetFields>,
) -> Result<HttpResponse, Problem> {
    let Input { value: SetFields { values }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let values = accepted(&caller, &state, values)?;
    let command = Command::SetFields { agent: caller.user(), force: steers(&caller, &state), values };
    once.command(state.id, command).await
}

type FieldValues = BTreeMap<FieldId, Option<field::Value>>;

/// The values as they are kept. Only what the campaign asks for can be filled in; what was filled in before can be emptied.
fn accepted(caller: &Caller, state: &Conversation, values: FieldValues) -> Result<Vec<(FieldId, Option<field::Value>)>, Problem> {
    let directory = &caller.directory;
    let uses = directory.campaigns.get(&state.campaign).map(|campaign| campaign.fields.as_slice()).unwrap_or_default();
    let asked = |id: FieldId| uses.iter().any(|used| used.field == id);
    let (mut kept, mut check) = (Vec::new(), Check::default());
    for (id, value) in values {
        let known = directory.fields.get(&id).filter(|field| field.enabled && asked(id));
        match (known, value) {
            (_, None) if state.fields.contains(&id) => kept.push((id, None)),
            (None, _) => {
                check.error("values", ErrorCode::UnknownReference, "no such field in this campaign");
                break;
            }
            (Some(_), None) => {}
            (Some(field), Some(value)) => match field.accept(&value) {
                Some(value) => kept.push((id, Some(value))),
                None => check.error(&format!("values.{id}"), ErrorCode::NotPossible, "not what this field can hold"),
            },
        }
    }
    check.done().map(|()| kept)
}

/// `POST /{id}/wrap-up/end`.
///
/// # Errors
/// 404; 409 when it is not in wrap-up.
pub async fn end_wrap_up(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    let command = Command::EndWrapUp { agent: caller.user() };
    once.command(state.id, command).await
}
