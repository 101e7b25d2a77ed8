//! The time limit of a child: decides when the child is asked to end, by a timeout or a cancel, and when it is killed.

use std::time::{Duration, Instant};

use super::exit::{Exit, Limit};
use super::options::ChildLimits;
use crate::base::cancel::Cancel;

/// The times at which a child must be asked to end, and must be killed.
pub(super) struct TimeLimit {
    /// The end of the allowed time; `None` if it has no limit.
    time_is_up: Option<Instant>,
    kill_after: Duration,
    stopping: Option<StopRequest>,
}

/// The child has been asked to end.
struct StopRequest {
    reason: Exit,
    /// The time to kill it; `None` once it was killed.
    kill_at: Option<Instant>,
}

impl TimeLimit {
    pub fn new(started: Instant, options: &ChildLimits) -> Self {
        TimeLimit {
            time_is_up: options
                .timeout
                .and_then(|timeout| started.checked_add(timeout)),
            kill_after: options.kill_after,
            stopping: None,
        }
    }

    /// Returns the signal that is due now.
    pub fn due(&mut self, cancel: &Cancel, now: Instant) -> Option<libc::c_int> {
        if let Some(StopRequest { kill_at, .. }) = &mut self.stopping {
            let is_due = kill_at.is_some_and(|kill_at| now >= kill_at);
            if is_due {
                *kill_at = None;
            }
            return is_due.then_some(libc::SIGKILL);
        }
        let reason = if cancel.is_cancelled() {
            Exit::Cancelled
        } else if self.time_is_up.is_some_and(|time_is_up| now >= time_is_up) {
            Exit::TimedOut
        } else {
            return None;
        };
        self.stopping = Some(StopRequest {
            reason,
            kill_at: now.checked_add(self.kill_after),
        });
        Some(libc::SIGTERM)
    }

    /// Records that the child is killed for its usage, unless it is being stopped already. Returns true if it must be killed
    /// now.
    pub fn exceed(&mut self, limit: Limit) -> bool {
        if self.stopping.is_some() {
            return false;
        }
        self.stopping = Some(StopRequest {
            reason: Exit::Exceeded(limit),
            kill_at: None,
        });
        true
    }

    /// Records that the child was killed because its group was full. This outranks limits that were passed while the group
    /// filled up.
    pub fn mark_full(&mut self) {
        match &mut self.stopping {
            Some(StopRequest {
                reason: reason @ Exit::Exceeded(_),
                ..
            }) => *reason = Exit::Exceeded(Limit::Processes),
            Some(_) => {}
            None => drop(self.exceed(Limit::Processes)),
        }
    }

    /// Returns the time of the next check, even if nothing happens.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stopping {
            None => self.time_is_up,
            Some(stopping) => stopping.kill_at,
        }
    }

    /// Returns the reason why the child was asked to end, if it was.
    pub fn reason(&self) -> Option<Exit> {
        self.stopping.as_ref().map(|stopping| stopping.reason)
    }
}
