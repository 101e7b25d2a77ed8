//! Tests two processes at once: for ordered pairs of operations, the first is stopped before each of its statements while the
//! second runs. The answers and the records must equal those of one of the two orders.
//!
//! A selection of pairs is tested each time. With `ADE_TEST_ALL` set, all pairs are tested, which takes some minutes.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use super::opener;
use crate::settings::Recovery;
use crate::store::Store;
use crate::store::driver::postgres::ServerSession;
use crate::store::driver::{Connection, Error};
use crate::store::suite::places::{
    at, build_attempts, by_http, claim, contents, default_to, ending, failure, new_configuration,
    new_run_of, process, put_away,
};
use crate::store::{
    AttemptUsage, BuildFailureOutcome, Claim, ClaimableState, ConfigurationRecord, EnvironmentKey,
    NewEnvironment, NewRun, Retry, RunStatus, Submission,
};

/// The tables with the records of the operations: configurations 1 and 2; environment 11 is ready, 12 queued, 13 failed, 14
/// being built; runs 21, 23 and 25 wait for 11, 12 and 13; 22 and 24 are running, and the lease of 24 has expired.
const TABLES: [&str; 11] = [
    "workspaces",
    "configurations",
    "configuration_versions",
    "environments",
    "runs",
    "queue",
    "queue_turns",
    "run_attempts",
    "workers",
    "idempotency_keys",
    "deliveries",
];
const NOW: i64 = 60_000;

type Operation = fn(&Store) -> String;

/// Operations of which each pair is tested each time.
const FIRST: [(&str, Operation); 9] = [
    ("claim the next run", |s| {
        said(s.claim_next_run(&by("next"), at(NOW)))
    }),
    ("claim 21", |s| {
        said(s.claim_run(&id(21), &by("t21"), at(NOW)))
    }),
    ("finish 24", |s| {
        said(s.finish_run(&id(24), &by("t24"), &ending(RunStatus::Succeeded), at(NOW)))
    }),
    ("cancel 21", |s| said(s.request_cancel(&id(21), at(NOW)))),
    ("cancel 23", |s| said(s.request_cancel(&id(23), at(NOW)))),
    ("end expired claims on runs", |s| {
        said(s.expire_run_leases(&|_| Duration::ZERO, &|| Some(at(NOW))))
    }),
    ("submit where one more may wait", |s| {
        said(s.submit_run(&by_http(run(33, 11)), &one_more(None), at(NOW)))
    }),
    ("enqueue for 12", |s| {
        said(s.enqueue_runs(&[run(31, 12)], at(NOW)))
    }),
    ("move what waits for 12 to 11", |s| {
        let to = s.environment("default", &id(11)).unwrap();
        said(s.move_waiting_runs(&id(12), &to, at(NOW)))
    }),
];

/// The same for operations that remove a configuration, and operations that use it.
const AWAY: [(&str, Operation); 6] = [
    ("delete 2", |s| said(s.delete_configuration(&id(2), false))),
    ("archive 2", |s| {
        said(s.change_configuration(&id(2), &put_away(None, Some(true)), at(NOW)))
    }),
    ("enqueue for 2", |s| {
        said(s.enqueue_runs(&[run_of_2()], at(NOW)))
    }),
    ("record an environment of 2", |s| {
        let new = NewEnvironment {
            id: id(16),
            key: run_of_2().key,
            folder: "/v".into(),
            snapshot: "/s".into(),
        };
        said(s.ensure_environment(&new, at(NOW)))
    }),
    ("publish 2", |s| {
        said(s.publish(&id(2), "d2", Path::new("/p2"), at(NOW)))
    }),
    ("make 2 the default", |s| {
        said(s.change_configuration(&id(2), &default_to(true), at(NOW)))
    }),
];

