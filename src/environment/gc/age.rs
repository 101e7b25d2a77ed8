//! How old something is, by the time that processes have seen pass.
//!
//! The wall clock proves no age: it may have jumped, and a process that starts cannot know. So a stretch of time that no process
//! of the database saw ([`crate::store::ObservedTime`]) counts for a tenth of the time to live at most, however long it was.
//! One jump of the clock makes nothing old.

use std::time::Duration;

use crate::clock::{Timestamp, milliseconds};
use crate::machine::{Machine, Moment};
use crate::store::{StoreError, Unseen};
use crate::workspace::Workspace;

/// A stretch that nobody saw counts for this part of the time to live at most.
const PART: i64 = 10;

/// See the module.
#[derive(Clone, Debug)]
pub struct Ages {
    /// At which everything is judged.
    moment: Moment,
    /// The last one first; they may overlap.
    unseen: Vec<Unseen>,
}

impl Ages {
    /// Judges ages at this moment. With `trust_clock` all time counts.
    pub fn at(
        workspace: &Workspace,
        moment: Moment,
        trust_clock: bool,
    ) -> Result<Self, StoreError> {
        let unseen = match trust_clock {
            true => Vec::new(),
            false => workspace.store.unseen(moment.wall)?,
        };
        Ok(Self { moment, unseen })
    }

    /// Whether the clock has not jumped since: after that, what was used a moment ago may look old.
    pub fn hold(&self, machine: &dyn Machine) -> bool {
        self.moment.jump_until(&Moment::of(machine)).is_none()
    }

    /// The time at which everything is judged.
    pub fn now(&self) -> Timestamp {
        self.moment.wall
    }

    /// Judges ages at this moment, by the clock alone.
    #[cfg(test)]
    pub(super) fn plain(now: Timestamp) -> Self {
        Self {
            moment: moment(now),
            unseen: Vec::new(),
        }
    }

    /// The instant before which something must have been used last to be as old as `ttl`.
    pub fn cutoff(&self, ttl: Duration) -> Timestamp {
        let ttl = milliseconds(ttl);
        // Back from now: `missing` is what still has to be seen before `until`.
        let (mut missing, mut until) = (ttl, self.now().0);
        for stretch in &self.unseen {
            let end = stretch.to.0.min(until);
            let seen = until - end;
            if seen >= missing {
                break;
            }
            missing -= seen;
            until = end;
            let length = end - stretch.from.0;
            if length <= 0 {
                continue;
            }
            let counted = length.min(ttl / PART);
            if counted >= missing {
                break;
            }
            missing -= counted;
            until = stretch.from.0;
        }
        Timestamp(until.saturating_sub(missing))
    }

    /// Whether something of this time is older than `ttl`.
    pub fn is_older(&self, time: Timestamp, ttl: Duration) -> bool {
        time < self.cutoff(ttl)
    }

    /// How much of the time back to the cutoff does not count, because no process saw it.
    pub fn not_counted(&self, ttl: Duration) -> Duration {
        let plain = Timestamp(self.now().0.saturating_sub(milliseconds(ttl)));
        Duration::from_millis(plain.since(self.cutoff(ttl)))
    }
}

#[cfg(test)]
fn moment(wall: Timestamp) -> Moment {
    let steady = crate::machine::Steady(Duration::ZERO);
    Moment { wall, steady }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const TTL: Duration = Duration::from_secs(30 * 86_400);

    fn ages(now: i64, unseen: &[(i64, i64)]) -> Ages {
        let stretch = |&(from, to): &(i64, i64)| Unseen {
            from: Timestamp(from * DAY),
            to: Timestamp(to * DAY),
        };
        Ages {
            moment: moment(Timestamp(now * DAY)),
            unseen: unseen.iter().map(stretch).collect(),
        }
    }

    fn cutoff(now: i64, unseen: &[(i64, i64)]) -> i64 {
        ages(now, unseen).cutoff(TTL).0 / DAY
    }

    #[test]
    fn time_that_was_seen_counts_in_full() {
        assert_eq!(cutoff(100, &[]), 70);
        assert_eq!(cutoff(100, &[(10, 60)]), 70, "it was before");
        assert_eq!(cutoff(100, &[(90, 92)]), 70, "it was short");
        assert_eq!(ages(100, &[(90, 92)]).not_counted(TTL), Duration::ZERO);
    }

    #[test]
    fn a_jump_of_the_clock_counts_for_a_tenth_however_far_it_was() {
        for jump in [10, 40, 4000] {
            let now = 1000 + jump;
            assert_eq!(cutoff(now, &[(1000, now)]), 1000 - 27, "{jump}");
        }
        // An environment that was used in the last 27 days that anybody saw stays, for as long as they are the last.
        assert_eq!(cutoff(150, &[(100, 140)]), 100 - 17);
        assert_eq!(cutoff(165, &[(100, 140)]), 100 - 2);
        let not_counted = ages(165, &[(100, 140)]).not_counted(TTL);
        assert_eq!(not_counted, Duration::from_secs(37 * 86_400));
        // After that they count like any other days.
        assert_eq!(cutoff(170, &[(100, 140)]), 140);
        assert_eq!(cutoff(168, &[(100, 140)]), 138, "the end of it counts");
    }

    #[test]
    fn several_stretches_count_each_and_what_overlaps_counts_once() {
        assert_eq!(cutoff(100, &[(80, 90), (60, 75)]), 60 - 9);
        let overlapping = [(80, 90), (75, 88)];
        let (both, one) = (cutoff(100, &overlapping), cutoff(100, &[(75, 90)]));
        assert_eq!((both, one), (61, 58), "each counts for a tenth");
    }

    #[test]
    fn nothing_is_ever_older_than_the_clock_says() {
        for seed in 0..2000_u64 {
            let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut next = |end: u64| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                i64::try_from((state >> 33) % end).unwrap()
            };
            let mut unseen: Vec<(i64, i64)> = (0..next(6))
                .map(|_| {
                    let from = next(100);
                    (from, from + 1 + next(40))
                })
                .collect();
            unseen.sort_by(|one, other| other.cmp(one));
            let (now, ttl) = (140, Duration::from_secs(86_400 * next(60).unsigned_abs()));
            let ages = ages(now, &unseen);
            let plain = now * DAY - i64::try_from(ttl.as_millis()).unwrap();
            assert!(ages.cutoff(ttl).0 <= plain, "{unseen:?} {ttl:?}");
        }
    }

    #[test]
    fn no_time_to_live_overflows() {
        let ever = ages(100, &[(10, 90)]).cutoff(Duration::MAX);
        assert!(ever.0 < 0);
    }
}
