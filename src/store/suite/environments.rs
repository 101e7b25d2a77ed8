//! Environments: one for each key, one builder at a time, and when they are deleted.

use std::path::Path;

use super::places::{
    at, build, claim, contents, ended, environment, expiry, failure, find, key, queued, ready,
    reread, running,
};
use crate::store::{EnvironmentRecord, EnvironmentStatus, Heartbeat, RunStatus, Store};

pub fn a_key_has_one_environment(store: &dyn Store) {
    let first = environment(store, "d", at(0));
    let again = environment(store, "d", at(1));
    let other = environment(store, "e", at(2));
    assert_eq!(
        (again.id.as_str(), again.created_at),
        (first.id.as_str(), at(0))
    );
    assert_eq!(first.folder, Path::new("/v").join(&first.id));
    assert_ne!(other.id, first.id);
    let found = store.environment_of(&key(store, "d")).unwrap();
    assert_eq!(found.unwrap().id, first.id);
    assert!(store.environment_of(&key(store, "f")).unwrap().is_none());
    assert_eq!(store.environments("default").unwrap().len(), 2);
    assert_eq!(store.environments("another").unwrap().len(), 0);
    assert_eq!(store.all_environments().unwrap().len(), 2);
}

pub fn the_environment_that_has_waited_longest_is_built_next(store: &dyn Store) {
    let next = |now| store.next_environment(at(now)).unwrap();
    environment(store, "late", at(9));
    let early = environment(store, "early", at(5));
    assert!(next(4).is_none(), "neither is due");
    assert_eq!(next(10).unwrap().id, early.id);
    build(store, &early, at(10));
    assert_eq!(next(10).unwrap().key.deps_digest, "late");
}

pub fn an_environment_has_one_builder_and_who_lost_it_changes_nothing(store: &dyn Store) {
    let EnvironmentRecord { id, .. } = environment(store, "d", at(0));
    let (mine, theirs) = (claim("mine"), claim("theirs"));
    let take = |claim, take_over, now| {
        store
            .claim_environment(&id, claim, take_over, at(now))
            .unwrap()
    };
    assert!(take(&mine, false, 1).is_some());
    assert!(take(&theirs, false, 2).is_none());
    let taken = take(&theirs, true, 3).unwrap();
    assert_eq!(
        (taken.claimed_by.as_deref(), taken.attempt_count),
        (Some("theirs"), 2),
        "the holder of the lock may take over"
    );

    let heartbeat = |claim| store.heartbeat_environment(&id, claim, at(4)).unwrap();
    assert_eq!(heartbeat(&mine), Heartbeat::Lost);
    assert_ne!(heartbeat(&theirs), Heartbeat::Lost);
    let complete = |claim| {
        store
            .complete_environment(&id, claim, &contents(), at(4))
            .unwrap()
    };
    assert!(!complete(&mine));
    assert!(!store.release_environment(&id, &mine, at(4)).unwrap());
    let fail = |claim, retry_at| {
        store
            .fail_environment(&id, claim, &failure(), retry_at, at(5))
            .unwrap()
    };
    assert!(!fail(&mine, None));
    assert!(fail(&theirs, Some(at(100))));
    assert!(
        store.next_environment(at(99)).unwrap().is_none(),
        "it waits for its backoff"
    );
    assert_eq!(store.next_environment(at(100)).unwrap().unwrap().id, id);
}

pub fn what_is_in_an_environment_is_known_once_it_is_ready(store: &dyn Store) {
    let waiting = environment(store, "d", at(0));
    assert_eq!((waiting.contents, waiting.ready_at), (None, None));
    let ready = ready(store, "d", at(3));
    assert_eq!(ready.status, EnvironmentStatus::Ready);
    assert_eq!(ready.contents, Some(contents()));
    assert_eq!((ready.ready_at, ready.attempt_count), (Some(at(3)), 0));
}

pub fn a_cancelled_build_gives_its_attempt_back(store: &dyn Store) {
    let waiting = environment(store, "d", at(0));
    let mine = claim("mine");
    store
        .claim_environment(&waiting.id, &mine, false, at(1))
        .unwrap();
    assert!(
        store
            .release_environment(&waiting.id, &mine, at(2))
            .unwrap()
    );
    let now = reread(store, &waiting);
    assert_eq!(
        (now.status, now.attempt_count, now.available_at),
        (EnvironmentStatus::Queued, 0, at(2))
    );
}

