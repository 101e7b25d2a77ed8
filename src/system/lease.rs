//! Keeps a lease alive while the work under it goes on.
//!
//! If a heartbeat finds that the lease was lost, the work is cancelled and must write nothing more. A store that cannot be
//! reached is asked again. If it cannot be reached for the length of the lease, the lease counts as lost.
//!
//! If other machines can take over the leased thing, the work must end before they may do so, even if a store that does not
//! answer blocks the renewing thread. So another thread cancels the work shortly before the lease ends.
//!
//! A process can be suspended for longer than its lease without noticing. So code that is about to write asks [`HeldLease`] first.
//! If the store's last answer is older than the lease, [`HeldLease`] asks the store again.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use super::machine::{Machine, SteadyTime, Work};
use crate::base::cancel::{Cancel, CancelOnDrop};
use crate::base::clock::Timestamp;
use crate::base::mutex::lock;

/// The interval of checks between two heartbeats, and so the delay after which a request to cancel is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The store's answer to a heartbeat or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease holds. It was renewed, if that was asked.
    Renewed {
        /// True if a request to cancel the work is recorded.
        cancel_requested: bool,
    },
    /// The lease was lost: stop, and write nothing.
    Lost,
}

impl Heartbeat {
    /// Returns the answer for a recorded request to cancel, or for its absence. `None` means that the lease was lost.
    pub fn heard(requested: Option<bool>) -> Self {
        requested.map_or(Self::Lost, |cancel_requested| Self::Renewed {
            cancel_requested,
        })
    }
}

/// The error of a store that did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreachableStore;

/// Something in a store that is leased: a run, or an environment that is being built.
pub trait RenewableLease: Send + Sync {
    /// Returns the time for which the lease holds without a renewal.
    fn length(&self) -> Duration;
    /// Returns the interval of the renewals.
    fn renewed_every(&self) -> Duration {
        let length = self.length();
        (length / 3).max(Duration::from_secs(1)).min(length)
    }
    /// Returns whether processes of other machines, which cannot see this process, take over when the lease ends.
    fn is_of_several_machines(&self) -> bool {
        false
    }
    /// Renews the lease in the store.
    ///
    /// # Errors
    /// The store did not answer.
    fn renew(&self, now: Timestamp) -> Result<Heartbeat, UnreachableStore>;
    /// Checks the lease without renewing it. Returns `None` if there is nothing to check between heartbeats.
    ///
    /// # Errors
    /// The store did not answer.
    fn watch(&self) -> Option<Result<Heartbeat, UnreachableStore>>;
}

/// A lease from its holder's point of view.
pub struct HeldLease<'a> {
    machine: &'a dyn Machine,
    leased: &'a dyn RenewableLease,
    state: Mutex<LeaseState>,
}

struct LeaseState {
    /// The last time at which the lease was known to hold.
    answered: SteadyTime,
    lost: bool,
}

impl<'a> HeldLease<'a> {
    /// Returns a lease that was taken at `since` or later.
    pub fn new(
        machine: &'a dyn Machine,
        leased: &'a dyn RenewableLease,
        since: SteadyTime,
    ) -> Self {
        Self {
            machine,
            leased,
            state: Mutex::new(LeaseState {
                answered: since,
                lost: false,
            }),
        }
    }

    /// Returns whether the lease still holds, so that writing is allowed.
    pub fn holds(&self) -> bool {
        let asked = self.machine.steady();
        {
            let state = lock(&self.state);
            if state.lost {
                return false;
            }
            if asked.since(state.answered) < self.leased.length() {
                return true;
            }
        }
        // Not under the lock: the renewing thread must not wait for a store that does not answer.
        let beat = self.leased.renew(self.machine.now());
        self.note(beat, asked)
    }

    /// Records the answer to a heartbeat that was sent at `asked`. Returns false if the lease is lost.
    fn note(&self, beat: Result<Heartbeat, UnreachableStore>, asked: SteadyTime) -> bool {
        let mut state = lock(&self.state);
        match beat {
            Ok(Heartbeat::Renewed { .. }) => state.answered = state.answered.max(asked),
            Ok(Heartbeat::Lost) => state.lost = true,
            Err(UnreachableStore) => {
                let silence = self.machine.steady().since(state.answered);
                state.lost |= silence >= self.leased.length();
            }
        }
        !state.lost
    }

