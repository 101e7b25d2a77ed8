//! What is done with a run after an attempt, and so: what spends an attempt.
//!
//! A claim counts the attempt. It is given back where the run is released or waits, so an attempt is spent by what the run itself
//! did, and by the death of its process. Which failures are of the machine or the network their errors say:
//! [`FileError::is_of_machine`](crate::base::files::FileError::is_of_machine),
//! [`BuildError::is_of_machine`](crate::environment::BuildError::is_of_machine). Which can pass: the table in [`super::verdict`].
//! docs/explanation/queue.md says the same to operators. Builds are judged by the same words, in `crate::environment::provide`.

use crate::store::RunStatus;

/// What is to be done with the run after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Its end is recorded.
    Finish,
    /// It waits for another attempt.
    Retry,
    /// It waits, and the attempt does not count: the machine or the network is in trouble.
    Wait,
    /// It goes back to the queue, and the attempt does not count.
    Release,
}

/// What is to be done with the run after an attempt that ended so. `of_machine`: a worker has it, and the machine or the network is
/// in trouble; a user who waits for a run is told instead. `shuts_down`: its worker stops.
pub fn next(
    status: RunStatus,
    transient: bool,
    of_machine: bool,
    attempts_left: bool,
    shuts_down: bool,
) -> Next {
    match status {
        RunStatus::Cancelled if shuts_down => Next::Release,
        RunStatus::Failed if of_machine => Next::Wait,
        RunStatus::Failed if transient && attempts_left => Next::Retry,
        _ => Next::Finish,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_after_an_attempt_follows_from_four_facts() {
        use RunStatus::{Cancelled, Failed, Succeeded};
        for (status, transient, attempts_left, shuts_down, wanted) in [
            (Succeeded, false, true, false, Next::Finish),
            // What succeeded while the worker was stopping has succeeded.
            (Succeeded, false, true, true, Next::Finish),
            (Failed, false, true, false, Next::Finish),
            (Failed, true, true, false, Next::Retry),
            (Failed, true, true, true, Next::Retry),
            (Failed, true, false, false, Next::Finish),
            (Cancelled, false, true, false, Next::Finish),
            (Cancelled, false, true, true, Next::Release),
            (Cancelled, false, false, true, Next::Release),
        ] {
            let next = next(status, transient, false, attempts_left, shuts_down);
            assert_eq!(
                next, wanted,
                "{status:?} {transient} {attempts_left} {shuts_down}"
            );
        }
        // Trouble of the machine spends nothing, however many attempts are left.
        assert_eq!(next(Failed, true, true, false, false), Next::Wait);
        assert_eq!(next(Failed, false, true, true, true), Next::Wait);
        assert_eq!(next(Cancelled, false, true, true, false), Next::Finish);
    }
}
