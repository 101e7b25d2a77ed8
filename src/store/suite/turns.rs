//! Tests of the order of claims: priorities, turns of submitters, and limits of configurations.

use super::places::{
    at, build, by_http, claim, claim_next, enqueue, environment, find, finish, limit_to, new_run,
    ready, send_back,
};
use crate::store::{
    EnvironmentRecord, Limits, OwnerLimits, Priority, Retry, RunRecord, RunStatus, Store,
    Submission, SubmissionOutcome, Submitter, SubmitterKind, WaitReason,
};

fn user(name: &str) -> Submitter {
    Submitter {
        kind: SubmitterKind::User,
        id: name.to_owned(),
        name: name.to_owned(),
    }
}

/// Records a queued run of a submitter.
fn enqueue_run(store: &Store, at_work: &EnvironmentRecord, who: &str, time: i64) -> RunRecord {
    with(store, at_work, who, Priority::Normal, time)
}

fn with(
    store: &Store,
    environment: &EnvironmentRecord,
    who: &str,
    priority: Priority,
    time: i64,
) -> RunRecord {
    let mut run = new_run(environment);
    run.options.priority = priority;
    run.options.submitted_by = Some(user(who));
    enqueue(store, &run, at(time))
}

/// Claims all runs one after the other, and returns their ids. The queue must have listed them in this order.
fn claimed(store: &Store, now: i64) -> Vec<String> {
    let told = store
        .waiting_runs("default", None, 1000, &Limits::default(), at(now))
        .unwrap();
    let told = told
        .iter()
        .filter(|entry| entry.place.waits_for == WaitReason::Slot);
    let told: Vec<String> = told.map(|entry| entry.run.id.clone()).collect();
    let next = || Some(claim_next(store, &claim("w"), at(now))?.id);
    let claimed: Vec<String> = std::iter::from_fn(next).collect();
    assert_eq!(told, claimed);
    claimed
}

fn ids(runs: &[&RunRecord]) -> Vec<String> {
    runs.iter().map(|run| run.id.clone()).collect()
}

pub fn many_files_of_one_person_hold_up_one_of_another_for_one_turn(store: &Store) {
    let (one, two) = (ready(store, "a", at(0)), ready(store, "b", at(0)));
    let many: Vec<_> = (1..300)
        .map(|time| enqueue_run(store, &one, "ann", time))
        .collect();
    assert_eq!(
        claim_next(store, &claim("w"), at(300)).unwrap().id,
        many[0].id
    );
    let bob = enqueue_run(store, &one, "bob", 300);
    let elsewhere = enqueue_run(store, &two, "ann", 301);
    let next = [&many[1], &bob, &elsewhere, &many[2]];
    let rest: Vec<&RunRecord> = next.into_iter().chain(&many[3..]).collect();
    assert_eq!(claimed(store, 302), ids(&rest));
}

pub fn who_was_held_up_has_no_claim_to_all_that_was_missed(store: &Store) {
    let (one, slow) = (ready(store, "a", at(0)), environment(store, "b", at(0)));
    let held: Vec<_> = (1..4)
        .map(|time| enqueue_run(store, &slow, "ann", time))
        .collect();
    for time in 4..9 {
        enqueue_run(store, &one, "bob", time);
        assert!(claim_next(store, &claim("w"), at(time)).is_some());
    }
    build(store, &slow, at(9));
    let bob: Vec<_> = (10..13)
        .map(|time| enqueue_run(store, &one, "bob", time))
        .collect();
    let turns = [&held[0], &bob[0], &held[1], &bob[1], &held[2], &bob[2]];
    assert_eq!(claimed(store, 20), ids(&turns));
}

pub fn a_high_priority_goes_first_and_a_low_one_last(store: &Store) {
    let ready = ready(store, "a", at(0));
    let low = with(store, &ready, "ann", Priority::Low, 1);
    let normal = with(store, &ready, "bob", Priority::Normal, 2);
    let high = with(store, &ready, "ann", Priority::High, 3);
    assert_eq!(claimed(store, 4), ids(&[&high, &normal, &low]));
    let read = find(store, &high.id);
    assert_eq!(read.options.priority, Priority::High);
    assert_eq!(read.options.submitted_by, Some(user("ann")));
}

pub fn a_run_that_is_tried_again_holds_up_nobody_until_it_is_due(store: &Store) {
    let ready = ready(store, "a", at(0));
    let (ann, bob) = (
        enqueue_run(store, &ready, "ann", 1),
        enqueue_run(store, &ready, "bob", 2),
    );
    let mine = claim("w");
    assert_eq!(claim_next(store, &mine, at(3)).unwrap().id, ann.id);
    send_back(store, &ann.id, &mine, Retry::Counted(at(100)), at(4)).unwrap();
    let later = enqueue_run(store, &ready, "ann", 5);
    assert_eq!(claimed(store, 6), ids(&[&bob, &later]));
    assert_eq!(claimed(store, 100), ids(&[&ann]));
}

