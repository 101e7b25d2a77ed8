//! Tests of the queue: claims, ends, and runs that return to the queue.

use std::time::Duration;

use super::places::{
    at, by_http, claim, claim_next, ended, ending, enqueue, environment, expiry, fails, failure,
    find, new_id, new_run, queued, ready, reread, running, send_back,
};
use crate::base::clock::Timestamp;
use crate::store::{
    AttemptUsage, BuildFailureOutcome, CancelOutcome, Claim, Ending, EnvironmentStatus,
    FailurePosition, FailureRecord, Heartbeat, Limits, NewRun, QueuePlace, Retry, RunOptions,
    RunRecord, RunStatus, SKIPPED, Store, Submission, SubmissionOutcome, WaitReason, WaitingRun,
};

fn ids(runs: &[RunRecord]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}

fn expire(store: &Store, now: Timestamp) -> Vec<RunRecord> {
    store
        .expire_run_leases(&|_| Duration::ZERO, &|| Some(now))
        .unwrap()
}

pub fn runs_are_claimed_oldest_first_and_only_when_their_environment_is_ready(store: &Store) {
    let (waiting, ready) = (environment(store, "w", at(0)), ready(store, "r", at(0)));
    queued(store, &waiting, at(1));
    let first = queued(store, &ready, at(2));
    let second = queued(store, &ready, at(3));
    let take = || claim_next(store, &claim("w"), at(10));
    let taken = take().unwrap();
    assert_eq!(
        (taken.id, taken.attempt_count, taken.status),
        (first.id, 1, RunStatus::Running)
    );
    assert_eq!(taken.input_sheets, Some(vec!["One".to_owned()]));
    assert_eq!(take().unwrap().id, second.id);
    assert!(
        take().is_none(),
        "the run whose environment is not ready waits"
    );
}

/// A record that is returned without being read back equals the record that would be read.
pub fn what_is_recorded_is_returned_as_it_is_read(store: &Store) {
    let environment = ready(store, "r", at(0));
    let retried = queued(store, &environment, at(0));
    let new = NewRun {
        retry_of_run_id: Some(retried.id),
        ..by_http(new_run(&environment))
    };
    let waiting = enqueue(store, &new, at(1));
    let executed = running(store, &environment, &claim("w").by(Some("p")), at(2));
    let skipped = NewRun {
        options: RunOptions {
            safe_mode: true,
            ..RunOptions::default()
        },
        ..new_run(&environment)
    };
    let skipped = enqueue(store, &skipped, at(3));
    for run in [waiting, executed, skipped] {
        assert_eq!(format!("{run:?}"), format!("{:?}", find(store, &run.id)));
    }
    let mine = claim("w").by(Some("p"));
    let claimed = claim_next(store, &mine, at(4)).unwrap();
    let read = find(store, &claimed.id);
    assert_eq!(format!("{claimed:?}"), format!("{read:?}"));
}

pub fn who_lost_the_claim_changes_nothing(store: &Store) {
    let environment = ready(store, "r", at(0));
    let (mine, theirs) = (claim("mine"), claim("theirs"));
    let RunRecord { id, .. } = running(store, &environment, &mine, at(0));
    let late = expiry(at(0));
    assert_eq!(expire(store, late)[0].status, RunStatus::Queued);
    let second = claim_next(store, &theirs, late).unwrap();
    assert_eq!(second.attempt_count, 2);

    let finish = |claim, status| store.finish_run(&id, claim, &ending(status), late).unwrap();
    let heartbeat = store.heartbeat_run(&id, &mine, late).unwrap();
    assert_eq!(heartbeat, Heartbeat::Lost);
    assert_eq!(store.watch_run(&id, &mine).unwrap(), Heartbeat::Lost);
    assert!(!finish(&mine, RunStatus::Succeeded));
    let retried = send_back(store, &id, &mine, Retry::Counted(late), late);
    assert!(retried.is_none());
    let released = store.release_run(&id, &mine, "x", late).unwrap();
    assert!(released.is_none());
    let now = find(store, &id);
    assert_eq!(
        (now.status, now.claimed_by.as_deref()),
        (RunStatus::Running, Some("theirs"))
    );

    assert!(finish(&theirs, RunStatus::Succeeded));
    assert!(!finish(&theirs, RunStatus::Failed), "an end is final");
    let attempts = store.attempts(&id).unwrap();
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.outcome.as_deref().unwrap())
        .collect();
    assert_eq!(outcomes, ["lost", "succeeded"]);
}