const OTHERS: [(&str, Operation); 15] = [
    ("submit with a key where one more may wait", |s| {
        said(s.submit_run(&by_http(run(34, 11)), &one_more(Some("k")), at(NOW)))
    }),
    ("enqueue for 11", |s| {
        said(s.enqueue_runs(&[run(32, 11)], at(NOW)))
    }),
    ("renew 24", |s| {
        said(s.heartbeat_run(&id(24), &by("t24"), at(NOW)))
    }),
    ("finish 22", |s| {
        said(s.finish_run(&id(22), &by("t22"), &ending(RunStatus::Succeeded), at(NOW)))
    }),
    ("retry 22", |s| {
        let retry = Retry::Counted(at(NOW));
        said(s.retry_run(
            &id(22),
            &by("t22"),
            &failure(),
            &AttemptUsage::default(),
            retry,
            at(NOW),
        ))
    }),
    ("release 24", |s| {
        said(s.release_run(&id(24), &by("t24"), "why", at(NOW)))
    }),
    ("cancel 22", |s| said(s.request_cancel(&id(22), at(NOW)))),
    ("reclaim what a dead process held", |s| {
        said(s.reclaim("p", Recovery::Requeue, &build_attempts(), at(NOW)))
    }),
    ("remove the process", |s| said(s.remove_worker("p"))),
    ("fail runs of failed environments", |s| {
        said(s.fail_runs_of_failed_environments(100, at(NOW)))
    }),
    ("delete 12", |s| said(s.delete_environment(&id(12), None))),
    ("delete 13", |s| said(s.delete_environment(&id(13), None))),
    ("claim 12 to build it", |s| {
        said(s.claim_environment(
            &id(12),
            &by("t12"),
            ClaimableState::Due,
            Path::new("/e"),
            at(NOW),
        ))
    }),
    ("publish 1", |s| {
        said(s.publish(&id(1), "d1", Path::new("/p1"), at(NOW)))
    }),
    ("publish 2", |s| {
        said(s.publish(&id(2), "d2", Path::new("/p2"), at(NOW)))
    }),
];

fn id(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

fn by(token: &str) -> Claim {
    Claim {
        token: token.to_owned(),
        ..claim("w").by(Some("p"))
    }
}

fn one_more(key: Option<&str>) -> Submission {
    Submission {
        most_queued: Some(1),
        key: key.map(|key| (key.to_owned(), "r".to_owned())),
    }
}

fn said<T: Debug, E: Debug>(answer: Result<T, E>) -> String {
    format!("{answer:?}")
}

fn key(environment: u32) -> EnvironmentKey {
    EnvironmentKey {
        workspace_id: "default".to_owned(),
        configuration_id: id(1),
        engine_spec: "embedded".to_owned(),
        deps_digest: environment.to_string(),
    }
}

fn run(number: u32, environment: u32) -> NewRun {
    NewRun {
        id: id(number),
        ..new_run_of(&id(environment), &key(environment))
    }
}

/// Returns a run of configuration 2, which has no environment.
fn run_of_2() -> NewRun {
    let key = EnvironmentKey {
        configuration_id: id(2),
        ..key(15)
    };
    NewRun {
        id: id(35),
        ..new_run_of(&id(15), &key)
    }
}

fn session<T>(store: &Store, work: impl FnOnce(&ServerSession) -> T) -> T {
    match &*store.connections.shared.lock() {
        Connection::Postgres(session) => work(session),
        Connection::Sqlite(_) => unreachable!("it is a server's"),
    }
}

/// Makes the records of the operations, and keeps copies of them.
fn make(store: &Store) {
    for number in [1, 2] {
        let folder = format!("/c{number}");
        let configuration = ConfigurationRecord {
            id: id(number),
            ..new_configuration("c", &folder)
        };
        store.ensure_configuration(&configuration, at(0)).unwrap();
    }
    for number in 11..15 {
        let new = NewEnvironment {
            id: id(number),
            key: key(number),
            folder: "/v".into(),
            snapshot: "/s".into(),
        };
        store.ensure_environment(&new, at(0)).unwrap();
    }
    for number in [11, 13, 14] {
        let (mine, folder) = (by("builder"), Path::new("/e"));
        let taken = store.claim_environment(&id(number), &mine, ClaimableState::Due, folder, at(0));
        assert!(taken.unwrap().is_some());
    }
    let ready = store.complete_environment(&id(11), &by("builder"), &contents(), at(0));
    let failed = BuildFailureOutcome::Fail;
    let failed = store.fail_environment(&id(13), &by("builder"), &failure(), failed, at(0));
    assert!(ready.unwrap() && failed.unwrap());
    let waiting = [run(21, 11), run(23, 12), run(25, 13)];
    store.enqueue_runs(&waiting, at(1)).unwrap();
    let expires = Claim {
        lease: Duration::from_millis(1),
        ..by("t24")
    };
    for (number, claim) in [(22, by("t22")), (24, expires)] {
        store
            .insert_claimed_run(&run(number, 11), &claim, at(2))
            .unwrap();
    }
    store.register_worker(&process("p")).unwrap();
    let copies = TABLES.map(|table| format!("CREATE TABLE kept_{table} AS SELECT * FROM {table};"));
    session(store, |session| session.batch(&copies.concat())).unwrap();
}

/// Restores all records, in one transaction without triggers.
fn put_back(stores: [&Store; 2]) {
    let mut sql = "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM totals; DELETE FROM ended; DELETE FROM observed_time; INSERT INTO observed_time VALUES (1, 1000000, NULL);".to_owned();
    for table in TABLES {
        sql += &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table};");
    }
    session(stores[0], |session| session.batch(&format!("{sql} COMMIT"))).unwrap();
    for store in stores {
        // A failed transaction clears the noted writes.
        let _ = store.write(|_| Err::<(), _>(Error::NoRow));
    }
}

