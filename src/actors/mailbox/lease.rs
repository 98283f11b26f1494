//! The hold on one mailbox (R12): taken and renewed through the journal, on the database's clock.

use std::{cell::Cell, time::Duration};

use super::Shared;
use crate::{
    domain::log::By,
    ids::ChannelId,
    store::{
        StoreError,
        leases::{self, MARGIN, RENEW_EVERY, TTL},
        write::{Statement, WriteError},
    },
};

/// A lease that is held, as far as its owner can know.
pub(super) struct Lease {
    name: String,
    token: i64,
    /// On the owner's monotonic clock.
    valid_until: Cell<Duration>,
}

impl Lease {
    /// Takes the lease when it is free, run out or this node's own; none when somebody else holds it.
    pub(super) async fn take(shared: &Shared, account: ChannelId, incarnation: &str) -> Result<Option<Self>, StoreError> {
        let (engine, name) = (&shared.engine, format!("mailbox:{account}"));
        let started = engine.clock.elapsed();
        let statements = leases::take(&engine.db, &name, &shared.node, incarnation, engine.clock.now());
        match engine.journal.write(statements, None, By::System, None).await {
            Ok(()) => {}
            Err(WriteError::NotFound) => return Ok(None),
            Err(WriteError::Store(error)) => return Err(error),
            Err(error) => return Err(StoreError::Unavailable(error.to_string())),
        }
        let token = leases::token(&engine.db, &name, &shared.node, incarnation).await?;
        Ok(token.map(|token| Self { name, token, valid_until: Cell::new(started + TTL) }))
    }

    /// First in every transaction of the owner: without the lease nothing of it is written.
    pub(super) fn fence(&self) -> Statement {
        leases::fence(&self.name, self.token)
    }

    /// Renews it again and again; returns when it is lost, or when nobody can say any more that it is not.
    pub(super) async fn keep(&self, shared: &Shared) {
        let (journal, clock) = (&shared.engine.journal, &shared.engine.clock);
        loop {
            let left = self.valid_until.get().saturating_sub(clock.elapsed() + MARGIN);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(RENEW_EVERY.min(left)).await;
            let started = clock.elapsed();
            let left = self.valid_until.get().saturating_sub(started + MARGIN);
            let statement = leases::renew(&shared.engine.db, &self.name, self.token, clock.now());
            match tokio::time::timeout(left, journal.write(vec![statement], None, By::System, None)).await {
                Ok(Ok(())) => self.valid_until.set(started + TTL),
                Ok(Err(WriteError::NotFound)) => return,
                // Until its end nobody else has it.
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Lets others take it at once.
    pub(super) async fn give_back(&self, shared: &Shared) {
        let statement = leases::give_back(&self.name, self.token);
        let _ = shared.engine.journal.write(vec![statement], None, By::System, None).await;
    }
}
