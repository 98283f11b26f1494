//! The demo: a contact center full of life, in a directory of its own, that anybody can try and erase.
//!
//! `commands::demo` makes it and starts the server; [`simulator`] then plays customers and agents through the same doors that real
//! ones use. The rest of the product knows of it only this: [`Demo`] is there or not.

pub mod folder;
pub mod scripts;
pub mod simulator;

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_util::sync::CancellationToken;

use self::folder::{Card, Person};

/// Conversations that begin per minute, at most.
pub const MAX_PACE: u32 = 60;

/// A demo that is being served.
pub struct Demo {
    card: Card,
    pace: AtomicU32,
    erase: CancellationToken,
}

impl Demo {
    /// At this pace.
    pub fn new(card: Card, pace: u32) -> Self {
        Self { card, pace: AtomicU32::new(pace.min(MAX_PACE)), erase: CancellationToken::new() }
    }

    /// Who can sign in.
    pub fn people(&self) -> &[Person] {
        &self.card.people
    }

    /// Conversations that begin per minute; 0 = nobody new comes.
    pub fn pace(&self) -> u32 {
        self.pace.load(Ordering::Relaxed)
    }

    /// Another pace, in force at once.
    pub fn set_pace(&self, pace: u32) {
        self.pace.store(pace.min(MAX_PACE), Ordering::Relaxed);
    }

    /// Has the server stop and erase the demo.
    pub fn ask_to_erase(&self) {
        self.erase.cancel();
    }

    /// Waits until somebody wants it erased.
    pub async fn wants_to_be_erased(&self) {
        self.erase.cancelled().await;
    }

    /// Whether somebody wants it erased.
    pub fn is_to_be_erased(&self) -> bool {
        self.erase.is_cancelled()
    }
}