pub fn a_builder_whose_lease_expired_loses_the_environment(store: &dyn Store) {
    let waiting = environment(store, "d", at(0));
    let mine = claim("mine");
    store
        .claim_environment(&waiting.id, &mine, false, at(1))
        .unwrap();
    let expire = |now| store.expire_environment_leases(&|| now).unwrap();
    assert_eq!(expire(Some(at(2))), 0, "its lease holds");
    assert_eq!(expire(None), 0, "the clock cannot be trusted");
    let late = expiry(at(1));
    assert_eq!(expire(Some(late)), 1);
    let heartbeat = store.heartbeat_environment(&waiting.id, &mine, late);
    assert_eq!(heartbeat.unwrap(), Heartbeat::Lost);
    let next = store.next_environment(late).unwrap().unwrap();
    assert_eq!((next.id, next.attempt_count), (waiting.id, 1));
}

pub fn an_environment_is_built_anew_only_by_who_saw_it_as_it_is(store: &dyn Store) {
    let seen = ready(store, "d", at(0));
    let requeue = |seen, folder| {
        store
            .requeue_environment(seen, Path::new(folder), Path::new("/s2"), at(1))
            .unwrap()
    };
    assert!(requeue(&seen, "/v2"));
    assert!(!requeue(&seen, "/v3"), "it waits already");
    let waiting = reread(store, &seen);
    assert_eq!(
        (waiting.status, waiting.folder.as_path()),
        (EnvironmentStatus::Queued, Path::new("/v2"))
    );
    build(store, &waiting, at(2));
    assert!(!requeue(&seen, "/v3"), "it was built since");
    assert!(
        !requeue(&waiting, "/v3"),
        "it was not ready when it was seen"
    );
}

pub fn runs_that_wait_are_moved_and_the_former_environment_goes(store: &dyn Store) {
    let (former, latter) = (environment(store, "d", at(0)), ready(store, "e", at(0)));
    let mine = claim("w");
    let at_work = running(store, &former, &mine, at(1));
    let waiting = queued(store, &former, at(2));
    store.move_waiting_runs(&former.id, &latter, at(3)).unwrap();
    let moved = find(store, &waiting.id);
    assert_eq!(
        (moved.environment_id.as_deref(), &moved.key),
        (Some(latter.id.as_str()), &latter.key)
    );
    let kept = reread(store, &former);
    assert!(
        kept.available_at > at(3),
        "a run at work may come back to it; it is looked at again later"
    );
    store.release_run(&at_work.id, &mine, "x", at(4)).unwrap();
    store.move_waiting_runs(&former.id, &latter, at(5)).unwrap();
    assert!(store.environment("default", &former.id).is_err());
}

pub fn an_environment_that_a_run_needs_is_not_deleted(store: &dyn Store) {
    let waiting = environment(store, "w", at(0));
    assert!(!store.delete_environment(&waiting.id, None).unwrap());
    let environment = ready(store, "d", at(0));
    let run = queued(store, &environment, at(1));
    assert_eq!(store.live_runs_of_environment(&environment.id).unwrap(), 1);
    assert!(!store.delete_environment(&environment.id, None).unwrap());
    store.request_cancel(&run.id, at(2)).unwrap();
    assert_eq!(store.live_runs_of_environment(&environment.id).unwrap(), 0);
    assert!(store.delete_environment(&environment.id, None).unwrap());
    assert_eq!(find(store, &run.id).environment_id, None);

    // A run that was recorded without an environment will be given the one of its key.
    queued(store, &environment, at(3));
    let again = ready(store, "d", at(4));
    assert!(!store.delete_environment(&again.id, None).unwrap());
}

pub fn an_environment_that_was_used_since_is_not_deleted(store: &dyn Store) {
    let environment = ready(store, "d", at(0));
    ended(store, &environment, RunStatus::Succeeded, at(10));
    assert_eq!(reread(store, &environment).last_used_at, Some(at(10)));
    let take = |cold_since| {
        store
            .delete_environment(&environment.id, Some(cold_since))
            .unwrap()
    };
    assert!(!take(at(10)));
    assert!(take(at(11)));
}
