//! A claim: who works on a run or an environment, and what proves it.

use std::time::Duration;

use crate::clock::Timestamp;

/// A lease on a run or an environment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who holds it.
    pub worker: String,
    /// What fences it: fresh with each claim.
    pub token: String,
    /// For how long it holds without a heartbeat.
    pub lease: Duration,
    /// The process that makes it, where that is registered ([`WorkerRecord`](super::WorkerRecord)).
    pub process: Option<String>,
}

impl Claim {
    /// A claim with a fresh token.
    pub fn new(worker: &str, lease: Duration) -> Self {
        Self {
            worker: worker.to_owned(),
            token: uuid::Uuid::new_v4().to_string(),
            lease,
            process: None,
        }
    }

    /// The same, made by a registered process.
    #[must_use]
    pub fn by(self, process: Option<&str>) -> Self {
        Self {
            process: process.map(str::to_owned),
            ..self
        }
    }
}

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease was renewed.
    Renewed {
        /// Somebody asked for the run to be cancelled.
        cancel_requested: bool,
    },
    /// The lease is somebody else's, or nobody's: stop, and write nothing.
    Lost,
}

/// A look at the clock that the store takes itself, with the database in hand: between it and the judgement that follows
/// nobody can renew a lease, however long the store had to wait before. `None`: the clock cannot be trusted now, and nothing
/// is judged.
pub type Clock<'a> = dyn Fn() -> Option<Timestamp> + 'a;
