//! The visitors' side of a web chat: the page and its settings, sessions, messages, files, ratings.

mod answers;
mod files;
mod leaving;
mod messages;
mod page;
mod rating;
mod session;
mod settings;

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header};

pub use self::{
    answers::{Answers, put as put_answers},
    files::{FileQuery, create as create_file, show as show_file},
    leaving::{Leaving, leave},
    messages::{VisitorMessage, VisitorStored, message},
    page::{frame, loader},
    rating::{RatingFields, rate},
    session::{NewVisitor, VisitorSession, session},
    settings::{WidgetConfig, config},
};
use crate::{
    auth::visitor::Bearer,
    directory::{Channel, Snapshot},
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
    },
    error::ErrorCode,
    http::{gate::keep_private, once, problem::Problem, state::App},
    ids::{ChannelId, ContactId, ConversationId},
    store::{contacts, conversations},
};

/// A visitor who has shown a token, and the web chat it is for.
struct Known {
    bearer: Bearer,
    account: Arc<Channel>,
}

impl Known {
    fn address(&self) -> Address {
        Address { kind: AddressKind::Visitor, value: self.bearer.visitor.to_string() }
    }

    /// Whether a conversation is theirs.
    async fn owns(&self, app: &App, conversation: ConversationId) -> Result<bool, Problem> {
        let (state, contact) = (conversations::state(&app.engine.db, conversation).await?, self.contact(app).await?);
        Ok(state.is_some_and(|state| state.channel == self.account.id && Some(state.contact) == contact))
    }

    /// The contact behind the visitor, once there is one.
    async fn contact(&self, app: &App) -> Result<Option<ContactId>, Problem> {
        Ok(contacts::on_channel(&app.engine.db, self.bearer.channel, &self.address()).await?)
    }
}

/// Who asks. Spends one request of the address's budget.
fn known(app: &App, request: &HttpRequest) -> Result<Known, Problem> {
    allow(app, request)?;
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let bearer = app.visitors.read(token, app.now()).ok_or_else(|| Problem::new(ErrorCode::SignedOutSession))?;
    Ok(Known { account: account(app, bearer.channel)?, bearer })
}

fn allow(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    app.throttle.visitor(app.peer(request)).map_err(later)
}

fn later(wait: Duration) -> Problem {
    Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1)
}

fn account(app: &App, channel: ChannelId) -> Result<Arc<Channel>, Problem> {
    web_chat(&app.engine.directory.load(), channel).cloned().ok_or_else(Problem::not_found)
}

/// A web chat that is on, of a client that is on.
pub(super) fn web_chat(directory: &Snapshot, channel: ChannelId) -> Option<&Arc<Channel>> {
    let account = directory.channels.get(&channel).filter(|account| account.enabled && account.kind == ChannelKind::Webchat);
    account.filter(|account| directory.clients.get(&account.client).is_some_and(|client| client.enabled))
}

/// An answer that concerns one visitor only.
fn private<T: serde::Serialize>(body: &T) -> Result<HttpResponse, Problem> {
    let mut response = once::ok(body)?;
    keep_private(response.headers_mut());
    Ok(response)
}
