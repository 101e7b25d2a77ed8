//! The time that processes have seen pass.

use std::time::Duration;

use super::places::{at, build, claim, claim_next, ending, environment, queued};
use crate::clock::Timestamp;
use crate::store::{RunStatus, Store, Unseen, WorkerRecord};

const HOUR: i64 = 3_600_000;

fn unseen(from: i64, to: i64) -> Unseen {
    Unseen {
        from: at(from),
        to: at(to),
    }
}

pub fn a_stretch_that_nobody_saw_is_kept(store: &dyn Store) {
    assert_eq!(store.unseen(at(0)).unwrap(), []);
    store.observe(at(0)).unwrap();
    for minute in 1..10 {
        store.observe(at(minute * 60_000)).unwrap();
    }
    assert_eq!(store.unseen(at(600_000)).unwrap(), []);
    // What was not noted yet is known, too.
    let stretch = unseen(540_000, HOUR);
    assert_eq!(store.unseen(at(HOUR)).unwrap(), [stretch]);
    store.observe(at(HOUR)).unwrap();
    assert_eq!(store.unseen(at(HOUR)).unwrap(), [stretch]);
    store.observe(at(3 * HOUR)).unwrap();
    let both = [unseen(HOUR, 3 * HOUR), stretch];
    assert_eq!(store.unseen(at(3 * HOUR)).unwrap(), both);
    assert_eq!(
        store.unseen(at(2 * HOUR)).unwrap(),
        [unseen(HOUR, 2 * HOUR), stretch],
        "as it was then"
    );
}

pub fn what_a_clock_that_was_ahead_noted_is_forgotten(store: &dyn Store) {
    store.observe(at(0)).unwrap();
    store.observe(at(1000 * HOUR)).unwrap();
    store.observe(at(2000 * HOUR)).unwrap();
    // It was set back.
    store.observe(at(HOUR)).unwrap();
    assert_eq!(store.unseen(at(HOUR)).unwrap(), [unseen(0, HOUR)]);
    store.observe(at(HOUR + 60_000)).unwrap();
    let now = at(HOUR + 120_000);
    assert_eq!(store.unseen(now).unwrap(), [unseen(0, HOUR)]);
}

pub fn processes_that_live_see_the_time_pass(store: &dyn Store) {
    let process = WorkerRecord {
        id: "p".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        name: "w".to_owned(),
        kind: "worker".to_owned(),
        slots: 1,
        lock_path: "/l".into(),
        lease: Duration::from_secs(900),
        started_at: at(0),
        seen_at: at(0),
    };
    store.register_worker(&process).unwrap();
    for minute in 1..=60 {
        store.worker_seen("p", at(minute * 60_000)).unwrap();
    }
    assert_eq!(store.unseen(at(HOUR)).unwrap(), []);
    store.worker_seen("p", at(500 * HOUR)).unwrap();
    let jump = unseen(HOUR, 500 * HOUR);
    assert_eq!(store.unseen(at(500 * HOUR)).unwrap(), [jump]);
}

pub fn what_is_used_while_the_clock_is_behind_is_seen(store: &dyn Store) {
    let (mut hour, right) = (0, at(1000 * HOUR));
    // Each writes a time by which ages are judged. What was seen before says nothing of the time after it.
    let mut sees = |what: &str, use_it: &mut dyn FnMut(Timestamp)| {
        store.observe(right).unwrap();
        hour += 1;
        let behind = at(hour * HOUR);
        use_it(behind);
        let unseen = store.unseen(right).unwrap();
        assert_eq!(unseen[0].from, behind, "{what}: {unseen:?}");
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
        let recorded = store.finish_run(&run.id, &mine, &ending(RunStatus::Succeeded), now);
        assert!(recorded.unwrap());
    });
}
