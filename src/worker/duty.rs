//! What is done every so often.

use std::time::Duration;

use crate::system::machine::Steady;

/// Something that is done every so often.
pub(super) struct Duty {
    every: Duration,
    last: Option<Steady>,
}

impl Duty {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    pub(super) fn is_due(&mut self, now: Steady) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= self.every);
        if due {
            self.last = Some(now);
        }
        due
    }
}
