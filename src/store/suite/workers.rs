//! Tests of registered processes, and of the recovery of claims of dead processes.

use super::places::{
    at, claim, claim_next, enqueue, environment, find, new_run, process, queued, ready, reclaim,
    reread, running, take,
};
use crate::settings::Recovery;
use crate::store::{
    ClaimableState, EnvironmentStatus, RunRecord, RunStatus, Store, WorkerFilter, WorkerRecord,
};

pub fn a_process_that_still_holds_a_run_stays_known(store: &Store) {
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

pub fn what_a_dead_process_held_is_reclaimed(store: &Store) {
    let (ready, waiting) = (ready(store, "d", at(0)), environment(store, "e", at(0)));
    for process_id in ["dead", "alive"] {
        store.register_worker(&process(process_id)).unwrap();
        queued(store, &ready, at(1));
        let claim = claim("w").by(Some(process_id));
        claim_next(store, &claim, at(2)).unwrap();
    }
    let builder = claim("w").by(Some("dead"));
    take(store, &waiting.id, &builder, ClaimableState::Due, at(2)).unwrap();
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

pub fn runs_of_a_dead_process_fail_where_that_is_asked_for(store: &Store) {
    let environment = ready(store, "d", at(0));
    let claim = claim("w").by(Some("dead"));
    let run = running(store, &environment, &claim, at(1));
    reclaim(store, "dead", Recovery::Fail, at(2));
    let run = find(store, &run.id);
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.error.unwrap().code, "worker_died");
}

pub fn a_quieted_worker_claims_nothing_until_it_is_resumed(store: &Store) {
    let (ready, waiting) = (ready(store, "d", at(0)), environment(store, "e", at(0)));
    store.register_worker(&process("p")).unwrap();
    let run = queued(store, &ready, at(1));
    let mine = || claim("w").by(Some("p"));
    let takes = |now| claim_next(store, &mine(), at(now)).map(|run| run.id);
    let builds = |now| {
        let next = store.next_environment(at(now), Some("p"), None);
        next.unwrap().is_some()
    };
    let quieted = store.quiet_worker("p", "user ann", at(2)).unwrap().unwrap();
    assert_eq!(quieted.quieted_by.as_deref(), Some("user ann"));
    let again = store.quiet_worker("p", "user bob", at(3)).unwrap();
    assert_eq!(again.as_ref(), Some(&quieted));
    assert_eq!((takes(4), builds(4)), (None, false));
    let taken = take(store, &waiting.id, &mine(), ClaimableState::Due, at(4));
    assert!(taken.is_none(), "one that it had found before");
    let resumed = store.resume_worker("p").unwrap().unwrap();
    assert_eq!((resumed.quieted_at, resumed.quieted_by), (None, None));
    assert_eq!(takes(5), Some(run.id));
    assert!(builds(5));
    assert!(
        store
            .quiet_worker("gone", "user ann", at(6))
            .unwrap()
            .is_none()
    );
}

pub fn a_worker_takes_what_is_of_its_workspace_and_label_alone(store: &Store) {
    let (ready, waiting) = (ready(store, "d", at(0)), environment(store, "e", at(0)));
    let register = |id: &str, workspace: Option<&str>, label: Option<&str>| {
        let only = WorkerFilter {
            workspace: workspace.map(str::to_owned),
            label: label.map(str::to_owned),
        };
        let worker = WorkerRecord {
            only,
            ..process(id)
        };
        store.register_worker(&worker).unwrap();
        assert!(store.workers().unwrap().contains(&worker));
    };
    register("elsewhere", Some("another"), None);
    register("here", Some("default"), None);
    register("large", None, Some("size:large \"1\""));
    let labelled = |environment, size: &str, time| {
        let mut run = new_run(environment);
        for (key, value) in [("a", "b"), ("size", size)] {
            run.options.labels.insert(key.to_owned(), value.to_owned());
        }
        enqueue(store, &run, at(time)).id
    };
    let plain = queued(store, &ready, at(1)).id;
    let small = labelled(&ready, "small", 2);
    let large = labelled(&ready, "large \"1\"", 3);
    let by = |id: &str| claim_next(store, &claim("w").by(Some(id)), at(9)).map(|run| run.id);
    let builds = |id: &str| {
        let next = store.next_environment(at(9), Some(id), None);
        next.unwrap().is_some()
    };
    assert_eq!((by("elsewhere"), builds("elsewhere")), (None, false));
    assert!(builds("here") && !builds("large"));
    assert_eq!(store.queue_of_worker("large").unwrap(), (1, 0));
    assert_eq!((by("large"), by("large")), (Some(large), None));
    assert_eq!(store.queue_of_worker("large").unwrap(), (0, 1));
    assert_eq!(store.queue_of_worker("here").unwrap(), (2, 1));
    assert_eq!((by("here"), by("here")), (Some(plain), Some(small)));
    labelled(&waiting, "large \"1\"", 4);
    assert!(builds("large"));
}
