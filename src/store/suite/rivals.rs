//! Tests of processes that work at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Opener;
use super::places::{
    at, by_http, claim, claim_next, limit_to, new_configuration, new_run, queued, ready,
};
use crate::store::{DeliveryKind, Store, Submission, SubmissionOutcome};

const PROCESSES: usize = 4;

/// Calls a function with several stores on one database at the same time, as several processes would. Returns what each
/// call returned.
fn together<T: Send>(open: &Opener, work: impl Fn(&Store) -> T + Sync) -> Vec<T> {
    let stores: Vec<Store> = (0..PROCESSES).map(|_| open()).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|store| scope.spawn(|| work(store)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

pub fn a_claim_is_made_once_however_many_ask(open: &Opener) {
    let store = open();
    let environment = ready(&store, "r", at(0));
    for number in 0..60 {
        queued(&store, &environment, at(number));
    }
    let claimed: Vec<String> = together(open, |store| {
        std::iter::from_fn(|| claim_next(store, &claim("w"), at(1000)))
            .map(|run| run.id)
            .collect::<Vec<_>>()
    })
    .concat();
    let distinct: std::collections::HashSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
    for number in 0..30 {
        let run = queued(&store, &environment, at(number));
        store.request_cancel(&run.id, at(1000)).unwrap();
    }
    let kinds = [DeliveryKind::Url, DeliveryKind::Command];
    let told = together(open, |store| {
        let next = || store.claim_delivery(&kinds, &claim("w"), at(1000)).unwrap();
        std::iter::from_fn(next)
            .map(|delivery| (delivery.run_id, delivery.kind.as_str()))
            .collect::<Vec<_>>()
    })
    .concat();
    let distinct: std::collections::HashSet<_> = told.iter().collect();
    assert_eq!((told.len(), distinct.len()), (60, 60));
}

pub fn a_folder_is_recorded_once_however_many_see_it_first(open: &Opener) {
    let _kept = open();
    let ids = together(open, |store| {
        store
            .ensure_configuration(&new_configuration("c", "/c"), at(0))
            .unwrap()
            .id
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

pub fn no_more_runs_are_accepted_than_may_wait_however_many_submit(open: &Opener) {
    let store = open();
    let environment = ready(&store, "r", at(0));
    let asked = Submission {
        most_queued: Some(10),
        key: None,
    };
    let accepted: usize = together(open, |store| {
        let submit = |number| {
            let submitted = store.submit_run(&by_http(new_run(&environment)), &asked, at(number));
            usize::from(matches!(submitted.unwrap(), SubmissionOutcome::Queued(_)))
        };
        (1..10).map(submit).sum::<usize>()
    })
    .into_iter()
    .sum();
    assert_eq!(accepted, 10);
}

pub fn no_more_runs_are_executed_than_may_be_at_once_however_many_claim(open: &Opener) {
    let store = open();
    let environment = ready(&store, "r", at(0));
    let id = &environment.key.configuration_id;
    store
        .change_configuration(id, &limit_to(Some(3)), at(1))
        .unwrap();
    for number in 2..30 {
        queued(&store, &environment, at(number));
    }
    let claimed: usize = together(open, |store| {
        let claims = (0..5).filter_map(|_| claim_next(store, &claim("w"), at(1000)));
        claims.count()
    })
    .into_iter()
    .sum();
    assert_eq!(claimed, 3);
}

/// The turn of a submitter is deleted with the submitter's last run, and exists again with the next run.
pub fn what_is_recorded_while_others_claim_is_claimed_too(open: &Opener) {
    let store = open();
    let environment = ready(&store, "r", at(0));
    let each = |store: &Store| {
        let step = |number| {
            queued(store, &environment, at(number));
            let run = claim_next(store, &claim("w"), at(1000));
            run.map(|run| run.id)
        };
        (0..30).filter_map(step).collect::<Vec<_>>()
    };
    let mut claimed = together(open, each).concat();
    let left = || claim_next(&store, &claim("w"), at(1000));
    claimed.extend(std::iter::from_fn(left).map(|run| run.id));
    let distinct: std::collections::HashSet<_> = claimed.iter().collect();
    assert_eq!(
        (claimed.len(), distinct.len()),
        (30 * PROCESSES, 30 * PROCESSES)
    );
}

pub fn a_configuration_is_deleted_or_run_and_never_both(open: &Opener) {
    let store = open();
    for round in 0..8 {
        let environment = ready(&store, &round.to_string(), at(0));
        let id = &environment.key.configuration_id;
        let turn = AtomicUsize::new(round);
        together(open, |store| {
            match turn.fetch_add(1, Ordering::Relaxed) % PROCESSES {
                0 => drop(store.delete_configuration(id, false)),
                _ => drop(store.enqueue_runs(&[new_run(&environment)], at(1))),
            }
        });
        let runs = store.live_runs("default").unwrap();
        assert_eq!(store.configuration(id).is_err(), runs.is_empty());
        for run in &runs {
            store.request_cancel(&run.id, at(2)).unwrap();
            store.delete_run(&run.id).unwrap();
        }
    }
}
