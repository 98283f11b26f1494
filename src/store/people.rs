//! Users, their sessions, and the tokens of programs.

use crate::{
    args,
    auth::{
        session::{Session, Token},
        token::TokenHash,
    },
    clock::Timestamp,
    domain::permission::{Role, Scope},
    ids::{SessionId, TokenId, UserId},
    store::{Db, StoreError, Value, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[
    CREDENTIALS,
    INSERT_USER,
    UPDATE_USER,
    SET_PASSWORD,
    SET_NAME,
    SESSION,
    SESSIONS_OF,
    LIST_SESSIONS,
    INSERT_SESSION,
    RENEW_SESSION,
    DELETE_SESSION,
    DELETE_SESSIONS_OF,
    DELETE_OTHER_SESSIONS,
    DELETE_EXPIRED,
    ANY,
    TOKEN,
    TOKENS,
    INSERT_TOKEN,
    DELETE_TOKEN,
];

const CREDENTIALS: &str = "SELECT id, password, enabled FROM users WHERE login = $1";
const INSERT_USER: &str = "INSERT INTO users (id, login, name, role, scopes, capacity, enabled, voice, password, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE_USER: &str =
    "UPDATE users SET login = $2, name = $3, role = $4, scopes = $5, capacity = $6, enabled = $7, voice = $8 WHERE id = $1";
const SET_PASSWORD: &str = "UPDATE users SET password = $2 WHERE id = $1";
const SET_NAME: &str = "UPDATE users SET name = $2 WHERE id = $1";
const SESSION: &str = "SELECT id, user_id, expires_at FROM sessions WHERE hash = $1 AND expires_at > $2";
const SESSIONS_OF: &str = "SELECT id FROM sessions WHERE user_id = $1";
/// More than anybody has, few enough for one answer.
const LIST_SESSIONS: &str = "SELECT id, created_at, expires_at, browser FROM sessions \
     WHERE user_id = $1 AND expires_at > $2 ORDER BY expires_at DESC, id DESC LIMIT 200";
const INSERT_SESSION: &str = "INSERT INTO sessions (hash, id, user_id, created_at, expires_at, browser) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const RENEW_SESSION: &str = "UPDATE sessions SET expires_at = $2 WHERE hash = $1 AND expires_at < $2";
const DELETE_SESSION: &str = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
const DELETE_SESSIONS_OF: &str = "DELETE FROM sessions WHERE user_id = $1";
const DELETE_OTHER_SESSIONS: &str = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
const DELETE_EXPIRED: &str = "DELETE FROM sessions WHERE expires_at <= $1";
const ANY: &str = "SELECT 1 FROM users LIMIT 1";
const TOKEN: &str = "SELECT id, role, scopes, expires_at, user_id FROM tokens WHERE hash = $1";
const TOKENS: &str = "SELECT id, name, role, scopes, created_at, expires_at, user_id FROM tokens ORDER BY id DESC";
const INSERT_TOKEN: &str = "INSERT INTO tokens (id, hash, name, role, scopes, created_at, expires_at, user_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const DELETE_TOKEN: &str = "DELETE FROM tokens WHERE id = $1";

/// What signing in needs of a user.
pub struct Credentials {
    /// Who.
    pub user: UserId,
    /// The PHC string of the password; empty = no password, nobody signs in with one.
    pub phc: String,
    /// Switched off: no.
    pub enabled: bool,
}

/// The credentials behind a login, which is in lower case.
pub async fn credentials(db: &Db, login: &str) -> Result<Option<Credentials>, StoreError> {
    let Some(row) = db.row(CREDENTIALS, args![login]).await? else { return Ok(None) };
    Ok(Some(Credentials { user: row.parse(0)?, phc: row.text(1)?.to_owned(), enabled: row.int(2)? != 0 }))
}

/// A user's own columns, but for the password.
pub struct UserRow<'a> {
    /// Who.
    pub id: UserId,
    /// In lower case.
    pub login: &'a str,
    /// As shown.
    pub name: &'a str,
    /// Preset of permissions.
    pub role: Role,
    /// Where it holds.
    pub scopes: &'a [Scope],
    /// Capacity units.
    pub capacity: u32,
    /// Whether they may sign in.
    pub enabled: bool,
    /// Whether they belong to a voice campaign.
    pub voice: bool,
}

impl UserRow<'_> {
    fn args(&self) -> Vec<Value> {
        args![
            self.id.to_string(),
            self.login,
            self.name,
            self.role.as_str(),
            scopes_text(self.scopes),
            i64::from(self.capacity),
            self.enabled,
            self.voice
        ]
    }
}

fn scopes_text(scopes: &[Scope]) -> String {
    serde_json::to_string(scopes).unwrap_or_else(|_| "[]".to_owned())
}

/// Creates a user. `phc` is empty for a user without a password.
pub fn insert_user(user: &UserRow<'_>, phc: &str, now: Timestamp) -> Statement {
    let mut args = user.args();
    args.extend(args![phc, now]);
    Statement::new(INSERT_USER, args)
}

/// Changes a user.
pub fn update_user(user: &UserRow<'_>) -> Statement {
    Statement::must(UPDATE_USER, user.args())
}

