//! The time that processes of a database have seen pass, so that a wall clock that jumps makes nothing old.
//!
//! A process that works with a database for longer notes now and then what the wall clock says. A long stretch between two
//! such notes is kept: either no process was at work in it, or the clock jumped over it, and nothing tells which.

use super::Result;
use crate::clock::Timestamp;

/// A stretch of the wall clock's time that no process saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The last look before it.
    pub from: Timestamp,
    /// The first look after it.
    pub to: Timestamp,
}

/// The observed time in the store. To bind a database, to register a process and to note that it lives are looks at the clock, too.
pub trait ObservedTime {
    /// Notes what the wall clock says. What lies between this and the last note is unseen, where that is long ago; where the
    /// clock was set back, what lies after `now` was never there.
    fn observe(&self, now: Timestamp) -> Result<()>;

    /// Returns the unseen stretches up to `now`, the last one first, with the one since the last note.
    fn unseen(&self, now: Timestamp) -> Result<Vec<Unseen>>;
}
