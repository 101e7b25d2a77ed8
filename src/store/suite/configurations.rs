//! Tests of configurations: one for each folder.

use std::path::Path;

use super::places::{at, default_to, limit_to, new_configuration, put_away, queued, ready};
use crate::base::problem::Problem;
use crate::store::{
    ConfigurationChange, ConfigurationVersion, KnownConfiguration, Publication, Store, StoreError,
};

pub fn a_folder_is_one_configuration_whose_name_is_kept_current(store: &Store) {
    let ensure = |name: &str, folder: &str, now| {
        store
            .ensure_configuration(&new_configuration(name, folder), at(now))
            .unwrap()
    };
    let first = ensure("one", "/c", 1);
    let renamed = ensure("two", "/c", 2);
    let other = ensure("two", "/d", 3);
    assert_eq!(
        (renamed.id == first.id, renamed.name.as_str()),
        (true, "two")
    );
    assert_ne!(other.id, first.id);
    let found = store.configuration_at("default", Path::new("/c")).unwrap();
    assert_eq!(found.unwrap().name, "two");
    for (workspace, folder) in [("default", "/e"), ("another", "/c")] {
        let found = store
            .configuration_at(workspace, Path::new(folder))
            .unwrap();
        assert!(found.is_none(), "{workspace} {folder}");
    }
}

pub fn the_last_run_of_a_configuration_is_known(store: &Store) {
    let environment = ready(store, "d", at(0));
    let last_run = || store.configuration_activity().unwrap()[0].last_run_at;
    assert_eq!(last_run(), None);
    queued(store, &environment, at(5));
    assert_eq!(last_run(), Some(at(5)));
}

fn default(store: &Store) -> Vec<String> {
    let known = store.configurations("default").unwrap();
    let default = known.into_iter().filter(|known| known.is_default);
    default.map(|known| known.record.name).collect()
}

fn publish(store: &Store, id: &str, digest: &str, now: i64) -> Publication {
    let snapshot = Path::new("/snapshots").join(digest);
    store.publish(id, digest, &snapshot, at(now)).unwrap()
}

/// Returns the numbers of the versions, and whether each is active.
fn numbers(store: &Store, id: &str) -> Vec<(u32, bool)> {
    let versions = store.versions(id).unwrap();
    let number = |version: &ConfigurationVersion| (version.version, version.active);
    versions.iter().map(number).collect()
}

