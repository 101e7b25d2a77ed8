//! Registered processes, and recovery of the claims of a dead one.

use super::places::{
    at, claim, claim_next, environment, find, process, queued, ready, reclaim, reread, running,
    take,
};
use crate::settings::Recovery;
use crate::store::{Claimable, EnvironmentStatus, RunRecord, RunStatus, Store};

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
    assert_eq!(reclaim(store, "p1", Recovery::Requeue, at(3)).len(), 1);
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
    take(store, &waiting.id, &builder, Claimable::Due, at(2)).unwrap();
    let taken = reclaim(store, "dead", Recovery::Requeue, at(3));
    let back = |run: &RunRecord| (run.status, run.attempt_count, run.available_at);
    let back: Vec<_> = taken.iter().map(back).collect();
    assert_eq!(back, [(RunStatus::Queued, 1, at(3))]);
    assert_eq!(
        reread(store, &waiting).status,
        EnvironmentStatus::Queued,
        "its builds go back too"
    );
    assert_eq!(
        store.overview(None, at(0), at(0)).unwrap().running,
        1,
        "the other goes on"
    );
    let outcome = store.attempts(&taken[0].id).unwrap().remove(0).outcome;
    assert_eq!(outcome.as_deref(), Some("lost"));
}

pub fn runs_of_a_dead_process_fail_where_that_is_asked_for(store: &dyn Store) {
    let environment = ready(store, "d", at(0));
    let claim = claim("w").by(Some("dead"));
    let run = running(store, &environment, &claim, at(1));
    reclaim(store, "dead", Recovery::Fail, at(2));
    let run = find(store, &run.id);
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.error.unwrap().code, "worker_died");
}
