//! Figures of the queue.

use super::places::{at, claim, ended, environment, queued, ready, running};
use crate::store::{Overview, Pause, RunStatus, Store};

pub fn the_overview_counts_what_waits_runs_and_ended(store: &dyn Store) {
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
