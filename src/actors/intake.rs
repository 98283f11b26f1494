//! How many messages may be on their way in at once. A burst waits a moment for room, in order; only when that is not enough is
//! somebody refused: a refusal costs the sender a repetition, and everybody else the work of answering it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::engine::CommandError;
use crate::telemetry;

/// So many times as many may wait for room as have it.
const WAITING: usize = 2;
/// So long: whoever waits longer is better off elsewhere.
const PATIENCE: Duration = Duration::from_millis(150);

/// The right to bring in one message: held until it is answered, so that what is taken in and not yet committed is bounded.
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

/// The door.
pub(super) struct Intake {
    rooms: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Intake {
    pub(super) fn new(capacity: usize) -> Self {
        Self { rooms: Arc::new(Semaphore::new(capacity)), waiting: Semaphore::new(capacity.saturating_mul(WAITING)) }
    }

    /// Room for one message.
    ///
    /// # Errors
    /// [`CommandError::Busy`].
    pub(super) async fn room(&self) -> Result<Room, CommandError> {
        if let Ok(permit) = Arc::clone(&self.rooms).try_acquire_owned() {
            return Ok(Room { _permit: permit });
        }
        self.wait().await.ok_or_else(|| {
            metrics::counter!(telemetry::GATE_REFUSALS, "gate" => "room").increment(1);
            CommandError::Busy
        })
    }

    async fn wait(&self) -> Option<Room> {
        let _place = self.waiting.try_acquire().ok()?;
        let permit = timeout(PATIENCE, Arc::clone(&self.rooms).acquire_owned()).await.ok()?.ok()?;
        Some(Room { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_and_what_is_more_than_that_is_refused_at_once() {
        let intake = Intake::new(2);
        let (first, second) = (intake.room().await.unwrap(), intake.room().await.unwrap());
        let burst = join_all((0..5).map(|_| intake.room()));
        let give_way = async {
            tokio::task::yield_now().await;
            drop((first, second));
        };
        let (burst, ()) = tokio::join!(burst, give_way);
        // Two have room, two waited in vain, one found no place to wait.
        assert_eq!(burst.iter().filter(|room| room.is_ok()).count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let intake = Intake::new(1);
        let _room = intake.room().await.unwrap();
        assert!(timeout(PATIENCE * 2, intake.room()).await.unwrap().is_err());
        assert_eq!(intake.waiting.available_permits(), WAITING);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_before_who_comes() {
        let intake = Intake::new(1);
        let first = intake.room().await.unwrap();
        let mut waiting = Box::pin(intake.room());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(first);
        let mut later = Box::pin(intake.room());
        assert!(futures_util::poll!(&mut later).is_pending());
        assert!(waiting.await.is_ok());
    }
}
