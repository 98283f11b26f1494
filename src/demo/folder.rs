//! The demo's directory. Its card proves that it is one; nothing is ever erased without it, and only what the demo made.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::scripts::{Customer, Dialogue, Topic};
use crate::{
    domain::{channel::ChannelKind, permission::Role},
    ids::{ChannelId, ConversationId},
};

/// Only the owner reads it: it holds passwords.
const CARD: &str = "demo.json";
/// What else the server keeps in its data directory. The lock goes last.
const FILES: [&str; 10] = [
    "centralita.sqlite",
    "centralita.sqlite-wal",
    "centralita.sqlite-shm",
    "search.sqlite",
    "search.sqlite-wal",
    "search.sqlite-shm",
    "node",
    "node.new",
    "secret.key",
    "lock",
];
const FOLDERS: [&str; 1] = ["attachments"];
const PRODUCT: &str = "centralita demo";

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What they type.
    pub login: String,
    /// As shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// As made; whoever changes it, changes it for themselves only.
    pub password: String,
    /// Played by the simulator.
    pub simulated: bool,
}

/// A channel account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// What is talked about there.
    pub topic: Topic,
    /// What an API channel signs with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A customer who has written before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regular {
    /// Where.
    pub channel: ChannelId,
    /// As the channel names them.
    pub address: String,
    /// What a visitor's browser has kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who.
    pub customer: Customer,
}

/// A conversation that was open when the demo was made: its customer goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continued {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub regular: Regular,
    /// What is said.
    pub dialogue: Dialogue,
    /// How many lines of it were said.
    pub said: usize,
}

/// What the demo must know of itself beside its database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    what: String,
    complete: bool,
    /// From which everything random comes.
    pub seed: u64,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// Where customers write.
    pub channels: Vec<Account>,
    /// What goes on.
    pub continued: Vec<Continued>,
    /// Who may come again.
    pub regulars: Vec<Regular>,
}

impl Card {
    /// Of a demo that has just been made.
    pub fn new(seed: u64, people: Vec<Person>, channels: Vec<Account>) -> Self {
        let (what, continued, regulars) = (PRODUCT.to_owned(), Vec::new(), Vec::new());
        Self { what, complete: true, seed, people, channels, continued, regulars }
    }
}

/// What lies in a directory.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A demo.
    Demo(Box<Card>),
    /// A demo that was not made or not erased to the end.
    Half,
    /// Something else: not ours to touch.
    Foreign,
}

/// A directory.
pub struct Folder(PathBuf);

impl Folder {
    /// This one.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What lies there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(&self) -> io::Result<Found> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            entries => entries?,
        };
        let card = match fs::read(self.0.join(CARD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            card => Some(card?),
        };
        Ok(match card.map(|card| serde_json::from_slice::<Card>(&card)) {
            Some(Ok(card)) if card.what == PRODUCT && card.complete => Found::Demo(Box::new(card)),
            Some(Ok(card)) if card.what == PRODUCT => Found::Half,
            Some(_) => Found::Foreign,
            None if entries.count() == 0 => Found::Nothing,
            None => Found::Foreign,
        })
    }

    /// Says that a demo is being made here: if it comes to nothing, the next start begins anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self) -> io::Result<()> {
        self.write(&Card { complete: false, ..Card::new(0, Vec::new(), Vec::new()) })
    }

    /// Keeps the card of a demo that is whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, card: &Card) -> io::Result<()> {
        self.write(card)
    }

    fn write(&self, card: &Card) -> io::Result<()> {
        let unfinished = self.0.join("demo.json.new");
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
        serde_json::to_writer_pretty(&mut file, card)?;
        writeln!(file)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.0.join(CARD))
    }

    /// Erases what the demo made, and the directory unless something else lies there too. The caller holds its lock.
    ///
    /// # Errors
    /// When there is no demo, or something cannot be removed.
    pub fn erase(&self) -> io::Result<()> {
        if !matches!(self.look()?, Found::Demo(_) | Found::Half) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no demo in it"));
        }
        self.begin()?;
        for folder in FOLDERS {
            gone(fs::remove_dir_all(self.0.join(folder)))?;
        }
        for file in FILES {
            gone(fs::remove_file(self.0.join(file)))?;
        }
        gone(fs::remove_file(self.0.join(CARD)))?;
        match fs::remove_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("centralita-demo-folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn only_a_demo_is_erased_and_only_what_it_made() {
        let path = scratch("erase");
        let folder = Folder::new(&path);
        assert_eq!(folder.look().unwrap(), Found::Nothing);
        fs::create_dir_all(path.join("attachments")).unwrap();
        fs::write(path.join("centralita.sqlite"), "somebody's").unwrap();
        assert_eq!(folder.look().unwrap(), Found::Foreign);
        assert!(folder.erase().is_err());
        fs::write(path.join(CARD), r#"{"what":"a demonstration of something else"}"#).unwrap();
        assert_eq!(folder.look().unwrap(), Found::Foreign);
        assert!(folder.erase().is_err());
        assert!(path.join("centralita.sqlite").exists());

        folder.begin().unwrap();
        assert_eq!(folder.look().unwrap(), Found::Half);
        let card = Card::new(7, Vec::new(), Vec::new());
        folder.finish(&card).unwrap();
        assert_eq!(folder.look().unwrap(), Found::Demo(Box::new(card)));
        fs::write(path.join("notes.txt"), "mine").unwrap();
        folder.erase().unwrap();
        let left: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
        fs::remove_dir_all(&path).unwrap();
    }
}
