//! How old something is, and whether the clock may be believed.
//!
//! The wall clock proves no age: it may have jumped, and a data directory may have come out of a backup, so that all of it looks
//! old.
//! So after a gap or a jump of the clock, nothing is collected until the data directory has been in use for a day. In that day
//! whatever is in use is used again, and is young by the same clock.

use std::time::Duration;

use crate::base::clock::{Timestamp, milliseconds};
use crate::store::StoreError;
use crate::system::machine::{Machine, Moment};
use crate::workspace::Workspace;

/// For so long after a gap or a jump nothing is collected.
const DAY: Duration = Duration::from_secs(86_400);

/// See the module.
#[derive(Clone, Debug)]
pub struct Ages {
    /// At which everything is judged.
    moment: Moment,
    collects_from: Option<Timestamp>,
}

impl Ages {
    /// Judges ages at this moment. With `trust_clock` a gap or a jump matters nothing.
    pub fn at(
        workspace: &Workspace,
        moment: Moment,
        trust_clock: bool,
    ) -> Result<Self, StoreError> {
        let in_use_since = match trust_clock {
            true => None,
            false => workspace.store.in_use_since(moment.wall)?,
        };
        let collects_from = in_use_since.map(|since| since.plus(DAY));
        Ok(Self {
            moment,
            collects_from: collects_from.filter(|from| moment.wall < *from),
        })
    }

    /// The time before which nothing is collected; `None`: it is past.
    pub fn collects_from(&self) -> Option<Timestamp> {
        self.collects_from
    }

    /// Whether the clock has not jumped since: after that, what was used a moment ago may look old.
    pub fn hold(&self, machine: &dyn Machine) -> bool {
        self.moment.jump_until(&Moment::of(machine)).is_none()
    }

    /// The time at which everything is judged.
    pub fn now(&self) -> Timestamp {
        self.moment.wall
    }

    /// Judges ages at this time.
    #[cfg(test)]
    pub(super) fn plain(now: Timestamp, collects_from: Option<Timestamp>) -> Self {
        let steady = crate::system::machine::Steady(Duration::ZERO);
        Self {
            moment: Moment { wall: now, steady },
            collects_from,
        }
    }

    /// The instant before which something must have been used last to be as old as `ttl`.
    pub fn cutoff(&self, ttl: Duration) -> Timestamp {
        Timestamp(self.now().0.saturating_sub(milliseconds(ttl)))
    }

    /// Whether something of this time is older than `ttl`.
    pub fn is_older(&self, time: Timestamp, ttl: Duration) -> bool {
        time < self.cutoff(ttl)
    }
}
