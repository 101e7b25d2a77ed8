//! A lease that is kept alive while the work under it goes on.
//!
//! When a heartbeat finds that the lease was lost, the work is cancelled and must write nothing more. A store that cannot be
//! reached for a moment is asked again; when it could not be reached for as long as the lease holds, the lease counts as
//! lost.
//!
//! Where other machines take over what the lease is on, the work has to end before they may, however long a store that does not answer
//! keeps the renewing thread: another thread cancels the work a little before the lease ends.
//!
//! A process can be suspended for longer than its lease without noticing. So code that is about to write asks [`Held`]
//! first; where the last answer of the store is older than the lease, [`Held`] asks the store again.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use super::machine::{Machine, Steady, Work};
use crate::base::cancel::{Cancel, RaisedAtEnd};
use crate::base::clock::Timestamp;
use crate::base::mutex::lock;

/// How often the lease is checked between two heartbeats, and so how soon a request to cancel is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The store's answer to a heartbeat or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease holds, and was renewed if that was asked.
    Renewed {
        /// A request to cancel the work is recorded.
        cancel_requested: bool,
    },
    /// The lease was lost: stop, and write nothing.
    Lost,
}

impl Heartbeat {
    /// Whether a request to cancel is recorded. `None`: the lease was lost.
    pub fn heard(requested: Option<bool>) -> Self {
        requested.map_or(Self::Lost, |cancel_requested| Self::Renewed {
            cancel_requested,
        })
    }
}

/// The store did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// Something in a store that is leased: a run, or an environment that is being built.
pub trait Leased: Send + Sync {
    /// For how long it holds without a renewal.
    fn length(&self) -> Duration;
    /// How often it is renewed.
    fn renewed_every(&self) -> Duration {
        let length = self.length();
        (length / 3).max(Duration::from_secs(1)).min(length)
    }
    /// Whether processes of other machines take over when it ends, which see nothing of this one's.
    fn is_of_several_machines(&self) -> bool {
        false
    }
    /// Renews it.
    ///
    /// # Errors
    /// The store did not answer.
    fn renew(&self, now: Timestamp) -> Result<Heartbeat, Unreachable>;
    /// Checks it without renewing it. `None`: there is nothing to check between heartbeats.
    ///
    /// # Errors
    /// The store did not answer.
    fn watch(&self) -> Option<Result<Heartbeat, Unreachable>>;
}

/// A lease as its holder knows it.
pub struct Held<'a> {
    machine: &'a dyn Machine,
    leased: &'a dyn Leased,
    state: Mutex<State>,
}

struct State {
    /// When the lease was last known to hold.
    answered: Steady,
    lost: bool,
}

impl<'a> Held<'a> {
    /// A lease that was taken no earlier than `since`.
    pub fn new(machine: &'a dyn Machine, leased: &'a dyn Leased, since: Steady) -> Self {
        Self {
            machine,
            leased,
            state: Mutex::new(State {
                answered: since,
                lost: false,
            }),
        }
    }

    /// Whether the lease still holds, so that writing is allowed.
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

    /// Notes the answer to a heartbeat that was sent at `asked`. False: the lease is lost.
    fn note(&self, beat: Result<Heartbeat, Unreachable>, asked: Steady) -> bool {
        let mut state = lock(&self.state);
        match beat {
            Ok(Heartbeat::Renewed { .. }) => state.answered = state.answered.max(asked),
            Ok(Heartbeat::Lost) => state.lost = true,
            Err(Unreachable) => {
                let silence = self.machine.steady().since(state.answered);
                state.lost |= silence >= self.leased.length();
            }
        }
        !state.lost
    }

    /// Does `work` while another thread renews the lease, every third of its length or more often, and checks it in between. `cancel` is
    /// raised when the lease was lost or a request to cancel was recorded.
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
            // Also where the work panics, so that the renewing thread ends.
            let _stop = RaisedAtEnd(&stop);
            match (started, work.take()) {
                (Ok(()), Some(work)) => done = Ok(work()),
                (Err(error), _) => done = Err(error),
                (Ok(()), None) => {}
            }
        });
        done
    }

    /// Cancels the work when a sixth of the lease is left: in that time it ends, and clocks differ by less. The lease counts from
    /// before the request that renewed it last was sent.
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
        // What threads of this process send to a server at one moment goes there together.
        let together = self.leased.is_of_several_machines();
        let pause = |now: Steady, every| match together {
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

    /// Whether the store answered, or has been silent for less than the lease.
    fn is_answered_in_time(&self, beat: Result<Heartbeat, Unreachable>) -> bool {
        let state = lock(&self.state);
        let silence = self.machine.steady().since(state.answered);
        !state.lost && (beat.is_ok() || silence < self.leased.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::machine::System;

    /// A lease whose renewal is answered when the work under it has ended.
    struct Silent(Cancel);

    impl Leased for Silent {
        fn length(&self) -> Duration {
            Duration::from_millis(60)
        }
        fn renewed_every(&self) -> Duration {
            Duration::from_millis(10)
        }
        fn is_of_several_machines(&self) -> bool {
            true
        }
        fn renew(&self, _: Timestamp) -> Result<Heartbeat, Unreachable> {
            self.0.wait(Duration::MAX);
            Err(Unreachable)
        }
        fn watch(&self) -> Option<Result<Heartbeat, Unreachable>> {
            None
        }
    }

    #[test]
    fn work_that_others_may_take_over_ends_although_the_store_keeps_a_renewal_waiting() {
        let silent = Silent(Cancel::new());
        let since = System.steady();
        let held = Held::new(&System, &silent, since);
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
