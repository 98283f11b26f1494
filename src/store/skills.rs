//! Skills, who has them, and what conversations weigh.

use std::sync::Arc;

use crate::{
    args,
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        load::{KindLoad, Loads},
        skill::{Skill, SkillLevel},
    },
    ids::UserId,
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[SKILLS, INSERT, RENAME, SET_SKILLS, SETTING, PUT_SETTING];

const SKILLS: &str = "SELECT id, client_id, name FROM skills";
const INSERT: &str = "INSERT INTO skills (id, client_id, name, created_at) VALUES ($1, $2, $3, $4)";
const RENAME: &str = "UPDATE skills SET name = $2 WHERE id = $1";
const SET_SKILLS: &str = "UPDATE users SET skills = $2 WHERE id = $1";
const SETTING: &str = "SELECT value FROM settings WHERE name = $1";
const PUT_SETTING: &str =
    "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// What conversations weigh.
const CAPACITY: &str = "capacity";

/// Reads all skills, and what conversations weigh.
pub(super) async fn load(db: &Db, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    for row in db.rows(SKILLS, vec![]).await? {
        let skill = Skill { id: row.parse(0)?, client: row.parse(1)?, name: row.text(2)?.to_owned() };
        snapshot.skills.insert(skill.id, Arc::new(skill));
    }
    if let Some(row) = db.row(SETTING, args![CAPACITY]).await? {
        snapshot.loads = row.json::<Vec<KindLoad>>(0)?.into_iter().collect::<Loads>();
    }
    Ok(())
}

/// Creates a skill.
pub fn insert(skill: &Skill, now: Timestamp) -> Statement {
    Statement::new(INSERT, args![skill.id.to_string(), skill.client.to_string(), skill.name.as_str(), now])
}

/// Gives a skill another name.
pub fn rename(skill: &Skill) -> Statement {
    Statement::must(RENAME, args![skill.id.to_string(), skill.name.as_str()])
}

/// Somebody has these skills now.
pub fn set_skills(user: UserId, skills: &[SkillLevel]) -> Statement {
    let text = serde_json::to_string(skills).unwrap_or_else(|_| "[]".to_owned());
    Statement::must(SET_SKILLS, args![user.to_string(), text])
}

/// Conversations weigh this now.
pub fn set_loads(kinds: &[KindLoad]) -> Statement {
    let text = serde_json::to_string(kinds).unwrap_or_else(|_| "[]".to_owned());
    Statement::new(PUT_SETTING, args![CAPACITY, text])
}
