//! Since when the database is in use, so that nothing is deleted because a clock jumped.
//!
//! Whatever writes a time by which ages are judged notes what the wall clock says. A long stretch between two such notes is a gap:
//! either no process was at work in it, or the clock jumped over it, and nothing tells which.

use super::Result;
use crate::base::clock::Timestamp;

/// The observed time in the store. To bind a database, to register a process and to note that it lives are looks at the clock, too.
pub trait ObservedTime {
    /// Notes what the wall clock says.
    fn observe(&self, now: Timestamp) -> Result<()>;

    /// Returns since when the database is in use as a look at the clock finds that says `now`: the first look after the last gap
    /// of more than ten days, or after the clock was set back by more than five minutes. `None`: there was none. Notes nothing.
    fn in_use_since(&self, now: Timestamp) -> Result<Option<Timestamp>>;
}
