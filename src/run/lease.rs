//! A claim that is kept alive while the work goes on.
//!
//! A renewal that matches no row means that the claim is somebody else's: the work is cancelled and must write nothing
//! more. A database that is busy for a moment is asked again; when it could not be reached for as long as the lease
//! holds, the claim counts as lost.
//!
//! A process can stand still for longer than its lease, stopped or starved, and not know it when it goes on. [`Held`]
//! does: whoever is about to write asks it, and where the last answer of the store is older than the lease it asks the
//! store before it says yes.

use std::sync::{Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::store::{Claim, Heartbeat, Store, StoreError};

/// How often the claim is looked at between two renewals; a request to cancel is noticed as soon.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a lease is on.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A run.
    Run(String),
    /// An environment that is being built.
    Environment(String),
}

/// A claim as its holder knows it.
pub struct Held<'a> {
    store: &'a dyn Store,
    subject: Subject,
    claim: Claim,
    state: Mutex<State>,
}

struct State {
    /// When the claim was last known to hold. Both clocks of the machine may do as they like: what counts here is the
    /// one that only goes forward.
    answered: Instant,
    lost: bool,
}

impl<'a> Held<'a> {
    /// A claim that was made no earlier than `since`.
    pub fn new(store: &'a dyn Store, subject: Subject, claim: Claim, since: Instant) -> Self {
        Self {
            store,
            subject,
            claim,
            state: Mutex::new(State {
                answered: since,
                lost: false,
            }),
        }
    }

    /// Whether the claim still holds, so that writing is allowed.
    pub fn holds(&self) -> bool {
        let mut state = self.lock();
        if state.lost {
            return false;
        }
        if state.answered.elapsed() < self.claim.lease {
            return true;
        }
        let asked = Instant::now();
        match self.renew() {
            Ok(Heartbeat::Renewed { .. }) => state.answered = asked,
            Ok(Heartbeat::Lost) | Err(_) => state.lost = true,
        }
        !state.lost
    }

    /// Whether it is known to be lost.
    pub fn is_lost(&self) -> bool {
        self.lock().lost
    }

    fn renew(&self) -> Result<Heartbeat, StoreError> {
        let now = Timestamp::now();
        match &self.subject {
            Subject::Run(id) => self.store.heartbeat_run(id, &self.claim, now),
            Subject::Environment(id) => self.store.heartbeat_environment(id, &self.claim, now),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim that is renewed in the background; ends when dropped.
pub struct Lease {
    stop: Cancel,
}

impl Lease {
    /// Renews a claim every third of its lease, and looks at it more often than that. `work` is cancelled when the
    /// claim was lost or somebody asked for the run to be cancelled.
    pub fn keep<'scope>(
        scope: &'scope Scope<'scope, '_>,
        held: &'scope Held<'_>,
        work: Cancel,
    ) -> Self {
        let stop = Cancel::new();
        let lease = Self { stop: stop.clone() };
        scope.spawn(move || {
            let length = held.claim.lease;
            let renew_every = (length / 3).max(Duration::from_secs(1)).min(length);
            let look_every = LOOK_EVERY.min(renew_every);
            let mut renewed = Instant::now();
            while !stop.wait(look_every) {
                let asked = Instant::now();
                let beat = match &held.subject {
                    _ if renewed.elapsed() >= renew_every => {
                        held.renew().inspect(|_| renewed = asked)
                    }
                    Subject::Run(id) => held.store.watch_run(id, &held.claim),
                    Subject::Environment(_) => continue,
                };
                let mut state = held.lock();
                match beat {
                    Ok(Heartbeat::Renewed { cancel_requested }) if !state.lost => {
                        // Only a renewal makes the lease longer.
                        if renewed == asked {
                            state.answered = asked;
                        }
                        if cancel_requested {
                            work.cancel();
                        }
                    }
                    Err(_) if !state.lost && state.answered.elapsed() < length => {}
                    _ => {
                        state.lost = true;
                        drop(state);
                        work.cancel();
                        return;
                    }
                }
            }
        });
        lease
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
