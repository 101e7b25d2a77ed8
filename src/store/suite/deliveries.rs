//! Tests of deliveries about ended runs.

use super::places::{
    at, claim, environment, expiry, fails, process, queued, ready, reclaim, running,
};
use crate::settings::Recovery;
use crate::store::{
    BuildFailureOutcome, Claim, Delivery, DeliveryCounts, DeliveryFailure, DeliveryFilter,
    DeliveryKind, DeliveryStatus, Store,
};

const ALL: [DeliveryKind; 2] = [DeliveryKind::Url, DeliveryKind::Command];
const URL: [DeliveryKind; 1] = [DeliveryKind::Url];

/// Claims all due deliveries, and returns their runs.
fn to_be_told(store: &Store) -> Vec<String> {
    let mut runs = Vec::new();
    while let Some(delivery) = store.claim_delivery(&ALL, &claim("w"), at(99)).unwrap() {
        runs.push(delivery.run_id);
    }
    runs.sort();
    runs
}

pub fn every_end_is_to_be_told_until_it_was(store: &Store) {
    let (made, unmade) = (ready(store, "r", at(0)), environment(store, "u", at(0)));
    let cancelled = queued(store, &made, at(1)).id;
    store.request_cancel(&cancelled, at(2)).unwrap();
    let lost = queued(store, &unmade, at(1)).id;
    fails(store, &unmade, BuildFailureOutcome::Fail, at(3));
    store.fail_runs_of_failed_environments(9, at(4)).unwrap();
    let holder = claim("w").by(Some("dead"));
    let dead = running(store, &made, &holder, at(5)).id;
    reclaim(store, "dead", Recovery::Fail, at(6));
    queued(store, &made, at(7));
    let counts = store.count_deliveries().unwrap();
    assert_eq!((counts.waiting, counts.refused, counts.failed), (6, 0, 0));

    let due = |kinds: &[DeliveryKind], now| store.claim_delivery(kinds, &claim("v"), now).unwrap();
    assert_eq!(due(&[], at(8)), None);
    assert_eq!(due(&ALL, at(1)), None, "not due");
    let own = claim("w");
    let first = store.claim_delivery(&URL, &own, at(8)).unwrap().unwrap();
    assert_eq!(
        (&first.run_id, first.kind, first.attempts, first.created_at),
        (&cancelled, DeliveryKind::Url, 1, at(2))
    );
    let told = |by: &Claim| store.delivered(&first, by, at(9)).unwrap();
    assert!(!told(&claim("another")));
    assert!(told(&own));
    assert!(!told(&own));
    let mut expected = [&cancelled, &lost, &lost, &dead, &dead].map(Clone::clone);
    expected.sort();
    assert_eq!(to_be_told(store), expected);
    store.delete_run(&lost).unwrap();
    assert_eq!(store.count_deliveries().unwrap().waiting, 3);
}

/// Returns a claimed delivery of a run that was cancelled.
fn one(store: &Store, by: &Claim) -> Delivery {
    let run = queued(store, &ready(store, "r", at(0)), at(1));
    store.request_cancel(&run.id, at(2)).unwrap();
    store.claim_delivery(&URL, by, at(3)).unwrap().unwrap()
}

pub fn what_is_refused_waits_and_is_given_up_and_forgotten(store: &Store) {
    let own = claim("w");
    let told = one(store, &own);
    let next = |now| store.claim_delivery(&URL, &claim("v"), now).unwrap();
    assert_eq!(next(at(4)), None, "it is claimed");
    let again = DeliveryFailure::Again(at(9));
    assert!(!store.undelivered(&told, &claim("x"), "no", again).unwrap());
    assert!(store.undelivered(&told, &own, "no", again).unwrap());
    assert!(!store.undelivered(&told, &own, "no", again).unwrap());
    assert_eq!(store.count_deliveries().unwrap().refused, 1);
    assert_eq!(next(at(8)), None);
    assert_eq!(next(at(9)).unwrap().attempts, 2);
    let third = claim("u");
    let expired = store.claim_delivery(&URL, &third, expiry(at(9))).unwrap();
    let expired = expired.unwrap();
    assert_eq!(expired.attempts, 3);
    let given_up = DeliveryFailure::GivenUp;
    assert!(store.undelivered(&expired, &third, "no", given_up).unwrap());
    let all = DeliveryCounts {
        waiting: 1,
        refused: 0,
        failed: 1,
        oldest: Some(at(2)),
    };
    assert_eq!(store.count_deliveries().unwrap(), all, "the other waits");
    store.forget_deliveries(at(2)).unwrap();
    assert_eq!(store.count_deliveries().unwrap(), all);
    store.forget_deliveries(at(3)).unwrap();
    assert_eq!(store.count_deliveries().unwrap().failed, 0);
}

pub fn what_a_dead_process_was_telling_is_due_at_once(store: &Store) {
    store.register_worker(&process("dead")).unwrap();
    let told = one(store, &claim("w").by(Some("dead")));
    reclaim(store, "dead", Recovery::Requeue, at(4));
    let again = store.claim_delivery(&URL, &claim("v"), at(4)).unwrap();
    assert_eq!(again.unwrap().run_id, told.run_id);
}

pub fn what_was_told_is_listed_and_told_again(store: &Store) {
    let own = claim("w");
    let told = one(store, &own);
    let of = |status, behind: Option<&str>| {
        let filter = DeliveryFilter {
            workspace_id: "default".to_owned(),
            status,
            behind: behind.map(str::to_owned),
            limit: 9,
            ..DeliveryFilter::default()
        };
        store.deliveries(&filter).unwrap()
    };
    let all = of(None, None);
    let kinds: Vec<_> = all.iter().map(|delivery| delivery.kind).collect();
    assert_eq!(kinds, [DeliveryKind::Url, DeliveryKind::Command]);
    assert_eq!(of(None, Some(&all[0].id)), all[1..]);
    let again = |now| store.redeliver(&told.run_id, told.kind, now).unwrap();
    assert_eq!(again(at(4)), all[0], "it is being told");
    assert!(store.delivered(&told, &own, at(4)).unwrap());
    let delivered = of(Some(DeliveryStatus::Delivered), None);
    assert_eq!(delivered[0].delivered_at, Some(at(4)));
    let due = again(at(5));
    assert_eq!((due.status, due.attempts), (DeliveryStatus::Waiting, 0));
    assert_eq!((due.available_at, due.created_at), (Some(at(5)), at(5)));
    let next = store.claim_delivery(&URL, &own, at(5)).unwrap().unwrap();
    assert_eq!((next.run_id, next.attempts), (told.run_id.clone(), 1));
    store.delete_run(&told.run_id).unwrap();
    assert!(store.redeliver(&told.run_id, told.kind, at(6)).is_err());
}
