//! What happens when an actor ends.
//!
//! A panic kills only the actor it happened in, and nobody restarts it by itself. A [`DeathNotice`] among its fields tells its
//! parent, however it ended; the parent rebuilds it from the store when it is needed again.

use crate::telemetry::names;

/// Calls its parent when dropped.
pub struct DeathNotice(Option<Box<dyn FnOnce() + Send>>);

impl DeathNotice {
    /// `tell` runs when the owner of this notice is dropped, on whatever thread that happens.
    pub fn new(tell: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }
}

impl Drop for DeathNotice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            metrics::counter!(names::RESTARTS).increment(1);
        }
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}
