//! Tests of change marks and of the runs that changed.

use super::places::{
    at, claim, claim_next, collected, ended, environment, find, finish, queued, ready, running,
    send_back,
};
use crate::store::{EndedRuns, Retry, RunStatus, Store};

pub fn whatever_is_written_changes_the_mark_and_reading_does_not(store: &Store) {
    let ready = ready(store, "d", at(0));
    // On a server, others may write at the same time, in other databases.
    let is_unchanged_by_reading = || {
        let before = store.change_mark().unwrap();
        store.live_runs("default").unwrap();
        store.runs(&crate::store::RunFilter::default()).unwrap();
        store.change_mark().unwrap() == before
    };
    assert!((0..200).any(|_| is_unchanged_by_reading()));
    let before = store.change_mark().unwrap();
    queued(store, &ready, at(1));
    let recorded = store.change_mark().unwrap();
    assert_ne!(recorded, before);
    let mine = claim("w");
    let run = claim_next(store, &mine, at(2)).unwrap();
    let claimed = store.change_mark().unwrap();
    assert_ne!(claimed, recorded);
    store.request_cancel(&run.id, at(3)).unwrap();
    assert_ne!(store.change_mark().unwrap(), claimed);
}

pub fn runs_in_the_queue_are_those_of_the_workspace_as_they_are(store: &Store) {
    let ready = ready(store, "d", at(0));
    let waiting = environment(store, "e", at(0));
    ended(store, &ready, RunStatus::Succeeded, at(1));
    let first = queued(store, &ready, at(2));
    let second = queued(store, &waiting, at(3));
    let mine = claim("w");
    assert_eq!(claim_next(store, &mine, at(4)).unwrap().id, first.id);
    store.request_cancel(&first.id, at(5)).unwrap();
    let live = || {
        let mut live = store.live_runs("default").unwrap();
        live.sort_by(|run, other| run.id.cmp(&other.id));
        live
    };
    let both = live();
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!((&both[0].id, &both[1].id), (&first.id, &second.id));
    assert_eq!(both[0].status, RunStatus::Running);
    assert_eq!(
        (both[0].attempt_count, both[0].cancel_requested_at),
        (1, Some(at(5)))
    );
    assert_eq!(
        (both[1].status, both[1].attempt_count, both[1].created_at),
        (RunStatus::Queued, 0, at(3))
    );
    assert!(store.live_runs("other").unwrap().is_empty());

    // Back in the queue, the run is due later than before.
    let third = queued(store, &ready, at(6));
    let mine = claim("w");
    assert_eq!(claim_next(store, &mine, at(7)).unwrap().id, third.id);
    send_back(store, &third.id, &mine, Retry::Counted(at(900)), at(8)).unwrap();
    let back = &live()[2];
    assert_eq!(
        (back.status, back.attempt_count, back.available_at),
        (RunStatus::Queued, 1, at(900))
    );
}

pub fn runs_that_ended_since_are_found_those_that_ended_last_first(store: &Store) {
    let ready = ready(store, "d", at(0));
    ended(store, &ready, RunStatus::Succeeded, at(5));
    let second = ended(store, &ready, RunStatus::Failed, at(10));
    let third = ended(store, &ready, RunStatus::Cancelled, at(20));
    running(store, &ready, &claim("w"), at(21));
    let ids = |ended: &EndedRuns| -> Vec<String> {
        ended.runs.iter().map(|run| run.id.clone()).collect()
    };
    let since = store.ended_runs("default", at(10), 10).unwrap();
    assert_eq!(ids(&since), [third.id.clone(), second.id.clone()]);
    assert_eq!(since.only_since, None);
    let run = &since.runs[1];
    assert_eq!(
        (run.status, run.created_at, run.started_at, run.completed_at),
        (RunStatus::Failed, at(10), Some(at(10)), at(10))
    );
    // If the number fits exactly, all runs are returned; if there are more, the last ones.
    assert_eq!(
        store.ended_runs("default", at(10), 2).unwrap().only_since,
        None
    );
    let few = store.ended_runs("default", at(0), 2).unwrap();
    assert_eq!(ids(&few), [third.id.clone(), second.id]);
    assert_eq!(few.only_since, Some(at(10)));
    let other = store.ended_runs("other", at(0), 2).unwrap();
    assert!(other.runs.is_empty());
    assert_eq!(other.only_since, Some(at(10)), "of whatever workspace");
    // Runs whose files were collected are left out.
    collected(store, &third.id, at(31));
    assert!(find(store, &third.id).artifacts_deleted_at.is_some());
    let left = store.ended_runs("default", at(20), 10).unwrap();
    assert!(left.runs.is_empty());
}

pub fn it_is_known_which_runs_each_process_executes(store: &Store) {
    let ready = ready(store, "d", at(0));
    let mut claimed = Vec::new();
    for (number, process) in ["one", "two", "one"].into_iter().enumerate() {
        let claim = claim("w").by(Some(process));
        let since = at(1 + i64::try_from(number).unwrap());
        let run = running(store, &ready, &claim, since);
        claimed.push((run.id, process.to_owned(), since));
    }
    queued(store, &ready, at(9));
    let known = |workspaces: Option<&[String]>| -> Vec<_> {
        let known = store.running_runs(workspaces).unwrap();
        let what = known.into_iter().map(|run| {
            assert_eq!((run.attempt, run.workspace_id.as_str()), (1, "default"));
            assert!(run.claim_expires_at > run.claimed_at);
            (run.id, run.process, run.claimed_at)
        });
        what.collect()
    };
    assert_eq!(known(None), claimed);
    let (own, other) = ("default".to_owned(), "other".to_owned());
    assert_eq!(known(Some(&[other.clone(), own])), claimed);
    assert_eq!(known(Some(&[other])), []);
    assert_eq!(known(Some(&[])), []);
    // The usual duration is the median of the runs that succeeded.
    let configuration = &store.running_runs(None).unwrap()[0].configuration_id;
    assert_eq!(store.usual_duration(configuration).unwrap(), None);
    for (took, status) in [
        (5, RunStatus::Succeeded),
        (1, RunStatus::Succeeded),
        (9, RunStatus::Failed),
        (3, RunStatus::Succeeded),
    ] {
        let mine = claim("w");
        let run = running(store, &ready, &mine, at(20));
        finish(store, &run.id, &mine, status, at(20 + took));
    }
    let usual = store.usual_duration(configuration).unwrap();
    assert_eq!(usual, Some(at(3).since(at(0))));
}