pub fn attempts_are_counted_at_the_claim_and_end_in_failure(store: &Store) {
    let environment = ready(store, "r", at(0));
    let run = queued(store, &environment, at(0));
    let mut now = at(0);
    for attempt in 1..=3 {
        now = Timestamp(now.0 + 1_000_000);
        let claimed = claim_next(store, &claim("w"), now).unwrap();
        assert_eq!(claimed.attempt_count, attempt);
        now = expiry(now);
        expire(store, now);
    }
    let run = find(store, &run.id);
    assert_eq!(
        (run.status, run.error.unwrap().message.as_str()),
        (RunStatus::Failed, "lease expired")
    );
    assert!(claim_next(store, &claim("w"), now).is_none());
}

pub fn a_retry_waits_for_its_time_and_a_release_gives_the_attempt_back(store: &Store) {
    let environment = ready(store, "r", at(0));
    let (first, second) = (claim("w"), claim("w"));
    let run = running(store, &environment, &first, at(0));
    let (used, later) = (
        AttemptUsage::from_ending(&ending(RunStatus::Failed)),
        Retry::Counted(at(5000)),
    );
    let retried = store.retry_run(&run.id, &first, &failure(), &used, later, at(10));
    assert_eq!(
        retried.unwrap().map(|run| run.status),
        Some(RunStatus::Queued)
    );
    let attempt = store.attempts(&run.id).unwrap().remove(0);
    assert_eq!(
        (attempt.outcome.as_deref(), attempt.peak_memory_bytes),
        (Some("retried"), Some(5)),
        "what it used is recorded too"
    );
    let early = claim_next(store, &second, at(4999));
    assert!(early.is_none());
    let claimed = claim_next(store, &second, at(5000)).unwrap();
    assert_eq!(claimed.attempt_count, 2);
    let released = store
        .release_run(&run.id, &second, "stopped", at(5001))
        .unwrap();
    assert_eq!(released.map(|run| run.status), Some(RunStatus::Queued));
    assert_eq!(find(store, &run.id).attempt_count, 1);
}

pub fn trouble_of_the_machine_spends_no_attempt_and_is_counted_apart(store: &Store) {
    let environment = ready(store, "r", at(0));
    let first = claim("w");
    let run = running(store, &environment, &first, at(0));
    let wait = |claim: &Claim, now, until| {
        send_back(store, &run.id, claim, Retry::Free(at(until)), at(now))
    };
    let left = wait(&first, 10, 1010).unwrap();
    assert_eq!((left.available_at, left.trouble_count), (at(1010), 1));
    assert!(wait(&first, 11, 12).is_none(), "the claim is gone");
    assert_eq!(store.overview(None, at(0), at(0)).unwrap().in_trouble, 1);
    // The run returns to the queue more often than it has attempts.
    let mut now = 1010;
    for times in 2..=run.max_attempts + 2 {
        let next = claim("w");
        let claimed = claim_next(store, &next, at(now)).unwrap();
        assert_eq!(claimed.attempt_count, 1);
        let until = now + 1000 * i64::from(times);
        let left = wait(&next, now, until).unwrap();
        assert_eq!(left.status, RunStatus::Queued);
        assert_eq!((left.available_at, left.trouble_count), (at(until), times));
        now = left.available_at.0 - at(0).0;
    }
    assert_eq!(store.overview(None, at(0), at(0)).unwrap().in_trouble, 1);
    // A release that is not caused by trouble resets the count of trouble.
    let last = claim("w");
    claim_next(store, &last, at(now)).unwrap();
    let release = store.release_run(&run.id, &last, "stopped", at(now));
    assert!(release.unwrap().is_some());
    assert_eq!(store.overview(None, at(0), at(0)).unwrap().in_trouble, 0);
}

pub fn nothing_expires_while_the_clock_cannot_be_trusted(store: &Store) {
    let environment = ready(store, "r", at(0));
    let run = running(store, &environment, &claim("w"), at(0));
    let expired = store.expire_run_leases(&|_| Duration::ZERO, &|| None);
    assert!(expired.unwrap().is_empty());
    assert!(expire(store, at(1)).is_empty(), "its lease holds");
    let late = expiry(at(0));
    let wait = |attempts: u32| Duration::from_millis(7) * attempts;
    let back = store.expire_run_leases(&wait, &|| Some(late)).unwrap();
    assert_eq!(ids(&back), [run.id.as_str()]);
    assert_eq!(back[0].available_at, Timestamp(late.0 + 7));
}

