//! Tests of the time since when the database is in use.

use super::places::{at, build, claim, claim_next, environment, finish, process, queued};
use crate::base::clock::Timestamp;
use crate::store::{RunStatus, Store};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

pub fn a_gap_or_a_clock_that_was_set_back_begins_anew(store: &Store) {
    let since = |now: i64| store.in_use_since(at(now)).unwrap();
    assert_eq!(since(0), None);
    store.observe(at(0)).unwrap();
    // Ten days are no gap, and neither is the delay of a process that wrote late.
    store.observe(at(10 * DAY)).unwrap();
    store.observe(at(10 * DAY - 5 * MINUTE)).unwrap();
    assert_eq!(since(10 * DAY), None);
    // A gap counts before it is recorded.
    let gap = 20 * DAY;
    assert_eq!(since(gap), Some(at(gap)));
    assert_eq!(since(gap - DAY), None, "only looked at");
    store.observe(at(gap)).unwrap();
    assert_eq!(since(gap + 10 * DAY), Some(at(gap)));
    store.observe(at(gap + 10 * DAY)).unwrap();
    assert_eq!(since(gap + 20 * DAY), Some(at(gap)));
    assert_eq!(since(gap + 20 * DAY + 1), Some(at(gap + 20 * DAY + 1)));
    // The clock is set back here.
    let back = gap + 10 * DAY - 5 * MINUTE - 1;
    assert_eq!(since(back), Some(at(back)));
    store.observe(at(back)).unwrap();
    store.observe(at(back + DAY)).unwrap();
    assert_eq!(since(back + DAY), Some(at(back)));
}

pub fn processes_that_live_see_the_time_pass(store: &Store) {
    store.register_worker(&process("p")).unwrap();
    for week in 1..=10 {
        store.worker_seen("p", at(week * 7 * DAY)).unwrap();
    }
    let (now, jump) = (at(71 * DAY), at(500 * DAY));
    assert_eq!(store.in_use_since(now).unwrap(), None);
    store.worker_seen("p", jump).unwrap();
    assert_eq!(store.in_use_since(jump).unwrap(), Some(jump));
}

pub fn what_is_used_while_the_clock_is_behind_is_seen(store: &Store) {
    let (mut day, right) = (0, at(1000 * DAY));
    // Each call writes a time by which ages are judged. An earlier record proves nothing about the time after it.
    let mut sees = |what: &str, use_it: &mut dyn FnMut(Timestamp)| {
        store.observe(right).unwrap();
        day += 1;
        let behind = at(day * DAY);
        use_it(behind);
        // A moment later the clock is right again, and the last record was before that.
        let later = Timestamp(right.0 + 1);
        assert_eq!(store.in_use_since(later).unwrap(), Some(later), "{what}");
    };
    let mut made = None;
    sees("recording an environment", &mut |now| {
        made = Some(environment(store, "d", now));
    });
    let made = made.unwrap();
    sees("building it", &mut |now| build(store, &made, now));
    sees("queueing a run", &mut |now| {
        queued(store, &made, now);
    });
    let mine = claim("w");
    let mut run = None;
    sees("claiming it", &mut |now| {
        run = claim_next(store, &mine, now);
    });
    let run = run.unwrap();
    sees("its end", &mut |now| {
        finish(store, &run.id, &mine, RunStatus::Succeeded, now);
    });
}