/// Gives a user another password.
pub fn set_password(user: UserId, phc: &str) -> Statement {
    Statement::must(SET_PASSWORD, args![user.to_string(), phc])
}

/// Gives a user another name.
pub fn set_name(user: UserId, name: &str) -> Statement {
    Statement::must(SET_NAME, args![user.to_string(), name])
}

/// The session behind a cookie, unless it ended.
pub async fn session(db: &Db, hash: &TokenHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
    let Some(row) = db.row(SESSION, args![hash.to_string(), now]).await? else { return Ok(None) };
    Ok(Some(Session { id: row.parse(0)?, user: row.parse(1)?, expires_at: row.time(2)? }))
}

/// The sessions of a user.
pub async fn sessions_of(db: &Db, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    db.rows(SESSIONS_OF, args![user.to_string()]).await?.iter().map(|row| row.parse(0)).collect()
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Its id.
    pub id: SessionId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it ends unless used.
    pub expires_at: Timestamp,
    /// As the browser named itself; empty when it did not.
    pub browser: String,
}

/// The sessions of a user that have not ended, the last used first.
pub async fn list_sessions(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
    let rows = db.rows(LIST_SESSIONS, args![user.to_string(), now]).await?;
    let session = |row: &super::Row| {
        let (id, created_at, expires_at) = (row.parse(0)?, row.time(1)?, row.time(2)?);
        Ok(ListedSession { id, created_at, expires_at, browser: row.text(3)?.to_owned() })
    };
    rows.iter().map(session).collect()
}

/// Begins a session.
pub fn insert_session(hash: &TokenHash, session: &Session, browser: &str, now: Timestamp) -> Statement {
    let Session { id, user, expires_at } = session;
    let args = args![hash.to_string(), id.to_string(), user.to_string(), now, *expires_at, browser];
    Statement::new(INSERT_SESSION, args)
}

/// Moves the end of a session.
pub fn renew_session(hash: &TokenHash, expires_at: Timestamp) -> Statement {
    Statement::new(RENEW_SESSION, args![hash.to_string(), expires_at])
}

/// Ends a session.
pub fn delete_session(id: SessionId, of: UserId) -> Statement {
    Statement::new(DELETE_SESSION, args![id.to_string(), of.to_string()])
}

/// Ends a session, which must be there.
pub fn end_session(id: SessionId, of: UserId) -> Statement {
    Statement::must(DELETE_SESSION, args![id.to_string(), of.to_string()])
}

/// Ends all sessions of a user but this one.
pub fn delete_other_sessions(user: UserId, but: SessionId) -> Statement {
    Statement::new(DELETE_OTHER_SESSIONS, args![user.to_string(), but.to_string()])
}

/// Ends all sessions of a user.
pub fn delete_sessions_of(user: UserId) -> Statement {
    Statement::new(DELETE_SESSIONS_OF, args![user.to_string()])
}

/// Drops sessions that ended by themselves.
pub fn delete_expired(now: Timestamp) -> Statement {
    Statement::new(DELETE_EXPIRED, args![now])
}

fn role(word: &str) -> Result<Role, StoreError> {
    Role::parse(word).ok_or_else(|| StoreError::Damaged("role".to_owned()))
}

/// Whether there is anybody.
pub async fn any(db: &Db) -> Result<bool, StoreError> {
    Ok(db.row(ANY, vec![]).await?.is_some())
}

/// What a bearer token stands for; it may have expired.
pub async fn token(db: &Db, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
    let Some(row) = db.row(TOKEN, args![hash.to_string()]).await? else { return Ok(None) };
    Ok(Some(Token {
        id: row.parse(0)?,
        user: row.opt_parse(4)?,
        role: role(row.text(1)?)?,
        scopes: row.json(2)?,
        expires_at: row.opt_time(3)?,
    }))
}

/// A token as its administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedToken {
    /// What it stands for.
    pub token: Token,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Every token, the newest first.
pub async fn tokens(db: &Db) -> Result<Vec<NamedToken>, StoreError> {
    let rows = db.rows(TOKENS, vec![]).await?;
    rows.iter()
        .map(|row| {
            let token = Token {
                id: row.parse(0)?,
                user: row.opt_parse(6)?,
                role: role(row.text(2)?)?,
                scopes: row.json(3)?,
                expires_at: row.opt_time(5)?,
            };
            Ok(NamedToken { token, name: row.text(1)?.to_owned(), created_at: row.time(4)? })
        })
        .collect()
}

/// Makes a token valid.
pub fn insert_token(hash: &TokenHash, token: &NamedToken) -> Statement {
    let NamedToken { token: Token { id, user, role, scopes, expires_at }, name, created_at } = token;
    let user = user.map(|user| user.to_string());
    let (id, hash, scopes) = (id.to_string(), hash.to_string(), scopes_text(scopes));
    Statement::new(INSERT_TOKEN, args![id, hash, name.as_str(), role.as_str(), scopes, *created_at, *expires_at, user])
}

/// Makes a token void.
pub fn delete_token(id: TokenId) -> Statement {
    Statement::must(DELETE_TOKEN, args![id.to_string()])
}