pub fn a_queued_run_is_cancelled_at_once_and_a_running_one_by_its_worker(store: &Store) {
    let environment = ready(store, "r", at(0));
    let mine = claim("w");
    let at_work = running(store, &environment, &mine, at(1)).id;
    let waiting = queued(store, &environment, at(1)).id;
    let ask = |id: &str, now| store.request_cancel(id, at(now)).unwrap();
    assert!(matches!(
        ask(&waiting, 2),
        CancelOutcome::Cancelled(run) if run.status == RunStatus::Cancelled
    ));
    assert!(matches!(ask(&waiting, 3), CancelOutcome::Ended(_)));

    let renewed = |cancel_requested| Heartbeat::Renewed { cancel_requested };
    assert_eq!(store.watch_run(&at_work, &mine).unwrap(), renewed(false));
    assert!(matches!(ask(&at_work, 4), CancelOutcome::Requested(_)));
    assert!(matches!(
        ask(&at_work, 5),
        CancelOutcome::Requested(run) if run.cancel_requested_at == Some(at(4))
    ));
    assert_eq!(store.watch_run(&at_work, &mine).unwrap(), renewed(true));
    let heartbeat = store.heartbeat_run(&at_work, &mine, at(6)).unwrap();
    assert_eq!(heartbeat, renewed(true));
    let released = store
        .release_run(&at_work, &mine, "stopped", at(7))
        .unwrap();
    assert_eq!(
        released.map(|run| run.status),
        Some(RunStatus::Cancelled),
        "it does not go back to the queue"
    );
    assert!(store.request_cancel("0000", at(8)).is_err());
}

pub fn runs_fail_with_the_reason_of_an_environment_that_failed_for_good(store: &Store) {
    let environment = environment(store, "d", at(0));
    let run = queued(store, &environment, at(0));
    let fail = |now| {
        let failed = store.fail_runs_of_failed_environments(9, at(now));
        failed.unwrap()
    };
    assert!(fail(2).is_empty());
    fails(store, &environment, BuildFailureOutcome::Fail, at(3));
    let failed = fail(4);
    assert_eq!(ids(&failed), [run.id.as_str()]);
    assert_eq!(
        failed[0].error.as_ref().unwrap().message,
        "Build failed before run could start: m"
    );
    assert_eq!(
        reread(store, &environment).status,
        EnvironmentStatus::Failed
    );
}

pub fn a_run_whose_environment_was_collected_is_given_the_next_one_of_its_key(store: &Store) {
    let former = ready(store, "d", at(0));
    assert!(store.delete_environment(&former.id, None).unwrap());
    let run = queued(store, &former, at(1));
    let cancelled = queued(store, &former, at(1)).id;
    assert_eq!(run.environment_id, None);
    let without = || store.runs_without_environment(9).unwrap().len();
    assert_eq!(without(), 2);
    // An environment that does not exist is not set.
    store.set_run_environment(&run.id, &former.id).unwrap();
    assert_eq!(without(), 2);
    let (anew, other) = (ready(store, "d", at(2)), ready(store, "e", at(2)));
    store.request_cancel(&cancelled, at(3)).unwrap();
    for environment in [&anew, &other] {
        for id in [&run.id, &cancelled] {
            store.set_run_environment(id, &environment.id).unwrap();
        }
        let given = find(store, &run.id).environment_id;
        assert_eq!(given, Some(anew.id.clone()), "once and for all");
    }
    assert_eq!(without(), 0);
    let found = find(store, &cancelled);
    assert_eq!(found.status, RunStatus::Cancelled);
    assert_eq!(found.environment_id, None);
}

pub fn files_go_with_the_cutoff_and_records_after_them(store: &Store) {
    let environment = ready(store, "d", at(0));
    let old = ended(store, &environment, RunStatus::Succeeded, at(5)).id;
    let young = ended(store, &environment, RunStatus::Succeeded, at(8)).id;
    let due = |cutoff| store.runs_with_artifacts(at(cutoff), 9).unwrap();
    assert!(due(5).is_empty());
    assert_eq!(ids(&due(6)), [old.as_str()]);
    assert_eq!(ids(&due(9)), [old.as_str(), young.as_str()]);

    let mark = |id: &str, cutoff| {
        store
            .mark_artifacts_deleted(id, at(cutoff), at(20))
            .unwrap()
    };
    assert!(!mark(&young, 8), "it is too young");
    assert!(mark(&old, 9));
    assert!(!mark(&old, 9), "they are gone already");
    assert_eq!(find(store, &old).artifacts_deleted_at, Some(at(20)));
    assert_eq!(ids(&due(9)), [young.as_str()]);
    let without = |cutoff| store.runs_without_artifacts(at(cutoff), 9).unwrap();
    assert!(without(5).is_empty());
    assert_eq!(ids(&without(9)), [old.as_str()]);
}