pub fn no_more_runs_of_a_configuration_are_claimed_than_may_be_at_once(store: &Store) {
    let (one, other) = (ready(store, "a", at(0)), ready(store, "b", at(0)));
    let id = &one.key.configuration_id;
    let known = store
        .change_configuration(id, &limit_to(Some(2)), at(1))
        .unwrap();
    assert_eq!(known.max_concurrency, Some(2));
    let runs: Vec<_> = (1..4)
        .map(|time| enqueue_run(store, &one, "ann", time))
        .collect();
    let last = enqueue_run(store, &other, "bob", 4);
    let mine = claim("w");
    assert_eq!(claim_next(store, &mine, at(5)).unwrap().id, runs[0].id);
    assert_eq!(claim_next(store, &claim("v"), at(5)).unwrap().id, last.id);
    assert!(claim_next(store, &claim("w"), at(5)).is_none());
    let waiting = store
        .waiting_runs("default", None, 9, &Limits::default(), at(5))
        .unwrap();
    let why: Vec<_> = waiting.iter().map(|entry| entry.place.waits_for).collect();
    assert_eq!(why, [WaitReason::Limit; 2]);
    finish(store, &runs[0].id, &mine, RunStatus::Succeeded, at(6));
    let next = |now| claim_next(store, &claim("w"), at(now)).map(|run| run.id);
    assert_eq!(next(7).as_ref(), Some(&runs[1].id));
    assert_eq!(next(7), None);
    let known = store
        .change_configuration(id, &limit_to(None), at(8))
        .unwrap();
    assert_eq!(known.max_concurrency, None);
    assert_eq!(next(9).as_ref(), Some(&runs[2].id));
}

pub fn runs_of_commands_close_the_queue_to_nobody(store: &Store) {
    let ready = ready(store, "a", at(0));
    for time in 1..20 {
        enqueue_run(store, &ready, "ann", time);
    }
    let asked = Submission {
        most_queued: Some(2),
        key: None,
    };
    let submit = |time| {
        let run = by_http(new_run(&ready));
        store.submit_run(&run, &asked, at(time)).unwrap()
    };
    for time in 20..22 {
        assert!(matches!(submit(time), SubmissionOutcome::Queued(_)));
    }
    assert!(matches!(submit(22), SubmissionOutcome::Full(2)));
    // A run that was submitted over HTTP is claimed second.
    claim_next(store, &claim("w"), at(23)).unwrap();
    assert!(matches!(submit(23), SubmissionOutcome::Full(2)));
    claim_next(store, &claim("w"), at(23)).unwrap();
    assert!(matches!(submit(23), SubmissionOutcome::Queued(_)));
}

fn most(running: u64) -> OwnerLimits {
    OwnerLimits {
        running: Some(running),
        queued: Some(2),
        stored_bytes: None,
    }
}

pub fn no_more_runs_of_a_submitter_or_a_workspace_are_claimed_than_may_be_at_once(store: &Store) {
    let ready = ready(store, "a", at(0));
    let runs: Vec<_> = (1..4)
        .map(|time| enqueue_run(store, &ready, "ann", time))
        .collect();
    let bob = enqueue_run(store, &ready, "bob", 4);
    let limits = Limits {
        of_submitter: most(1),
        of_workspace: most(2),
    };
    let mine = claim("w").within(limits);
    let next = |now| claim_next(store, &mine, at(now)).map(|run| run.id);
    assert_eq!(next(5).as_ref(), Some(&runs[0].id));
    let told = store
        .waiting_runs("default", None, 9, &limits, at(5))
        .unwrap();
    let why: Vec<_> = told.iter().map(|entry| entry.place.waits_for).collect();
    assert_eq!(
        why,
        [WaitReason::Slot, WaitReason::Limit, WaitReason::Limit]
    );
    assert_eq!(next(5).as_ref(), Some(&bob.id), "ann has one already");
    assert_eq!(next(5), None);
    finish(store, &runs[0].id, &mine, RunStatus::Succeeded, at(6));
    assert_eq!(next(7).as_ref(), Some(&runs[1].id));
    enqueue_run(store, &ready, "cyd", 8);
    assert_eq!(next(9), None, "the workspace has two already");
    let any = claim_next(store, &claim("w"), at(9)).map(|run| run.id);
    assert_eq!(any.as_ref(), Some(&runs[2].id));
}

pub fn no_more_runs_of_a_submitter_or_a_workspace_wait_than_may(store: &Store) {
    let ready = ready(store, "a", at(0));
    let new = |who: &str, limits| {
        let mut run = new_run(&ready);
        run.options.submitted_by = Some(user(who));
        run.limits = limits;
        run
    };
    let of_submitter = Limits {
        of_submitter: most(9),
        ..Limits::default()
    };
    let of_workspace = Limits {
        of_workspace: most(9),
        ..Limits::default()
    };
    let three: Vec<_> = (0..3).map(|_| new("ann", of_submitter)).collect();
    let refused = store.enqueue_runs(&three, at(1)).unwrap_err();
    let said = "the queue is full: user ann has 0 of at most 2 waiting runs";
    assert_eq!(refused.to_string(), said);
    assert_eq!(store.enqueue_runs(&three[..2], at(1)).unwrap().len(), 2);
    let submit = |run| {
        let submitted = store.submit_run(&run, &Submission::default(), at(2));
        matches!(submitted.unwrap(), SubmissionOutcome::Queued(_))
    };
    assert!(!submit(new("ann", of_submitter)));
    assert!(submit(new("bob", of_submitter)));
    assert!(!submit(new("cyd", of_workspace)));
    for _ in 0..2 {
        claim_next(store, &claim("w"), at(3)).unwrap();
    }
    assert!(submit(new("cyd", of_workspace)));
}