    /// Does `work` while another thread renews the lease, every third of its length or more often, and checks it in between.
    /// Raises `cancel` when the lease was lost or a request to cancel was recorded.
    ///
    /// # Errors
    /// The thread cannot be started; the work was not begun.
    pub fn keep<T>(&self, cancel: &Cancel, work: impl FnOnce() -> T) -> io::Result<T> {
        let stop = Cancel::new();
        let mut work = Some(work);
        let mut done = Err(io::ErrorKind::Other.into());
        let mut beside: Vec<Work<'_>> = vec![Box::new(|| self.renew_until(&stop, cancel))];
        if self.leased.is_of_several_machines() {
            beside.push(Box::new(|| self.cancel_in_time(&stop, cancel)));
        }
        self.machine.beside(beside, &mut |started| {
            // Raised even if the work panics, so that the renewing thread ends.
            let _stop = CancelOnDrop(&stop);
            match (started, work.take()) {
                (Ok(()), Some(work)) => done = Ok(work()),
                (Err(error), _) => done = Err(error),
                (Ok(()), None) => {}
            }
        });
        done
    }

    /// Cancels the work when a sixth of the lease is left. In that time the work ends, and clocks differ by less. The lease
    /// counts from before its last renewal was sent.
    fn cancel_in_time(&self, stop: &Cancel, cancel: &Cancel) {
        let length = self.leased.length();
        let most = length - length / 6;
        loop {
            let answered = lock(&self.state).answered;
            let silence = self.machine.steady().since(answered);
            if silence >= most {
                lock(&self.state).lost = true;
                cancel.cancel();
                return;
            }
            if self.machine.wait(stop, most - silence) {
                return;
            }
        }
    }

    fn renew_until(&self, stop: &Cancel, cancel: &Cancel) {
        let renew_every = self.leased.renewed_every();
        let look_every = LOOK_EVERY.min(renew_every);
        // Requests that threads of this process send to a server at the same moment go there together.
        let together = self.leased.is_of_several_machines();
        let pause = |now: SteadyTime, every| match together {
            true => now.until_next(every),
            false => every,
        };
        let began = self.machine.steady();
        let mut next = began.plus(pause(began, renew_every));
        while !self
            .machine
            .wait(stop, pause(self.machine.steady(), look_every))
        {
            let asked = self.machine.steady();
            let beat = if asked >= next {
                let beat = self.leased.renew(self.machine.now());
                if beat.is_ok() {
                    next = asked.plus(pause(asked, renew_every));
                }
                if !self.note(beat, asked) {
                    cancel.cancel();
                    return;
                }
                beat
            } else if let Some(beat) = self.leased.watch() {
                // Only a heartbeat extends the lease; a check can only find that it was lost.
                let is_lost = beat == Ok(Heartbeat::Lost) || !self.is_answered_in_time(beat);
                if is_lost {
                    lock(&self.state).lost = true;
                    cancel.cancel();
                    return;
                }
                beat
            } else {
                continue;
            };
            let asked_to_stop = Ok(Heartbeat::Renewed {
                cancel_requested: true,
            });
            if beat == asked_to_stop {
                cancel.cancel();
            }
        }
    }

    /// Returns whether the store answered, or has been silent for less than the lease.
    fn is_answered_in_time(&self, beat: Result<Heartbeat, UnreachableStore>) -> bool {
        let state = lock(&self.state);
        let silence = self.machine.steady().since(state.answered);
        !state.lost && (beat.is_ok() || silence < self.leased.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::machine::System;

    /// A lease whose renewal is answered only after the work has ended.
    struct Silent(Cancel);

    impl RenewableLease for Silent {
        fn length(&self) -> Duration {
            Duration::from_millis(60)
        }
        fn renewed_every(&self) -> Duration {
            Duration::from_millis(10)
        }
        fn is_of_several_machines(&self) -> bool {
            true
        }
        fn renew(&self, _: Timestamp) -> Result<Heartbeat, UnreachableStore> {
            self.0.wait(Duration::MAX);
            Err(UnreachableStore)
        }
        fn watch(&self) -> Option<Result<Heartbeat, UnreachableStore>> {
            None
        }
    }

    #[test]
    fn work_that_others_may_take_over_ends_although_the_store_keeps_a_renewal_waiting() {
        let silent = Silent(Cancel::new());
        let since = System.steady();
        let held = HeldLease::new(&System, &silent, since);
        let cancel = Cancel::new();
        let is_cancelled = held.keep(&cancel, || {
            let is_cancelled = cancel.wait(Duration::from_secs(60));
            silent.0.cancel();
            is_cancelled
        });
        assert!(is_cancelled.unwrap());
        assert!(System.steady().since(since) >= Duration::from_millis(50));
        assert!(!held.holds());
    }
}
