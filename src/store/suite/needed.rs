//! Tests of archiving and deleting configurations and workspaces, and of the records that prevent it.

use std::path::Path;

use super::places::{
    at, build, claim, default_to, environment, finish, key, new_configuration, new_run, new_run_of,
    put_away, queued, ready, running, take,
};
use crate::base::problem::Problem;
use crate::store::{ClaimableState, LeftOutFile, NewEnvironment, Pause, Result, RunStatus, Store};

/// Returns the code of an error.
fn code<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("none", |error| error.code())
}

pub fn an_archived_configuration_keeps_what_it_has_and_takes_nothing_new(store: &Store) {
    let ready = ready(store, "r", at(0));
    let id = &ready.key.configuration_id;
    store
        .change_configuration(id, &default_to(true), at(0))
        .unwrap();
    let change = |name, archived| store.change_configuration(id, &put_away(name, archived), at(7));
    let run = queued(store, &ready, at(1)).id;
    let waiting = environment(store, "asked for", at(1)).id;
    // The change is refused as a whole: the name also stays.
    let refused = change(Some("other"), Some(true)).unwrap_err();
    assert_eq!(refused.code(), "in_use");
    assert!(
        refused.to_string().contains("1 run in the queue"),
        "{refused}"
    );
    assert_eq!(store.configuration(id).unwrap().record.name, "c");
    store.request_cancel(&run, at(2)).unwrap();
    let archived = change(Some("other"), Some(true)).unwrap();
    let known = (archived.archived_at, archived.is_default);
    assert_eq!(known, (Some(at(7)), false));
    assert_eq!(archived.record.name, "other");
    assert_eq!(
        store.run("default", &run).unwrap().status,
        RunStatus::Cancelled
    );
    let new = NewEnvironment {
        id: "e".to_owned(),
        key: ready.key.clone(),
        folder: "/v".into(),
        snapshot: "/s".into(),
    };
    let unmade = NewEnvironment {
        key: key(store, "another"),
        ..new.clone()
    };
    // An environment that was requested before is not built.
    assert!(store.next_environment(at(8), None, None).unwrap().is_none());
    for refused in [
        code(store.enqueue_runs(&[new_run(&ready)], at(8))),
        code(store.submit_run(&new_run(&ready), &Default::default(), at(8))),
        code(store.insert_claimed_run(&new_run(&ready), &claim("w"), at(8))),
        code(store.ensure_environment(&new, at(8))),
        code(store.ensure_environment(&unmade, at(8))),
        code(store.publish(id, "d", Path::new("/s"), at(8))),
        code(store.change_configuration(id, &default_to(true), at(8))),
    ] {
        assert_eq!(refused, "configuration_archived");
    }
    assert!(change(None, Some(false)).unwrap().archived_at.is_none());
    queued(store, &ready, at(9));
    let next = store.next_environment(at(9), None, None).unwrap();
    assert_eq!(next.map(|next| next.id), Some(waiting));
}

pub fn a_configuration_without_runs_is_deleted_with_what_it_has(store: &Store) {
    let used = ready(store, "r", at(0));
    let id = &used.key.configuration_id;
    let delete = |dry_run| store.delete_configuration(id, dry_run);
    let mine = claim("w");
    let run = running(store, &used, &mine, at(1)).id;
    let refused = delete(true).unwrap_err();
    assert_eq!(refused.code(), "in_use");
    assert!(refused.to_string().contains("has 1 run"), "{refused}");
    finish(store, &run, &mine, RunStatus::Succeeded, at(2));
    assert_eq!(code(delete(false)), "in_use");
    assert!(store.delete_run(&run).unwrap());
    let waiting = environment(store, "w", at(2));
    let taken = take(store, &waiting.id, &mine, ClaimableState::Due, at(3));
    assert!(taken.is_some());
    assert_eq!(code(delete(false)), "in_use");
    store
        .release_environment(&waiting.id, &mine, at(4))
        .unwrap();
    store.publish(id, "d", Path::new("/s"), at(4)).unwrap();
    let pause = Pause {
        configuration_id: Some(id.clone()),
        reason: None,
        paused_by: "user x".to_owned(),
        paused_at: at(4),
    };
    store.pause(&pause).unwrap();
    delete(true).unwrap();
    assert_eq!(store.environments("default").unwrap().len(), 2);
    delete(false).unwrap();
    assert!(store.environments("default").unwrap().is_empty());
    assert!(store.published_snapshots().unwrap().is_empty());
    assert!(store.pauses().unwrap().is_empty());
    let of_nothing = new_run_of(&used.id, &used.key);
    for gone in [
        code(delete(false)),
        code(store.enqueue_runs(&[of_nothing], at(5))),
        code(store.pause(&pause)),
        code(store.change_configuration(id, &put_away(None, Some(true)), at(5))),
    ] {
        assert_eq!(gone, "not_found");
    }
    // From now on, its folder is another configuration.
    let again = environment(store, "r", at(6));
    assert_ne!(again.key.configuration_id, *id);
    build(store, &again, at(7));
}

pub fn a_workspace_is_renamed_and_deleted_once_it_is_empty(store: &Store) {
    let new = new_configuration("c", "/c");
    store.ensure_configuration(&new, at(0)).unwrap();
    let renamed = store.rename_workspace("default", "Finance").unwrap();
    assert_eq!((&*renamed.id, &*renamed.name), ("default", "Finance"));
    let left_out = LeftOutFile {
        name: "a.pdf".to_owned(),
        why: "w".to_owned(),
    };
    store
        .leave_out("default", "b:1", &[left_out], at(1))
        .unwrap();
    let delete = |dry_run| store.delete_workspace("default", dry_run);
    let refused = delete(false).unwrap_err();
    assert_eq!(refused.code(), "in_use");
    assert!(
        refused.to_string().ends_with("has 1 configuration"),
        "{refused}"
    );
    store.delete_configuration(&new.id, false).unwrap();
    assert_eq!(delete(true).unwrap(), (renamed.clone(), 1));
    assert_eq!(delete(false).unwrap(), (renamed, 1));
    assert_eq!(code(delete(true)), "not_found");
    assert_eq!(code(store.rename_workspace("default", "x")), "not_found");
    let (made, is_new) = store.add_workspace("default", at(2)).unwrap();
    assert_eq!((&*made.name, is_new), ("default", true));
    assert!(store.left_out("default", "b:1").unwrap().is_empty());
}
