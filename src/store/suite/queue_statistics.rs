//! Tests of statistics of the queue.

use super::places::{
    at, claim, claim_next, ended, enqueue, environment, finish, new_run, queued, ready, running,
};
use crate::store::{
    EndedCount, LiveCount, Overview, Pause, RunStatus, Store, Submitter, SubmitterKind,
};

pub fn the_overview_counts_what_waits_runs_and_ended(store: &Store) {
    let ready = ready(store, "d", at(0));
    environment(store, "e", at(0));
    queued(store, &ready, at(40));
    queued(store, &ready, at(20));
    queued(store, &ready, at(900));
    running(store, &ready, &claim("w"), at(30));
    for (status, now) in [
        (RunStatus::Succeeded, 5),
        (RunStatus::Succeeded, 50),
        (RunStatus::Failed, 51),
        (RunStatus::Cancelled, 52),
    ] {
        ended(store, &ready, status, at(now));
    }
    assert_eq!(
        store.overview(None, at(10), at(60)).unwrap(),
        Overview {
            queued: 3,
            oldest_wait_ms: Some(40),
            in_trouble: 0,
            running: 1,
            environments_queued: 1,
            environments_building: 0,
            succeeded: 1,
            failed: 1,
            cancelled: 1,
        }
    );
    let paused = Pause {
        configuration_id: Some(ready.key.configuration_id),
        reason: None,
        paused_by: "ann".to_owned(),
        paused_at: at(60),
    };
    store.pause(&paused).unwrap();
    let overview = store.overview(None, at(10), at(60)).unwrap();
    assert_eq!((overview.queued, overview.oldest_wait_ms), (3, None));
    let elsewhere = store.overview(Some("elsewhere"), at(10), at(60)).unwrap();
    assert_eq!(elsewhere, Overview::default());
}

pub fn what_has_ended_is_counted_by_whose_it_was_and_how_long_it_took(store: &Store) {
    let ready = ready(store, "d", at(0));
    let mut new = new_run(&ready);
    new.options.submitted_by = Some(Submitter {
        kind: SubmitterKind::User,
        id: "7".to_owned(),
        name: "ann".to_owned(),
    });
    let run = enqueue(store, &new, at(0));
    let live = |queued, running| {
        [LiveCount {
            configuration_id: ready.key.configuration_id.clone(),
            submitter: "user 7".to_owned(),
            queued,
            running,
        }]
    };
    assert_eq!(store.live_counts().unwrap(), live(1, 0));
    let mine = claim("w");
    claim_next(store, &mine, at(100)).unwrap();
    assert_eq!(store.live_counts().unwrap(), live(0, 1));
    finish(store, &run.id, &mine, RunStatus::Succeeded, at(601));
    assert_eq!(store.live_counts().unwrap(), []);
    let counted = |subject: String| EndedCount {
        subject,
        status: RunStatus::Succeeded,
        waited: Some(0),
        took: Some(2),
        runs: 1,
        waited_ms: 100,
        took_ms: 501,
    };
    let both = [
        counted(format!("configuration {}", ready.key.configuration_id)),
        counted("submitter user 7".to_owned()),
    ];
    let mut ended = store.ended_counts().unwrap();
    ended.sort_by(|count, other| count.subject.cmp(&other.subject));
    assert_eq!(ended, both);
    // Deleting the run does not reduce the counts, and a run that never started has no times.
    assert!(store.delete_run(&run.id).unwrap());
    let never = enqueue(store, &new_run(&ready), at(700));
    store.request_cancel(&never.id, at(701)).unwrap();
    let never: Vec<_> = store
        .ended_counts()
        .unwrap()
        .into_iter()
        .filter(|count| count.status == RunStatus::Cancelled)
        .map(|count| (count.waited, count.took))
        .collect();
    assert_eq!(never, [(None, None); 2]);
    let totals = store.totals().unwrap();
    assert_eq!((totals.succeeded, totals.cancelled), (1, 1));
}