pub fn only_a_run_that_has_ended_is_deleted(store: &Store) {
    let environment = ready(store, "d", at(0));
    let live = [
        queued(store, &environment, at(1)).id,
        running(store, &environment, &claim("w"), at(1)).id,
    ];
    for id in &live {
        assert!(!store.delete_run(id).unwrap());
        assert!(store.run_exists(id).unwrap());
    }
    let run = ended(store, &environment, RunStatus::Failed, at(2)).id;
    let repetition = NewRun {
        retry_of_run_id: Some(run.clone()),
        ..new_run(&environment)
    };
    let repetition = enqueue(store, &repetition, at(3)).id;
    assert!(store.delete_run(&run).unwrap());
    assert!(!store.run_exists(&run).unwrap());
    assert!(store.attempts(&run).unwrap().is_empty());
    assert_eq!(find(store, &repetition).retry_of_run_id, None);
}

pub fn a_failure_keeps_its_place(store: &Store) {
    let environment = ready(store, "r", at(0));
    let place = Box::new(FailurePosition {
        file: Some("src/ade_config/columns/extra.py".to_owned()),
        line: Some(2),
        callable: Some("tidy".to_owned()),
        sheet: Some("North \"1\"".to_owned()),
        table: Some(1),
        column: Some("AB".to_owned()),
    });
    let failure = FailureRecord {
        place: place.clone(),
        ..failure()
    };
    let (first, second) = (claim("w"), claim("w"));
    let run = running(store, &environment, &first, at(1));
    let used = AttemptUsage::default();
    let retry = Retry::Counted(at(2));
    let retried = store.retry_run(&run.id, &first, &failure, &used, retry, at(2));
    let waiting = retried.unwrap().unwrap().error.unwrap();
    assert_eq!(waiting.place, place, "while it waits for its next attempt");
    store.claim_run(&run.id, &second, at(3)).unwrap().unwrap();
    let end = Ending {
        error: Some(failure),
        ..ending(RunStatus::Failed)
    };
    assert!(store.finish_run(&run.id, &second, &end, at(4)).unwrap());
    assert_eq!(find(store, &run.id).error.unwrap().place, place);
    let elsewhere = ended(store, &environment, RunStatus::Failed, at(5));
    let unknown = elsewhere.error.is_none_or(|error| error.place.is_unknown());
    assert!(unknown, "what is not known is not recorded");
}

/// Submits a run with a client's conditions.
fn submitted(
    store: &Store,
    run: &NewRun,
    most_queued: Option<u64>,
    key: Option<(&str, &str)>,
    now: Timestamp,
) -> SubmissionOutcome {
    let asked = Submission {
        most_queued,
        key: key.map(|(key, request)| (key.to_owned(), request.to_owned())),
    };
    store.submit_run(run, &asked, now).unwrap()
}

pub fn a_full_queue_takes_no_more_until_one_is_claimed(store: &Store) {
    let environment = ready(store, "d", at(0));
    let submit = |now| {
        let run = by_http(new_run(&environment));
        submitted(store, &run, Some(2), None, at(now))
    };
    assert!(matches!(submit(1), SubmissionOutcome::Queued(_)));
    assert!(matches!(submit(2), SubmissionOutcome::Queued(_)));
    assert!(matches!(submit(3), SubmissionOutcome::Full(2)));
    // A running run no longer waits.
    claim_next(store, &claim("w"), at(4)).unwrap();
    assert!(matches!(submit(5), SubmissionOutcome::Queued(_)));
    assert!(matches!(submit(6), SubmissionOutcome::Full(2)));
}

