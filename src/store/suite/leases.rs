//! Tests of named leases, and of the repair of times after the clock was set back.

use super::places::{
    LEASE, at, claim, claim_next, expiry, find, process, queued, ready, send_back,
};
use crate::store::{Retry, Store};

pub fn a_lease_has_one_holder_who_is_known_until_it_expires(store: &Store) {
    let acquire = |token, now| {
        store
            .acquire_lease("gc", "somebody", token, LEASE, &|| Some(now))
            .unwrap()
    };
    let holder = || store.lease_holder("gc").unwrap();
    assert_eq!(holder(), None);
    assert!(acquire("mine", at(0)));
    let known = holder().unwrap();
    assert_eq!(known.name, "somebody");
    assert_eq!(known.expires_at, at(0).plus(LEASE));
    assert!(!acquire("theirs", at(1)));
    assert!(acquire("mine", at(2)), "renewed");
    assert!(!acquire("theirs", expiry(at(0))));
    assert!(acquire("theirs", expiry(at(2))));
    store.release_lease("gc", "mine").unwrap();
    assert!(
        !acquire("mine", expiry(at(2))),
        "it was not this one's to release"
    );
    store.release_lease("gc", "theirs").unwrap();
    assert_eq!(holder(), None);
    assert!(acquire("mine", expiry(at(2))));
    store.release_lease("gc", "mine").unwrap();
    // A lease from before the clock was set back blocks no other process.
    assert!(acquire("before", at(1_000_000_000)));
    assert!(acquire("after", at(0)));
}

pub fn after_a_clock_that_went_back_nothing_waits_for_what_it_was(store: &Store) {
    let environment = ready(store, "d", at(0));
    let (held, waiting) = (
        queued(store, &environment, at(1)),
        queued(store, &environment, at(2)),
    );
    let future = at(1_000_000_000);
    claim_next(store, &claim("w"), future).unwrap();
    let theirs = claim("v");
    claim_next(store, &theirs, future).unwrap();
    let later = Retry::Counted(future.plus(LEASE));
    send_back(store, &waiting.id, &theirs, later, future).unwrap();
    store.register_worker(&process("p")).unwrap();
    let repair = |now| {
        let margin = LEASE - process("p").lease;
        store.repair_times(LEASE, margin, &|| now).unwrap()
    };
    assert_eq!(repair(None), 0, "the clock cannot be trusted");
    assert_eq!(repair(Some(at(10))), 2);
    let expires = find(store, &held.id).claim_expires_at;
    assert_eq!(expires, Some(at(10).plus(LEASE)));
    assert_eq!(find(store, &waiting.id).available_at, at(10));
    assert_eq!(repair(Some(at(10))), 0, "all is repaired");

    store.request_cancel(&waiting.id, future).unwrap();
}