/// Returns all records except the numbers of turns, which may be equal if two transactions ran at once; and the waiting runs
/// without a turn, which could never be claimed.
fn records(store: &Store) -> String {
    let all = TABLES.iter().filter(|table| **table != "queue_turns");
    let all: Vec<String> = all
        .map(|table| format!("SELECT '{table} ' || CAST(t AS TEXT) AS row FROM {table} t"))
        .collect();
    let sql = format!(
        "SELECT coalesce(string_agg(row, chr(10) ORDER BY row), '') FROM ({} UNION ALL
         SELECT 'no turn ' || run_id FROM queue q WHERE status = 'queued' AND environment_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue_turns t
             WHERE t.environment_id = q.environment_id AND t.priority = q.priority AND t.submitter = q.submitter)) AS records",
        all.join(" UNION ALL ")
    );
    let connection = store.connections.shared.lock();
    connection.one(&sql, []).unwrap()
}

/// The answers of two operations, and the records after them.
type End = (String, String, String);

struct Tried {
    points: usize,
    waited: usize,
    /// The ends that equal those of neither order.
    wrong: Vec<String>,
}

/// Stops `a` before each of its statements while `b` runs.
fn try_pair(one: &Store, two: &Store, a: Operation, b: Operation) -> Tried {
    let in_order: [End; 2] = [false, true].map(|turned| {
        put_back([one, two]);
        match turned {
            false => {
                let said = a(one);
                (said, b(two), records(one))
            }
            true => {
                let said = b(two);
                (a(one), said, records(one))
            }
        }
    });
    let mut tried = Tried {
        points: 0,
        waited: 0,
        wrong: Vec::new(),
    };
    loop {
        put_back([one, two]);
        let Some((end, waited)) = held_at(one, two, a, b, tried.points) else {
            return tried;
        };
        if !in_order.contains(&end) {
            let lines = |end: &End| -> BTreeSet<String> {
                format!("a: {}\nb: {}\n{}", end.0, end.1, end.2)
                    .lines()
                    .map(str::to_owned)
                    .collect()
            };
            let known: BTreeSet<_> = in_order.iter().flat_map(lines).collect();
            let new: Vec<_> = lines(&end).difference(&known).cloned().collect();
            tried
                .wrong
                .push(format!("before statement {}: {new:?}", tried.points));
        }
        tried.points += 1;
        tried.waited += usize::from(waited);
    }
}

