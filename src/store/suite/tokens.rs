//! Tests of tokens and sessions.

use super::places::{at, new_id};
use crate::store::{Scope, Store, StoreError, TokenRecord};

fn added(store: &Store, name: &str, hash: &str) -> TokenRecord {
    let token = TokenRecord {
        id: new_id(),
        name: name.to_owned(),
        scope: Scope::Run,
        workspaces: Some(vec!["a".to_owned(), "b".to_owned()]),
        created_at: at(0),
        expires_at: Some(at(100)),
        revoked_at: None,
        last_used_at: None,
    };
    store.add_token(&token, hash).unwrap();
    token
}

pub fn a_token_is_found_by_its_digest_alone(store: &Store) {
    let (one, two) = (added(store, "one", "h1"), added(store, "two", "h2"));
    assert_eq!(store.token_of("h1").unwrap(), Some(one.clone()));
    assert_eq!(store.token_of("h").unwrap(), None);
    assert_eq!(store.tokens().unwrap(), [two, one.clone()]);
    store.note_token_use(&one.id, at(7)).unwrap();
    let used = store.token_of("h1").unwrap().unwrap();
    assert_eq!(used.last_used_at, Some(at(7)));
}

pub fn a_revoked_token_stays_revoked_and_its_sessions_end(store: &Store) {
    let (one, two) = (added(store, "one", "h1"), added(store, "two", "h2"));
    store.begin_session("s1", &one.id, at(50), at(1)).unwrap();
    store.begin_session("s2", &two.id, at(50), at(1)).unwrap();
    assert_eq!(store.session("s1", at(49)).unwrap().unwrap().id, one.id);
    let revoked = store.revoke_token(&one.id, at(2)).unwrap();
    assert_eq!(revoked.revoked_at, Some(at(2)));
    assert_eq!(store.revoke_token(&one.id, at(9)).unwrap(), revoked);
    let of_session = store.session("s1", at(3)).unwrap();
    assert!(of_session.is_none_or(|token| !token.is_valid(at(3))));
    assert_eq!(store.session("s2", at(3)).unwrap().unwrap().id, two.id);
    let unknown = store.revoke_token("0199", at(4));
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub fn a_session_ends_with_its_time_or_by_hand(store: &Store) {
    let token = added(store, "one", "h1");
    for hash in ["s1", "s2"] {
        store.begin_session(hash, &token.id, at(50), at(1)).unwrap();
    }
    assert!(store.session("s1", at(49)).unwrap().is_some());
    assert!(store.session("s1", at(50)).unwrap().is_none());
    store.end_session("s2").unwrap();
    assert!(store.session("s2", at(2)).unwrap().is_none());
    store.end_session("unknown").unwrap();
    let take = |now| store.take_session("s1", now).unwrap();
    assert!(take(at(50)).is_none());
    store.begin_session("s1", &token.id, at(50), at(1)).unwrap();
    assert_eq!(take(at(49)).map(|found| found.id), Some(token.id));
    assert!(take(at(49)).is_none());
}
