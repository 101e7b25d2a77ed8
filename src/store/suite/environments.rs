//! Tests of environments: one for each key, one builder at a time, and when they are deleted.

use std::path::Path;
use std::time::Duration;

use super::places::{
    at, build, build_attempts, claim, contents, elsewhere, ended, environment, expiry, fails,
    failure, find, key, queued, ready, reclaim, reread, running, take,
};
use crate::settings::Recovery;
use crate::store::{
    BuildFailureOutcome, ClaimableState, EnvironmentRecord, EnvironmentStatus, Heartbeat,
    RunStatus, Store,
};

/// The wait that [`build_attempts`] returns.
const BACKOFF: Duration = Duration::from_secs(7);

pub fn a_key_has_one_environment(store: &Store) {
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
    // The contents are known once the environment is ready.
    assert_eq!((first.contents, first.ready_at), (None, None));
    let ready = ready(store, "d", at(3));
    assert_eq!(
        (ready.id, ready.status),
        (first.id, EnvironmentStatus::Ready)
    );
    assert_eq!(ready.contents, Some(contents()));
    assert_eq!((ready.ready_at, ready.attempt_count), (Some(at(3)), 0));
}

pub fn the_environment_that_has_waited_longest_is_built_next(store: &Store) {
    let next = |now| store.next_environment(at(now), None, None).unwrap();
    environment(store, "late", at(9));
    let early = environment(store, "early", at(5));
    assert!(next(4).is_none(), "neither is due");
    assert_eq!(next(10).unwrap().id, early.id);
    let second = store.next_environment(at(10), None, Some(&early)).unwrap();
    let second = second.unwrap();
    assert_eq!(second.key.deps_digest, "late");
    assert!(
        store
            .next_environment(at(10), None, Some(&second))
            .unwrap()
            .is_none()
    );
    build(store, &early, at(10));
    assert_eq!(next(10).unwrap().key.deps_digest, "late");
}

pub fn an_environment_has_one_builder_and_one_that_lost_it_changes_nothing(store: &Store) {
    let EnvironmentRecord { id, folder, .. } = environment(store, "d", at(0));
    let (mine, theirs) = (claim("mine"), claim("theirs"));
    let take = |claim, claimable, now| take(store, &id, claim, claimable, at(now));
    let held = take(&mine, ClaimableState::Due, 1).unwrap();
    assert!(take(&theirs, ClaimableState::Due, 2).is_none());
    let until = held.claim_expires_at.unwrap();
    store.heartbeat_environment(&id, &mine, at(2)).unwrap();
    assert!(
        take(&theirs, ClaimableState::Left(until), 3).is_none(),
        "its lease was renewed since"
    );
    let until = reread(store, &held).claim_expires_at.unwrap();
    let taken = take(&theirs, ClaimableState::Left(until), 3).unwrap();
    assert_eq!(
        (taken.claimed_by.as_deref(), taken.attempt_count),
        (Some("theirs"), 2)
    );
    assert_eq!(
        (held.folder.as_path(), taken.folder.as_path()),
        (folder.as_path(), elsewhere()),
        "the other may still be at work in its folder"
    );
    let moved = |claim, folder| {
        store
            .move_environment(&id, claim, Path::new(folder), at(3))
            .unwrap()
    };
    assert!(!moved(&mine, "/v/mine"));
    assert!(moved(&theirs, "/v/theirs"));
    assert_eq!(reread(store, &held).folder, Path::new("/v/theirs"));

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
    let fail = |claim, after| {
        store
            .fail_environment(&id, claim, &failure(), after, at(5))
            .unwrap()
    };
    assert!(!fail(&mine, BuildFailureOutcome::Fail));
    assert!(fail(&theirs, BuildFailureOutcome::RetryAt(at(100))));
    let next = |now| store.next_environment(at(now), None, None).unwrap();
    assert!(next(99).is_none(), "it waits for its backoff");
    assert!(take(&mine, ClaimableState::Due, 99).is_none());
    assert_eq!(next(100).unwrap().id, id);
    assert!(take(&mine, ClaimableState::Due, 100).is_some());
}

