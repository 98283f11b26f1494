//! Handshakes of WebSockets: who may connect, and how many from one address.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
};

use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::WsResponseBuilder;

use crate::{
    auth::visitor::Bearer,
    error::ErrorCode,
    http::{
        caller::{authenticate, check_origin, still_valid},
        problem::Problem,
        state::App,
        widget::web_chat,
    },
    live::{Connection, MAX_FRAME, Socket, Visitor, Who},
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// `GET /ws`: staff, by cookie (whose page must be ours) or bearer token.
///
/// # Errors
/// 401, 403, 429.
pub async fn staff(app: web::Data<App>, request: HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let caller = authenticate(&app, &request).await?;
    if caller.session.is_some() {
        check_origin(&app, &request)?;
    }
    let token = caller.is_program().then(|| Arc::clone(&caller.subject));
    let who = Who::Staff { user: caller.subject.user, token, still_valid: still_valid(&app, &request) };
    open(&app, who, &request, body)
}

/// `GET /widget/ws`: visitors; the first frame says which.
///
/// # Errors
/// 429.
pub async fn visitor(app: web::Data<App>, request: HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let reader = App::clone(&app);
    let sign_in = move |token: &str| {
        let Bearer { channel, visitor: id, until } = reader.visitors.read(token, reader.now())?;
        let directory = reader.engine.directory.load();
        web_chat(&directory, channel).map(|account| Visitor { channel, client: account.client, id, until })
    };
    // Visitors share an address with the staff of their own company: they never take all of it.
    let share = app.visitor_sockets.take(app.peer(&request)).ok_or_else(|| Problem::later(ErrorCode::TooManyConnections, 10))?;
    open(&app, Who::Visitor { sign_in: Box::new(sign_in), visitor: None, share }, &request, body)
}

fn open(app: &App, who: Who, request: &HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let place = app.sockets.take(app.peer(request)).ok_or_else(|| Problem::later(ErrorCode::TooManyConnections, 10))?;
    let connection = request.conn_data::<Connection>().cloned();
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let socket = Socket::new(id, app.engine.clone(), who, connection, place);
    WsResponseBuilder::new(socket, request, body).frame_size(MAX_FRAME).start()
}