pub fn the_same_request_under_the_same_key_is_one_run(store: &Store) {
    let environment = ready(store, "d", at(0));
    let submit = |request: &str, most, now| {
        let key = Some(("k", request));
        submitted(store, &by_http(new_run(&environment)), most, key, at(now))
    };
    let first = match submit("r", None, 1) {
        SubmissionOutcome::Queued(run) => run.id,
        other => panic!("{other:?}"),
    };
    // The same request also succeeds if the queue is full, because nothing is added.
    match submit("r", Some(1), 2) {
        SubmissionOutcome::Repeated(run) => assert_eq!(run.id, first),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        submit("another", None, 3),
        SubmissionOutcome::KeyInUse
    ));
    assert_eq!(store.run_of_any_workspace(&first).unwrap().id, first);
    // A key is stored for a day.
    let day = 24 * 3600 * 1000;
    assert!(matches!(
        submit("another", None, day + 2),
        SubmissionOutcome::Queued(_)
    ));
}

pub fn a_run_in_safe_mode_is_recorded_as_ended_and_others_wait(store: &Store) {
    let ready = ready(store, "r", at(0));
    let waiting = queued(store, &ready, at(1));
    let mut skipped = new_run(&ready);
    skipped.options.safe_mode = true;
    let ended = enqueue(store, &skipped, at(2));
    let told = (ended.status, ended.attempt_count, ended.summary.as_deref());
    assert_eq!(told, (RunStatus::Succeeded, 0, Some(SKIPPED)));
    assert_eq!(ended.skipped_reason(), Some("safe_mode"));
    assert_eq!(ended.completed_at, Some(at(2)));
    skipped.id = new_id();
    let submitted = store.submit_run(&skipped, &Submission::default(), at(3));
    match submitted.unwrap() {
        SubmissionOutcome::Queued(run) => assert_eq!(run.status, RunStatus::Succeeded),
        other => panic!("{other:?}"),
    }
    let next = claim_next(store, &claim("w"), at(4)).unwrap();
    assert_eq!(next.id, waiting.id);
    assert!(claim_next(store, &claim("w"), at(4)).is_none());
}

pub fn the_queue_is_told_in_the_order_in_which_it_is_claimed(store: &Store) {
    let (made, unmade) = (ready(store, "d", at(0)), environment(store, "e", at(0)));
    let mine = claim("w");
    let back = queued(store, &made, at(1));
    claim_next(store, &mine, at(2)).unwrap();
    send_back(store, &back.id, &mine, Retry::Counted(at(1000)), at(3)).unwrap();
    let cold = queued(store, &unmade, at(4));
    let runs: Vec<_> = (5..8).map(|time| queued(store, &made, at(time))).collect();
    let waiting = |behind: Option<&QueuePlace>, limit: u32, now: i64| {
        let found = store.waiting_runs("default", behind, limit, &Limits::default(), at(now));
        found.unwrap()
    };
    let told = |found: &[WaitingRun]| -> Vec<(String, u64, WaitReason)> {
        let told = found.iter().map(|entry| {
            assert_eq!(entry.run.id, entry.place.run_id);
            (entry.run.id.clone(), entry.position, entry.place.waits_for)
        });
        told.collect()
    };
    let all = waiting(None, 10, 10);
    let wanted = [
        (&runs[0], WaitReason::Slot),
        (&runs[1], WaitReason::Slot),
        (&runs[2], WaitReason::Slot),
        (&cold, WaitReason::Environment),
        (&back, WaitReason::Retry),
    ];
    let wanted: Vec<_> = (1..)
        .zip(wanted)
        .map(|(position, (run, why))| (run.id.clone(), position, why))
        .collect();
    assert_eq!(told(&all), wanted);
    assert_eq!(told(&waiting(None, 2, 10)), wanted[..2]);
    // A page continues where the previous page ended, even if its last run was claimed.
    assert_eq!(claim_next(store, &mine, at(11)).unwrap().id, all[0].run.id);
    assert_eq!(claim_next(store, &mine, at(11)).unwrap().id, all[1].run.id);
    let next = waiting(Some(&all[1].place), 1, 12);
    assert_eq!(told(&next), [(runs[2].id.clone(), 1, WaitReason::Slot)]);
    let due: Vec<_> = told(&waiting(None, 10, 2000));
    assert_eq!(due[1], (back.id.clone(), 2, WaitReason::Slot));
    assert_eq!(due[2], (cold.id, 3, WaitReason::Environment));
    assert_eq!(claim_next(store, &mine, at(2000)).unwrap().id, runs[2].id);
    assert_eq!(claim_next(store, &mine, at(2000)).unwrap().id, back.id);
    let elsewhere = store
        .waiting_runs("another", None, 10, &Limits::default(), at(2000))
        .unwrap();
    assert_eq!(told(&elsewhere), []);
}