pub fn one_configuration_of_a_workspace_is_its_default(store: &Store) {
    let ids = ["b", "a", "c"].map(|name| {
        let new = new_configuration(name, &format!("/{name}"));
        store.ensure_configuration(&new, at(0)).unwrap().id
    });
    assert_eq!(default(store), [""; 0]);
    assert!(
        store
            .change_configuration(&ids[0], &default_to(true), at(1))
            .unwrap()
            .is_default
    );
    assert_eq!(default(store), ["b"]);
    let names = |known: Vec<KnownConfiguration>| {
        let names = known.into_iter().map(|known| known.record.name);
        names.collect::<Vec<_>>()
    };
    store
        .change_configuration(&ids[2], &default_to(true), at(2))
        .unwrap();
    assert_eq!(default(store), ["c"]);
    // The default comes first, the others by name.
    let known = store.configurations("default").unwrap();
    assert_eq!(names(known), ["c", "a", "b"]);
    let ended = store.configuration(&ids[0]).unwrap();
    assert_eq!((ended.is_default, ended.updated_at), (false, at(2)));
    store
        .change_configuration(&ids[2], &default_to(false), at(3))
        .unwrap();
    assert_eq!(default(store), [""; 0]);
    let unknown = store.change_configuration("0199", &default_to(true), at(4));
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub fn an_uploaded_configuration_has_the_versions_that_were_published(store: &Store) {
    let new = new_configuration("c", "/draft");
    store.add_uploaded_configuration(&new, at(0)).unwrap();
    let known = store.configuration(&new.id).unwrap();
    assert!(known.uploaded && !known.is_default && known.version.is_none());

    let publish = |digest: &str, now| publish(store, &new.id, digest, now);
    let first = match publish("d1", 1) {
        Publication::Published(version) => version,
        other => panic!("{other:?}"),
    };
    assert_eq!((first.version, first.active), (1, true));
    assert_eq!(default(store), ["c"]);
    assert_eq!(publish("d1", 2), Publication::Unchanged(first.clone()));
    assert!(matches!(publish("d2", 3), Publication::Published(_)));
    // Files of an archived version are published again.
    assert!(matches!(publish("d1", 4), Publication::Published(_)));
    let versions = store.versions(&new.id).unwrap();
    assert_eq!(numbers(store, &new.id), [(3, true), (2, false), (1, false)]);
    let known = store.configuration(&new.id).unwrap();
    assert_eq!(known.version.as_ref(), Some(&versions[0]));
    let mut kept = store.published_snapshots().unwrap();
    kept.sort();
    assert_eq!(kept, ["/snapshots/d1", "/snapshots/d2"].map(Path::new));
    let unknown = store.publish("0199", "d", Path::new("/s"), at(5));
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    // The configuration has the name that a person chose, whatever its manifest contains.
    let renamed = store.change_configuration(&new.id, &put_away(Some("d"), None), at(6));
    assert_eq!(renamed.unwrap().record.name, "d");
    assert_eq!(store.ensure_configuration(&new, at(6)).unwrap().name, "d");
}

pub fn any_version_is_made_active_again_and_none_is_lost(store: &Store) {
    let new = new_configuration("c", "/draft");
    store.add_uploaded_configuration(&new, at(0)).unwrap();
    let publish = |digest: &str, now| publish(store, &new.id, digest, now);
    publish("d1", 1);
    publish("d2", 2);
    let activate = |version, now| {
        let change = ConfigurationChange {
            active_version: Some(version),
            ..ConfigurationChange::default()
        };
        store.change_configuration(&new.id, &change, at(now))
    };
    let active = |known: &KnownConfiguration| known.version.as_ref().map(|version| version.version);
    let statuses = || numbers(store, &new.id);
    let back = activate(Some(1), 3).unwrap();
    assert_eq!((active(&back), back.updated_at), (Some(1), at(3)));
    assert_eq!(statuses(), [(2, false), (1, true)]);
    // Activating the active version changes nothing, and neither does a missing version.
    assert_eq!(activate(Some(1), 4).unwrap().updated_at, at(3));
    let unknown = activate(Some(3), 4).unwrap_err();
    assert_eq!(unknown.code(), "not_found");
    // Either all requested changes are made, or none.
    let change = ConfigurationChange {
        active_version: Some(Some(3)),
        ..put_away(Some("e"), None)
    };
    store
        .change_configuration(&new.id, &change, at(4))
        .unwrap_err();
    assert_eq!(store.configuration(&new.id).unwrap().record.name, "c");
    assert_eq!(statuses(), [(2, false), (1, true)]);
    // The next version has the next number, whichever was active.
    assert!(matches!(publish("d3", 5), Publication::Published(version) if version.version == 3));
    assert_eq!(active(&activate(None, 6).unwrap()), None);
    assert_eq!(statuses(), [(3, false), (2, false), (1, false)]);
    // Without an active version, any files are new.
    assert!(matches!(publish("d3", 7), Publication::Published(version) if version.version == 4));
    let unknown = store.change_configuration("0199", &limit_to(None), at(8));
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub fn a_publication_takes_the_default_from_no_other_configuration(store: &Store) {
    let ids = ["a", "b"].map(|name| {
        let new = new_configuration(name, &format!("/{name}"));
        store.ensure_configuration(&new, at(0)).unwrap().id
    });
    publish(store, &ids[0], "d", 1);
    assert_eq!(default(store), ["a"]);
    publish(store, &ids[1], "d", 1);
    assert_eq!(default(store), ["a"]);
    store
        .change_configuration(&ids[0], &default_to(false), at(2))
        .unwrap();
    publish(store, &ids[1], "e", 3);
    assert_eq!(default(store), ["b"]);
}

pub fn a_workspace_is_recorded_once(store: &Store) {
    let (first, is_new) = store.add_workspace("b", at(1)).unwrap();
    assert!(is_new);
    let again = store.add_workspace("b", at(2)).unwrap();
    assert_eq!(again, (first, false));
    // A workspace is also recorded with its first configuration.
    let new = new_configuration("c", "/c");
    store.ensure_configuration(&new, at(3)).unwrap();
    let known = store.workspaces().unwrap().into_iter();
    let ids: Vec<String> = known.map(|workspace| workspace.id).collect();
    assert_eq!(ids, ["b", "default"]);
}
