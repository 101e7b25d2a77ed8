//! A claim: the worker of a run or an environment, the token that proves it, and how it is renewed ([`crate::system::lease`]).

use std::time::Duration;

use super::{Limits, Store};
use crate::base::clock::Timestamp;
use crate::system::lease::{Heartbeat, Leased, Unreachable};

/// How often at least a claim is renewed on a server, where it is the only sign of life that other hosts see.
const BEATS_ON_SERVER: Duration = Duration::from_secs(10);

/// A lease on a run or an environment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The worker id of its holder.
    pub worker: String,
    /// The token, new with each claim: only its holder may change the claimed record.
    pub token: String,
    /// For how long it holds without a heartbeat.
    pub lease: Duration,
    /// The process that makes it, if it is registered ([`WorkerRecord`](super::WorkerRecord)).
    pub process: Option<String>,
    /// How much each submitter and each workspace may have: no run is claimed with which one has more.
    pub limits: Limits,
}

impl Claim {
    /// A claim with a token that no other claim has.
    pub fn new(worker: &str, token: String, lease: Duration) -> Self {
        Self {
            worker: worker.to_owned(),
            token,
            lease,
            process: None,
            limits: Limits::default(),
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

    /// The same within limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// A clock that the store reads inside its write transaction, so that no lease can be renewed between the reading and the
/// decision that depends on it, however long the store had to wait for the database. `None`: the clock cannot be trusted
/// now, and no lease is considered expired.
pub type Clock<'a> = dyn Fn() -> Option<Timestamp> + 'a;

/// What a claim is on, by its id.
#[derive(Clone, Copy, Debug)]
pub enum ClaimOn<'a> {
    /// A run that is executed.
    Run(&'a str),
    /// An environment that is built.
    Environment(&'a str),
}

/// A claim with the store that records it.
pub struct ClaimLease<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// What is claimed.
    pub on: ClaimOn<'a>,
    /// The claim.
    pub claim: &'a Claim,
}

impl Leased for ClaimLease<'_> {
    fn length(&self) -> Duration {
        self.claim.lease
    }
    fn renewed_every(&self) -> Duration {
        let third = (self.claim.lease / 3).max(Duration::from_secs(1));
        let most = match self.is_of_several_machines() {
            true => BEATS_ON_SERVER,
            false => Duration::MAX,
        };
        third.min(most).min(self.claim.lease)
    }
    fn is_of_several_machines(&self) -> bool {
        self.store.host().is_some()
    }
    fn renew(&self, now: Timestamp) -> Result<Heartbeat, Unreachable> {
        let beat = match self.on {
            ClaimOn::Run(id) => self.store.heartbeat_run(id, self.claim, now),
            ClaimOn::Environment(id) => self.store.heartbeat_environment(id, self.claim, now),
        };
        beat.map_err(|_| Unreachable)
    }
    fn watch(&self) -> Option<Result<Heartbeat, Unreachable>> {
        match self.on {
            ClaimOn::Run(id) => {
                let beat = self.store.watch_run(id, self.claim);
                Some(beat.map_err(|_| Unreachable))
            }
            // A build is not cancelled through its record.
            ClaimOn::Environment(_) => None,
        }
    }
}