pub fn a_cancelled_build_gives_its_attempt_back(store: &Store) {
    let waiting = environment(store, "d", at(0));
    let mine = claim("mine");
    take(store, &waiting.id, &mine, ClaimableState::Due, at(1)).unwrap();
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

pub fn a_builder_whose_lease_expired_loses_the_environment(store: &Store) {
    let waiting = environment(store, "d", at(0));
    let mine = claim("mine");
    take(store, &waiting.id, &mine, ClaimableState::Due, at(1)).unwrap();
    let expire = |now| {
        store
            .expire_environment_leases(&build_attempts(), &|| now)
            .unwrap()
    };
    assert_eq!(expire(Some(at(2))), 0, "its lease holds");
    assert_eq!(expire(None), 0, "the clock cannot be trusted");
    let late = expiry(at(1));
    assert_eq!(expire(Some(late)), 1);
    let heartbeat = store.heartbeat_environment(&waiting.id, &mine, late);
    assert_eq!(heartbeat.unwrap(), Heartbeat::Lost);
    let left = reread(store, &waiting);
    assert_eq!(
        (left.status, left.attempt_count, left.available_at),
        (EnvironmentStatus::Queued, 1, late.plus(BACKOFF)),
        "it is tried again after a while"
    );
    let theirs = claim("theirs");
    let due = late.plus(BACKOFF);
    let taken = take(store, &waiting.id, &theirs, ClaimableState::Due, due);
    assert_eq!(
        taken.unwrap().folder,
        elsewhere(),
        "the other may still be at work in its folder"
    );
    store
        .release_environment(&waiting.id, &theirs, due)
        .unwrap();
    let mine = store.claim_environment(
        &waiting.id,
        &mine,
        ClaimableState::Due,
        Path::new("/v/b"),
        due,
    );
    assert_eq!(mine.unwrap().unwrap().folder, elsewhere());
}

pub fn an_environment_whose_builders_die_fails_in_the_end(store: &Store) {
    let waiting = environment(store, "d", at(0));
    let run = queued(store, &waiting, at(0));
    let attempt = |now| {
        let builder = claim("w").by(Some("dead"));
        take(store, &waiting.id, &builder, ClaimableState::Due, now).unwrap();
        reclaim(store, "dead", Recovery::Requeue, now);
        reread(store, &waiting)
    };
    let mut now = at(1);
    for number in [1, 2] {
        let left = attempt(now);
        let wanted = (number, now.plus(BACKOFF));
        assert_eq!(left.status, EnvironmentStatus::Queued);
        assert_eq!((left.attempt_count, left.available_at), wanted);
        assert_eq!(
            left.folder, waiting.folder,
            "a dead process is at work nowhere"
        );
        now = left.available_at;
    }
    let failed = attempt(now);
    assert_eq!(failed.status, EnvironmentStatus::Failed);
    let error = failed.error.unwrap();
    assert_eq!(error.code, "worker_died");
    assert_eq!(
        error.message,
        "the process that was building it died (attempt 3)"
    );
    let failed = store.fail_runs_of_failed_environments(9, now).unwrap();
    assert_eq!(failed[0].id, run.id);
    // A request starts the attempts over.
    assert!(store.ask_for_environment(&waiting.id, now, now).unwrap());
    let left = attempt(now);
    assert_eq!(
        (left.status, left.attempt_count),
        (EnvironmentStatus::Queued, 1)
    );
}

pub fn what_failed_is_tried_again_for_who_asks_anew_and_no_sooner_than_said(store: &Store) {
    let waiting = environment(store, "d", at(0));
    let ask = |due, now| {
        let asked = store.ask_for_environment(&waiting.id, at(due), at(now));
        (asked.unwrap(), reread(store, &waiting))
    };
    let fail = |now, after| fails(store, &waiting, after, at(now));
    fail(1, BuildFailureOutcome::Fail);
    let (is_asked, asked) = ask(9, 2);
    assert!(is_asked);
    assert_eq!(
        (asked.status, asked.attempt_count, asked.available_at),
        (EnvironmentStatus::Queued, 0, at(9))
    );
    assert!(asked.error.is_some(), "why it waits is still known");
    assert_eq!(asked.updated_at, at(2));
    // An environment with a long wait becomes due earlier, and never later; its attempts stay counted.
    fail(9, BuildFailureOutcome::RetryAt(at(99)));
    let (_, asked) = ask(20, 10);
    let now = (asked.attempt_count, asked.available_at, asked.updated_at);
    assert_eq!(now, (1, at(20), at(9)));
    assert_eq!(ask(30, 11).1.available_at, at(20));
    // An environment that is being built or ready is not requested.
    let mine = claim("w");
    take(store, &waiting.id, &mine, ClaimableState::Due, at(20)).unwrap();
    assert!(!ask(21, 21).0);
}

pub fn an_environment_is_built_anew_only_by_who_saw_it_as_it_is(store: &Store) {
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

pub fn runs_that_wait_are_moved_and_the_former_environment_goes(store: &Store) {
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

pub fn an_environment_that_a_run_needs_is_not_deleted(store: &Store) {
    let waiting = environment(store, "w", at(0));
    assert!(store.delete_environment(&waiting.id, None).unwrap());
    let wanted = environment(store, "v", at(0));
    let second = queued(store, &wanted, at(1));
    let first = queued(store, &wanted, at(0));
    let waiting = |limit| {
        store
            .waiting_runs_of_environment(&wanted.id, limit)
            .unwrap()
    };
    assert_eq!(waiting(50), [first.id.as_str(), second.id.as_str()]);
    assert_eq!(waiting(1), [first.id.as_str()]);
    assert!(!store.delete_environment(&wanted.id, None).unwrap());
    // Without the last waiting run, no run would use it.
    store.request_cancel(&first.id, at(1)).unwrap();
    assert!(store.environment("default", &wanted.id).is_ok());
    store.request_cancel(&second.id, at(1)).unwrap();
    assert!(store.environment("default", &wanted.id).is_err());
    let environment = ready(store, "d", at(0));
    let run = queued(store, &environment, at(1));
    assert_eq!(store.live_runs_of_environment(&environment.id).unwrap(), 1);
    assert!(!store.delete_environment(&environment.id, None).unwrap());
    store.request_cancel(&run.id, at(2)).unwrap();
    assert_eq!(store.live_runs_of_environment(&environment.id).unwrap(), 0);
    assert!(store.delete_environment(&environment.id, None).unwrap());
    // An ended run keeps the id of its environment forever.
    assert_eq!(
        find(store, &run.id).environment_id,
        Some(environment.id.clone())
    );

    // A run that was recorded without an environment will get the environment of its key.
    queued(store, &environment, at(3));
    let again = ready(store, "d", at(4));
    assert!(!store.delete_environment(&again.id, None).unwrap());
}

pub fn an_environment_that_was_used_since_is_not_deleted(store: &Store) {
    let environment = ready(store, "d", at(0));
    ended(store, &environment, RunStatus::Succeeded, at(10));
    assert_eq!(reread(store, &environment).last_used_at, Some(at(10)));
    let take = |cold_since| {
        store
            .delete_environment(&environment.id, Some(&|| cold_since))
            .unwrap()
    };
    assert!(!take(Some(at(10))));
    assert!(
        !take(Some(at(11))),
        "its last use is known to ten seconds only"
    );
    assert!(!take(None), "the clock cannot be trusted");
    assert!(take(Some(at(10_011))));
}
