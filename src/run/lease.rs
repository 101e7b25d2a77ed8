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
    /// Renews a claim every third of its lease. `work` is cancelled when the
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
            let interval = (claim.lease / 3)
                .max(Duration::from_secs(1))
                .min(claim.lease);
            let mut renewed = Instant::now();
            while !stop.wait(interval) {
                let now = Timestamp::now();
                let beat = match &subject {
                    Subject::Run(id) => store.heartbeat_run(id, &claim, now),
                    Subject::Environment(id) => store.heartbeat_environment(id, &claim, now),
                };
                match beat {
                    Ok(Heartbeat::Renewed { cancel_requested }) => {
                        renewed = Instant::now();
                        if cancel_requested {
                            work.cancel();
                        }
                    }
                    Err(_) if renewed.elapsed() < claim.lease => {}
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
