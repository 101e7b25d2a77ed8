//! Tests of pauses, and of the runs that they keep from being claimed.

use super::places::{at, claim, claim_next, environment, fails, queued, ready};
use crate::store::{BuildFailureOutcome, Limits, Pause, Store, WaitReason};

fn pause(of: Option<&str>, reason: Option<&str>, time: i64) -> Pause {
    Pause {
        configuration_id: of.map(str::to_owned),
        reason: reason.map(str::to_owned),
        paused_by: "user x".to_owned(),
        paused_at: at(time),
    }
}

pub fn a_pause_is_one_and_keeps_its_begin(store: &Store) {
    let id = ready(store, "r", at(0)).key.configuration_id;
    assert_eq!(store.pauses().unwrap(), []);
    assert_eq!(store.pause_of(&id).unwrap(), None);
    let own = pause(Some(&id), Some("one"), 1);
    assert_eq!(store.pause(&own).unwrap(), own);
    assert_eq!(store.pause(&pause(Some(&id), None, 2)).unwrap(), own);
    let changed = store.pause(&pause(Some(&id), Some("two"), 3)).unwrap();
    assert_eq!(
        (changed.reason.as_deref(), changed.paused_at),
        (Some("two"), at(1))
    );
    let all = pause(None, None, 4);
    store.pause(&all).unwrap();
    assert_eq!(store.pauses().unwrap(), [all.clone(), changed.clone()]);
    assert_eq!(store.pause_of(&id).unwrap(), Some(all.clone()));
    assert_eq!(store.pause_of("another").unwrap(), Some(all.clone()));
    assert_eq!(store.resume(None).unwrap(), Some(all));
    assert_eq!(store.resume(None).unwrap(), None);
    assert_eq!(store.pause_of("another").unwrap(), None);
    assert_eq!(store.resume(Some(&id)).unwrap(), Some(changed));
}

pub fn nothing_that_is_paused_is_claimed_built_or_failed(store: &Store) {
    let (made, unmade) = (ready(store, "r", at(0)), environment(store, "u", at(0)));
    let (first, second) = (queued(store, &made, at(1)), queued(store, &unmade, at(2)));
    for of in [None, Some(made.key.configuration_id.as_str())] {
        store.pause(&pause(of, None, 3)).unwrap();
        assert_eq!(store.paused_runs().unwrap(), 2);
        assert!(claim_next(store, &claim("w"), at(4)).is_none());
        let named = store.claim_run(&first.id, &claim("w"), at(4)).unwrap();
        assert!(named.is_none());
        assert!(store.next_environment(at(4), None, None).unwrap().is_none());
        let waiting = store
            .waiting_runs("default", None, 9, &Limits::default(), at(4))
            .unwrap();
        let why: Vec<_> = waiting.iter().map(|entry| entry.place.waits_for).collect();
        assert_eq!(why, [WaitReason::Pause; 2]);
        store.resume(of).unwrap();
        assert_eq!(store.paused_runs().unwrap(), 0);
    }
    // If an environment fails during a pause, its runs fail when the pause is over.
    fails(store, &unmade, BuildFailureOutcome::Fail, at(5));
    store.pause(&pause(None, None, 7)).unwrap();
    let failed = || store.fail_runs_of_failed_environments(9, at(8)).unwrap();
    assert!(failed().is_empty());
    store.resume(None).unwrap();
    let failed: Vec<_> = failed().into_iter().map(|run| run.id).collect();
    assert_eq!(failed, [second.id]);
    assert_eq!(claim_next(store, &claim("w"), at(9)).unwrap().id, first.id);
}
