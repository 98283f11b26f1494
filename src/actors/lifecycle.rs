//! What happens when an actor ends.
//!
//! A panic kills only the actor it happened in, and nobody restarts it by itself. A [`DeathNotice`] among its fields tells its
//! parent, however it ended; the parent rebuilds it from the store when it is needed again.

use crate::telemetry;

/// Calls its parent when dropped.
pub struct DeathNotice {
    actor: &'static str,
    tell: Option<Box<dyn FnOnce() + Send>>,
}

impl DeathNotice {
    /// `tell` runs when the owner of this notice is dropped, on whatever thread that happens.
    pub fn new(actor: &'static str, tell: impl FnOnce() + Send + 'static) -> Self {
        Self { actor, tell: Some(Box::new(tell)) }
    }
}

impl Drop for DeathNotice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            metrics::counter!(telemetry::RESTARTS, "actor" => self.actor).increment(1);
        }
        if let Some(tell) = self.tell.take() {
            tell();
        }
    }
}