/// Runs `a` up to the statement with this number, then `b` as far as it gets without waiting, then the rest of both. Returns
/// the end, and whether `b` had to wait. `None`: there is no such statement.
fn held_at(
    one: &Store,
    two: &Store,
    a: Operation,
    b: Operation,
    number: usize,
) -> Option<(End, bool)> {
    let (reached, is_reached) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let mut count = 0;
    let at_statement = reached.clone();
    let hold = move || {
        if count == number {
            let _ = at_statement.send(true);
            let _ = may_go.recv();
        }
        count += 1;
    };
    session(one, |session| {
        *session.before_each.borrow_mut() = Some(Box::new(hold))
    });
    let (said, waited) = std::thread::scope(|scope| {
        let first = scope.spawn(move || {
            let said = a(one);
            let _ = reached.send(false);
            said
        });
        if !is_reached.recv().unwrap() {
            first.join().unwrap();
            return (None, false);
        }
        let (done, is_done) = mpsc::channel();
        let second = scope.spawn(move || {
            let said = b(two);
            let _ = done.send(());
            said
        });
        // The timeout is enough for most operations that do not wait. A slow operation continues together with the other,
        // which must also be correct.
        let waited = is_done.recv_timeout(Duration::from_millis(25)).is_err();
        let _ = go.send(());
        (
            Some((first.join().unwrap(), second.join().unwrap())),
            waited,
        )
    });
    session(one, |session| session.before_each.take());
    let (first, second) = said?;
    Some(((first, second, records(one)), waited))
}

#[test]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "how much of this test runs is no setting, and it says how much it was"
)]
fn two_operations_at_once_end_as_one_after_the_other() {
    let Some(open) = opener() else { return };
    let (one, two) = (open(), open());
    make(&one);
    let all: Vec<_> = FIRST.into_iter().chain(OTHERS).collect();
    let tried = match std::env::var_os("ADE_TEST_ALL") {
        Some(_) => &all,
        None => &all[..FIRST.len()],
    };
    let (mut points, mut waited, mut wrong) = (0, 0, Vec::new());
    let pairs = |all: &[(&'static str, Operation)]| {
        let pairs = all
            .iter()
            .map(|first| all.iter().map(move |two| (*first, *two)));
        pairs.flatten().collect::<Vec<_>>()
    };
    let pairs = [pairs(tried), pairs(&AWAY)].concat();
    for ((first, a), (second, b)) in &pairs {
        let tried = try_pair(&one, &two, *a, *b);
        points += tried.points;
        waited += tried.waited;
        wrong.extend(
            tried
                .wrong
                .into_iter()
                .map(|wrong| format!("{first} | {second}: {wrong}")),
        );
    }
    let deadlocks = [&one, &two].map(|store| session(store, |session| session.deadlocks.get()));
    let count = format!("{} pairs, {points} points, {waited} waits", pairs.len());
    assert!(wrong.is_empty(), "{count}\n{}", wrong.join("\n"));
    assert_eq!(deadlocks, [0, 0], "{count}");
    assert!(waited > 0, "{count}");
    println!("{count}");
}

/// Without locks, faults are found: so the test above would find a missing lock.
#[test]
fn without_locks_two_operations_at_once_are_wrong() {
    let Some(open) = opener() else { return };
    let (one, two) = (open(), open());
    make(&one);
    for store in [&one, &two] {
        session(store, |session| session.without_locks.set(true));
    }
    let named = |wanted: &str| {
        let mut all = FIRST.into_iter().chain(OTHERS);
        all.find(|(name, _)| *name == wanted).unwrap().1
    };
    for (first, second) in [
        ("cancel 21", "claim 21"),
        (
            "submit where one more may wait",
            "submit with a key where one more may wait",
        ),
    ] {
        let tried = try_pair(&one, &two, named(first), named(second));
        assert!(!tried.wrong.is_empty(), "{first} | {second}");
    }
}
