//! The queue: claims, ends, what goes back, and how runs are found.

use std::time::Duration;

use serde_json::json;

use super::places::{
    all_runs, at, by_http, claim, claim_next, collected, ended, ending, enqueue, environment,
    expiry, fails, failure, find, new_id, new_run, queued, ready, reread, running, send_back,
};
use super::results::results;
use crate::base::clock::Timestamp;
use crate::store::{
    AfterFailure, CancelOutcome, Claim, Ending, EnvironmentKey, EnvironmentStatus, Failure,
    Heartbeat, InputFile, Limits, NewRun, Place, QueuePlace, Retry, RunFilter, RunOptions,
    RunRecord, RunResults, RunStatus, SKIPPED, Store, StoreError, Submission, Submitted, Used,
    WaitingRun, WaitsFor,
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

/// A record that is known and not read back is the one that would be read.
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
        Used::of(&ending(RunStatus::Failed)),
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
    // More often than it has attempts.
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
    // What is not trouble ends the row of it.
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
    fails(store, &environment, AfterFailure::Fail, at(3));
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
    // One that is not there is not given.
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

pub fn ids_are_found_by_an_unambiguous_prefix(store: &Store) {
    let environment = ready(store, "r", at(0));
    let ids = [
        "0199aaaa-0000-7000-8000-000000000001",
        "0199aaab-0000-7000-8000-000000000002",
    ];
    for id in ids {
        let run = NewRun {
            id: id.to_owned(),
            ..new_run(&environment)
        };
        enqueue(store, &run, at(0));
    }
    assert_eq!(find(store, "0199AAAB").id, ids[1]);
    assert_eq!(find(store, "latest").id, ids[1]);
    assert!(matches!(
        store.run("default", "0199"),
        Err(StoreError::Ambiguous { count: 2, .. })
    ));
    let unknown = ["", "%", "zz", "0199aaac"].map(|id| ("default", id));
    for (workspace, id) in unknown.into_iter().chain([("another", "0199aaab")]) {
        let found = store.run(workspace, id);
        assert!(
            matches!(found, Err(StoreError::NotFound { what: "run", .. })),
            "{workspace} {id:?}"
        );
    }
    let found = store.environment("default", &environment.id[..35]);
    assert_eq!(found.unwrap().id, environment.id);
    assert!(matches!(
        store.environment("default", "0000"),
        Err(StoreError::NotFound {
            what: "environment",
            ..
        })
    ));
}

pub fn runs_are_listed_newest_first_by_what_is_asked_for(store: &Store) {
    let environment = ready(store, "r", at(0));
    let failed = ended(store, &environment, RunStatus::Failed, at(1));
    let older = queued(store, &environment, at(2));
    let newer = queued(store, &environment, at(2));
    let list = |filter: RunFilter| store.runs(&filter).unwrap();
    assert_eq!(
        ids(&list(all_runs())),
        [&newer.id, &older.id, &failed.id],
        "those of one moment by id"
    );
    let asked = |change: &dyn Fn(&mut RunFilter)| {
        let mut filter = all_runs();
        change(&mut filter);
        list(filter).len()
    };
    assert_eq!(asked(&|filter| filter.limit = 2), 2);
    use RunStatus::{Cancelled, Failed, Queued, Running};
    let of_status = |statuses: &[RunStatus]| asked(&|filter| filter.statuses = statuses.to_vec());
    assert_eq!(of_status(&[Failed]), 1);
    assert_eq!(of_status(&[Queued, Failed]), 3);
    assert_eq!(of_status(&[Running, Cancelled]), 0);
    assert_eq!(of_status(&[Running, Queued]), 2);
    assert_eq!(asked(&|filter| filter.since = Some(at(2))), 2);
    let of_input = |input: &str| asked(&|filter| filter.input = Some(input.to_owned()));
    assert_eq!(of_input(&failed.input_name), 3);
    assert_eq!(of_input("no such"), 0);
    // The next page begins behind the last run of the one before.
    let behind = |filter: &mut RunFilter| filter.behind = Some(newer.id.clone());
    assert_eq!(asked(&behind), 2);
    // Of one file those with its bytes, and those whose input lay in its place.
    let mut moved = new_run(&environment);
    moved.input_name = "moved.xlsx".to_owned();
    moved.options.input_place = Some("/jan/moved.xlsx".to_owned());
    store.enqueue_runs(&[moved], at(3)).unwrap();
    for (name, sha256, place, runs) in [
        (
            "renamed.xlsx",
            Some(&failed.input_sha256),
            "/feb/renamed.xlsx",
            4,
        ),
        ("moved.xlsx", None, "/jan/moved.xlsx", 1),
        ("moved.xlsx", None, "/feb/moved.xlsx", 0),
    ] {
        let of_file = |filter: &mut RunFilter| {
            filter.input = Some(name.to_owned());
            filter.file = Some(InputFile {
                sha256: sha256.cloned(),
                place: place.to_owned(),
            });
        };
        assert_eq!(asked(&of_file), runs, "{place}");
    }
    let id = environment.key.configuration_id.as_str();
    // Names of inputs, page by page, of those that succeeded alone.
    let [one, other] =
        [4, 5].map(|time| ended(store, &environment, RunStatus::Succeeded, at(time)));
    let inputs = |behind| store.succeeded_inputs(id, behind, 1).unwrap();
    assert_eq!(inputs(None), [(other.id.clone(), other.input_name)]);
    assert_eq!(inputs(Some(&other.id)), [(one.id.clone(), one.input_name)]);
    assert_eq!(inputs(Some(&one.id)), []);
    for (configuration, runs) in [("c", 6), ("/c", 6), (id, 6), ("d", 0)] {
        let named = |filter: &mut RunFilter| filter.configuration = Some(configuration.to_owned());
        assert_eq!(asked(&named), runs, "{configuration}");
    }
    let another = |filter: &mut RunFilter| filter.workspace_id = "another".to_owned();
    assert_eq!(asked(&another), 0);
}

pub fn runs_are_found_by_text_labels_and_issues(store: &Store) {
    let environment = ready(store, "r", at(0));
    let mut labelled = new_run(&environment);
    labelled.input_name = "Ärzte March.csv".to_owned();
    let labels = [("team", "North"), ("month", "3")];
    labelled.options.labels = labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    labelled.options.configuration_version = Some(7);
    let recorded = store.enqueue_runs(&[labelled], at(1)).unwrap().remove(0);
    assert_eq!(recorded.options.configuration_version, Some(7));
    queued(store, &environment, at(2));
    let asked = |change: &dyn Fn(&mut RunFilter)| {
        let mut filter = all_runs();
        change(&mut filter);
        let found = store.runs(&filter).unwrap();
        found.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let with_text = |text: &str| asked(&|filter| filter.text = Some(text.to_owned()));
    for text in ["ärzte", "MARCH", "north", "team", &recorded.id[28..]] {
        assert_eq!(with_text(text), [&*recorded.id], "{text}");
    }
    assert_eq!(with_text("nowhere"), [""; 0]);
    assert_eq!(with_text(&environment.configuration_name).len(), 2);
    let with_label = |key: &str, value: &str| {
        asked(&|filter| filter.labels = [(key.to_owned(), value.to_owned())].into())
    };
    assert_eq!(with_label("team", "North"), [&*recorded.id]);
    assert_eq!(with_label("team", "South"), [""; 0]);
    let with_issues = |wanted| asked(&|filter| filter.has_issues = Some(wanted));
    assert_eq!(with_issues(false), [""; 0], "none has looked at its input");
    let looked = |issues: u64, now| {
        let mine = claim("w");
        let run = running(store, &environment, &mine, at(now));
        let metrics = vec![
            ("sheet_count", json!(1)),
            ("validation_issues_total", json!(issues)),
            ("field_count_not_detected", json!(issues)),
        ];
        let mut fields = results().fields;
        fields[1].detected = issues == 0;
        let end = Ending {
            results: Some(RunResults {
                metrics,
                fields,
                payload: "{}".to_owned(),
                ..RunResults::default()
            }),
            ..ending(RunStatus::Succeeded)
        };
        assert!(store.finish_run(&run.id, &mine, &end, at(now)).unwrap());
        run.id
    };
    let (clean, faulty) = (looked(0, 3), looked(2, 4));
    assert_eq!(with_issues(false), [&*clean]);
    assert_eq!(with_issues(true), [&*faulty]);
    // Those that lack fields are found, and counted whatever is asked of issues and fields.
    let lacking = |wanted| asked(&|filter| filter.fields_missing = Some(wanted));
    assert_eq!(lacking(true), [&*faulty]);
    assert_eq!(lacking(false), [clean]);
    let metrics = find(store, &faulty).metrics.unwrap();
    assert_eq!(metrics.missing_fields, ["a"]);
    for has_issues in [None, Some(false)] {
        let all = all_runs();
        let counts = store
            .count_runs(&RunFilter { has_issues, ..all }, 9)
            .unwrap();
        assert_eq!((counts.with_issues, counts.fields_missing), (1, 1));
    }
    // A look that is bounded ends at the last run that it looked at, and goes on behind it.
    let mut filter = RunFilter {
        text: Some("ärzte".to_owned()),
        look_at: Some(3),
        ..all_runs()
    };
    let first = store.find_runs(&filter).unwrap();
    assert!(first.runs.is_empty());
    filter.behind = first.looked_to;
    let second = store.find_runs(&filter).unwrap();
    assert_eq!(
        (second.runs[0].id.as_str(), second.looked_to),
        (&*recorded.id, None)
    );
}

pub fn runs_are_counted_by_status(store: &Store) {
    let environment = ready(store, "r", at(0));
    for now in 1..=3 {
        queued(store, &environment, at(now));
    }
    running(store, &environment, &claim("w"), at(4));
    for (now, status) in [
        (5, RunStatus::Succeeded),
        (6, RunStatus::Failed),
        (7, RunStatus::Failed),
    ] {
        ended(store, &environment, status, at(now));
    }
    let counted = |change: &dyn Fn(&mut RunFilter), most| {
        let mut filter = RunFilter {
            statuses: vec![RunStatus::Failed],
            limit: 1,
            ..all_runs()
        };
        change(&mut filter);
        let mut counts = store.count_runs(&filter, most).unwrap();
        let numbers = RunStatus::ALL.map(|status| *counts.of(status));
        (numbers, counts.is_whole)
    };
    assert_eq!(
        counted(&|_| {}, 10),
        ([3, 1, 1, 2, 0], true),
        "whatever the status and the page"
    );
    assert_eq!(counted(&|_| {}, 2), ([2, 1, 1, 2, 0], false));
    let since = |filter: &mut RunFilter| filter.since = Some(at(3));
    assert_eq!(counted(&since, 10), ([1, 1, 1, 2, 0], true));
    let with_text = |text: &str| {
        let text = text.to_owned();
        counted(&move |filter| filter.text = Some(text.clone()), 10)
    };
    assert_eq!(with_text("nowhere"), ([0; 5], true));
    let named = with_text(&environment.configuration_name);
    assert_eq!(named, ([3, 1, 1, 2, 0], true));
    let other = |filter: &mut RunFilter| filter.workspace_id = "other".to_owned();
    assert_eq!(counted(&other, 10), ([0; 5], true));
}

pub fn a_failure_keeps_its_place(store: &Store) {
    let environment = ready(store, "r", at(0));
    let place = Box::new(Place {
        file: Some("src/ade_config/columns/extra.py".to_owned()),
        line: Some(2),
        callable: Some("tidy".to_owned()),
        sheet: Some("North \"1\"".to_owned()),
        table: Some(1),
        column: Some("AB".to_owned()),
    });
    let failure = Failure {
        place: place.clone(),
        ..failure()
    };
    let (first, second) = (claim("w"), claim("w"));
    let run = running(store, &environment, &first, at(1));
    let used = Used::default();
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

/// Submits a run, with what the client asked for.
fn submitted(
    store: &Store,
    run: &NewRun,
    most_queued: Option<u64>,
    key: Option<(&str, &str)>,
    now: Timestamp,
) -> Submitted {
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
    assert!(matches!(submit(1), Submitted::Queued(_)));
    assert!(matches!(submit(2), Submitted::Queued(_)));
    assert!(matches!(submit(3), Submitted::Full(2)));
    // What runs does not wait any more.
    claim_next(store, &claim("w"), at(4)).unwrap();
    assert!(matches!(submit(5), Submitted::Queued(_)));
    assert!(matches!(submit(6), Submitted::Full(2)));
}

pub fn the_same_request_under_the_same_key_is_one_run(store: &Store) {
    let environment = ready(store, "d", at(0));
    let submit = |request: &str, most, now| {
        let key = Some(("k", request));
        submitted(store, &by_http(new_run(&environment)), most, key, at(now))
    };
    let first = match submit("r", None, 1) {
        Submitted::Queued(run) => run.id,
        other => panic!("{other:?}"),
    };
    // Also where the queue is full: nothing is added to it.
    match submit("r", Some(1), 2) {
        Submitted::Repeated(run) => assert_eq!(run.id, first),
        other => panic!("{other:?}"),
    }
    assert!(matches!(submit("another", None, 3), Submitted::KeyInUse));
    assert_eq!(store.run_of_any_workspace(&first).unwrap().id, first);
    // A key is kept for a day.
    let day = 24 * 3600 * 1000;
    assert!(matches!(
        submit("another", None, day + 2),
        Submitted::Queued(_)
    ));
}

pub fn succeeded_runs_of_an_input_are_found_by_all_that_they_are_made_of(store: &Store) {
    let environment = ready(store, "d", at(0));
    let end = |run: &NewRun, status, output: Option<&str>, now| {
        let mine = claim("w");
        store.insert_claimed_run(run, &mine, at(now)).unwrap();
        let ending = Ending {
            output_path: output.map(Into::into),
            ..ending(status)
        };
        assert!(store.finish_run(&run.id, &mine, &ending, at(now)).unwrap());
        run.id.clone()
    };
    let out = Some("/r/output/a_normalized.xlsx");
    let first = end(&new_run(&environment), RunStatus::Succeeded, out, 1);
    let second = end(&new_run(&environment), RunStatus::Succeeded, out, 2);
    end(&new_run(&environment), RunStatus::Failed, None, 3);
    end(&new_run(&environment), RunStatus::Succeeded, None, 4);
    running(store, &environment, &claim("w"), at(5));
    for change in [
        (|run| run.input_name = "b.xlsx".to_owned()) as fn(&mut NewRun),
        |run| run.input_sha256 = "1".to_owned(),
        |run| run.source_digest = "t".to_owned(),
    ] {
        let mut other = new_run(&environment);
        change(&mut other);
        end(&other, RunStatus::Succeeded, out, 6);
    }
    let found = |digest: &str, name: &str, sha256: &str| {
        let key = EnvironmentKey {
            deps_digest: digest.to_owned(),
            ..environment.key.clone()
        };
        store.succeeded_runs_of(&key, "s", name, sha256).unwrap()
    };
    assert_eq!(
        ids(&found("d", "a.xlsx", "0")),
        [second.clone(), first.clone()]
    );
    assert_eq!(found("d", "b.xlsx", "0").len(), 1);
    assert_eq!(found("d", "a.xlsx", "1").len(), 1);
    assert!(found("e", "a.xlsx", "0").is_empty());
    assert!(found("d", "c.xlsx", "0").is_empty());
    // Without their files they have no result any more.
    collected(store, &second, at(7));
    assert_eq!(ids(&found("d", "a.xlsx", "0")), [first]);
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
        Submitted::Queued(run) => assert_eq!(run.status, RunStatus::Succeeded),
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
    let told = |found: &[WaitingRun]| -> Vec<(String, u64, WaitsFor)> {
        let told = found.iter().map(|one| {
            assert_eq!(one.run.id, one.place.run_id);
            (one.run.id.clone(), one.position, one.place.waits_for)
        });
        told.collect()
    };
    let all = waiting(None, 10, 10);
    let wanted = [
        (&runs[0], WaitsFor::Slot),
        (&runs[1], WaitsFor::Slot),
        (&runs[2], WaitsFor::Slot),
        (&cold, WaitsFor::Environment),
        (&back, WaitsFor::Retry),
    ];
    let wanted: Vec<_> = (1..)
        .zip(wanted)
        .map(|(position, (run, why))| (run.id.clone(), position, why))
        .collect();
    assert_eq!(told(&all), wanted);
    assert_eq!(told(&waiting(None, 2, 10)), wanted[..2]);
    // A page goes on where the one before ended, also when that was claimed.
    assert_eq!(claim_next(store, &mine, at(11)).unwrap().id, all[0].run.id);
    assert_eq!(claim_next(store, &mine, at(11)).unwrap().id, all[1].run.id);
    let next = waiting(Some(&all[1].place), 1, 12);
    assert_eq!(told(&next), [(runs[2].id.clone(), 1, WaitsFor::Slot)]);
    let due: Vec<_> = told(&waiting(None, 10, 2000));
    assert_eq!(due[1], (back.id.clone(), 2, WaitsFor::Slot));
    assert_eq!(due[2], (cold.id, 3, WaitsFor::Environment));
    assert_eq!(claim_next(store, &mine, at(2000)).unwrap().id, runs[2].id);
    assert_eq!(claim_next(store, &mine, at(2000)).unwrap().id, back.id);
    let elsewhere = store
        .waiting_runs("another", None, 10, &Limits::default(), at(2000))
        .unwrap();
    assert_eq!(told(&elsewhere), []);
}
