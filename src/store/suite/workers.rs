//! Registered processes, and recovery of the claims of a dead one.

use std::time::Duration;

use super::places::{
    at, build_attempts, claim, claim_next, elsewhere, environment, find, new_run, queued, ready,
    reread,
};
use crate::settings::Recovery;
use crate::store::{Claimable, EnvironmentStatus, RunStatus, Store, WorkerRecord};

pub(super) fn process(id: &str) -> WorkerRecord {
    WorkerRecord {
        id: id.to_owned(),
        host: "here".to_owned(),
        pid: 1,
        name: "w".to_owned(),
        kind: "worker".to_owned(),
        slots: 1,
        lock_path: "/l".into(),
        lease: Duration::from_secs(5),
        started_at: at(1),
        seen_at: at(1),
    }
}

pub fn a_process_that_still_holds_a_run_stays_known(store: &dyn Store) {
    let environment = ready(store, "d", at(0));
    queued(store, &environment, at(1));
    store.register_worker(&process("p1")).unwrap();
    store.worker_seen("p1", at(7)).unwrap();
    assert_eq!(store.workers().unwrap()[0].seen_at, at(7));
    let claim = claim("w").by(Some("p1"));
    assert!(claim_next(store, &claim, at(2)).is_some());
    assert!(!store.remove_worker("p1").unwrap());
    assert_eq!(store.workers().unwrap().len(), 1);
    let reclaimed = store
        .reclaim("p1", Recovery::Requeue, &build_attempts(), at(3))
        .unwrap();
    assert_eq!(reclaimed.len(), 1);
    assert!(store.remove_worker("p1").unwrap());
    assert!(store.workers().unwrap().is_empty());
    assert!(store.remove_worker("p1").unwrap(), "another was quicker");
}

pub fn what_a_dead_process_held_is_reclaimed(store: &dyn Store) {
    let (ready, waiting) = (ready(store, "d", at(0)), environment(store, "e", at(0)));
    for process_id in ["dead", "alive"] {
        store.register_worker(&process(process_id)).unwrap();
        queued(store, &ready, at(1));
        let claim = claim("w").by(Some(process_id));
        claim_next(store, &claim, at(2)).unwrap();
    }
    let builder = claim("w").by(Some("dead"));
    store
        .claim_environment(&waiting.id, &builder, Claimable::Due, elsewhere(), at(2))
        .unwrap();
    let taken = store
        .reclaim("dead", Recovery::Requeue, &build_attempts(), at(3))
        .unwrap();
    assert_eq!(
        taken
            .iter()
            .map(|run| (run.status, run.attempt_count, run.available_at))
            .collect::<Vec<_>>(),
        [(RunStatus::Queued, 1, at(3))]
    );
    assert_eq!(
        reread(store, &waiting).status,
        EnvironmentStatus::Queued,
        "its builds go back too"
    );
    assert_eq!(store.queue_depth().unwrap().running, 1, "the other goes on");
    let outcome = store.attempts(&taken[0].id).unwrap().remove(0).outcome;
    assert_eq!(outcome.as_deref(), Some("lost"));
}

pub fn runs_of_a_dead_process_fail_where_that_is_asked_for(store: &dyn Store) {
    let environment = ready(store, "d", at(0));
    let claim = claim("w").by(Some("dead"));
    let run = store
        .insert_claimed_run(&new_run(&environment), &claim, at(1))
        .unwrap();
    store
        .reclaim("dead", Recovery::Fail, &build_attempts(), at(2))
        .unwrap();
    let run = find(store, &run.id);
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.error.unwrap().code, "worker_died");
}
