//! What people set for themselves. It changes often and concerns nobody else, so it is not part of the configuration in force.

use serde_json::{Map, Value as Json};

use crate::{
    args,
    ids::UserId,
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[FIND, PUT];

const FIND: &str = "SELECT language, region, settings FROM profiles WHERE user_id = $1";
const PUT: &str = "INSERT INTO profiles (user_id, language, region, settings) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, region = excluded.region, settings = excluded.settings";

/// What somebody has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// BCP 47; none = the browser's.
    pub language: Option<String>,
    /// Decides on formats; none = the browser's.
    pub region: Option<String>,
    /// The console's own.
    pub settings: Map<String, Json>,
}

/// What this user has set.
pub async fn find(db: &Db, user: UserId) -> Result<Profile, StoreError> {
    let Some(row) = db.row(FIND, args![user.to_string()]).await? else { return Ok(Profile::default()) };
    let text = |index| row.opt_text(index).map(|text| text.map(str::to_owned));
    Ok(Profile { language: text(0)?, region: text(1)?, settings: row.json(2)? })
}

/// Keeps it.
pub fn put(user: UserId, profile: &Profile) -> Statement {
    let Profile { language, region, settings } = profile;
    let settings = Json::Object(settings.clone()).to_string();
    Statement::new(PUT, args![user.to_string(), language.clone(), region.clone(), settings])
}
