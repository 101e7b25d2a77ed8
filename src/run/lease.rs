//! A claim that is kept alive while the work goes on.
//!
//! A renewal that matches no row means that the claim is somebody else's: the work is cancelled and must write nothing
//! more. A database that is busy for a moment is asked again; when it could not be reached for as long as the lease
//! holds, the claim counts as lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::store::{Claim, Heartbeat, Store};

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

/// A renewed claim; ends when dropped.
pub struct Lease {
    stop: Cancel,
    lost: Arc<AtomicBool>,
}

impl Lease {
    /// Renews a claim every third of its lease, and looks at it more often than that. `work` is cancelled when the
    /// claim was lost or somebody asked for the run to be cancelled.
    pub fn keep<'scope>(
        scope: &'scope Scope<'scope, '_>,
        store: &'scope dyn Store,
        subject: Subject,
        claim: Claim,
        work: Cancel,
    ) -> Self {
        let stop = Cancel::new();
        let lost = Arc::new(AtomicBool::new(false));
        let lease = Self {
            stop: stop.clone(),
            lost: Arc::clone(&lost),
        };
        scope.spawn(move || {
            let renew_every = (claim.lease / 3)
                .max(Duration::from_secs(1))
                .min(claim.lease);
            let look_every = LOOK_EVERY.min(renew_every);
            // Both clocks of the machine may do as they like: what counts here is the one that only goes forward.
            let mut renewed = Instant::now();
            let mut answered = Instant::now();
            while !stop.wait(look_every) {
                let now = Timestamp::now();
                let beat = match &subject {
                    _ if renewed.elapsed() >= renew_every => match &subject {
                        Subject::Run(id) => store.heartbeat_run(id, &claim, now),
                        Subject::Environment(id) => store.heartbeat_environment(id, &claim, now),
                    }
                    .inspect(|_| renewed = Instant::now()),
                    Subject::Run(id) => store.watch_run(id, &claim),
                    Subject::Environment(_) => continue,
                };
                match beat {
                    Ok(Heartbeat::Renewed { cancel_requested }) => {
                        answered = Instant::now();
                        if cancel_requested {
                            work.cancel();
                        }
                    }
                    Err(_) if answered.elapsed() < claim.lease => {}
                    Ok(Heartbeat::Lost) | Err(_) => {
                        lost.store(true, Ordering::Release);
                        work.cancel();
                        return;
                    }
                }
            }
        });
        lease
    }

    /// Whether the claim was lost.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
