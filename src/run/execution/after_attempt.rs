//! Decides what happens to a run after an attempt, and so what spends an attempt.
//!
//! A claim counts the attempt. The count is reversed if the run is released or waits, so an attempt is spent by the run's own
//! behaviour and by the death of its process. Errors know whether they are failures of the machine or the network:
//! [`FileError::is_of_machine`](crate::base::files::FileError::is_of_machine),
//! [`BuildError::is_of_machine`](crate::environment::BuildError::is_of_machine). The table in [`super::verdict`] lists the
//! failures that can pass. docs/explanation/queue.md explains the same to operators. Builds follow the same rules, in
//! `crate::environment::provide`.

use crate::store::RunStatus;

/// The next step for a run after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAction {
    /// The end of the run is recorded.
    Finish,
    /// The run waits for another attempt.
    Retry,
    /// The run waits, and the attempt does not count: the machine or the network is in trouble.
    Wait,
    /// The run goes back to the queue, and the attempt does not count.
    Release,
}

/// Returns the next step for a run after an attempt with this outcome. `of_machine`: a worker has the run, and the machine or
/// the network is in trouble; a user who waits for a run gets the error instead. `shuts_down`: the run's worker stops.
pub fn next(
    status: RunStatus,
    transient: bool,
    of_machine: bool,
    attempts_left: bool,
    shuts_down: bool,
) -> NextAction {
    match status {
        RunStatus::Cancelled if shuts_down => NextAction::Release,
        RunStatus::Failed if of_machine => NextAction::Wait,
        RunStatus::Failed if transient && attempts_left => NextAction::Retry,
        _ => NextAction::Finish,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_after_an_attempt_follows_from_four_facts() {
        use RunStatus::{Cancelled, Failed, Succeeded};
        for (status, transient, attempts_left, shuts_down, wanted) in [
            (Succeeded, false, true, false, NextAction::Finish),
            // A run that succeeded while the worker was stopping has succeeded.
            (Succeeded, false, true, true, NextAction::Finish),
            (Failed, false, true, false, NextAction::Finish),
            (Failed, true, true, false, NextAction::Retry),
            (Failed, true, true, true, NextAction::Retry),
            (Failed, true, false, false, NextAction::Finish),
            (Cancelled, false, true, false, NextAction::Finish),
            (Cancelled, false, true, true, NextAction::Release),
            (Cancelled, false, false, true, NextAction::Release),
        ] {
            let next = next(status, transient, false, attempts_left, shuts_down);
            assert_eq!(
                next, wanted,
                "{status:?} {transient} {attempts_left} {shuts_down}"
            );
        }
        // Trouble of the machine spends no attempt, no matter how many are left.
        assert_eq!(next(Failed, true, true, false, false), NextAction::Wait);
        assert_eq!(next(Failed, false, true, true, true), NextAction::Wait);
        assert_eq!(
            next(Cancelled, false, true, true, false),
            NextAction::Finish
        );
    }
}
