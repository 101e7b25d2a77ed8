//! Configurations: one for each folder.

use std::path::Path;

use super::places::{at, new_configuration, queued, ready};
use crate::store::Store;

pub fn a_folder_is_one_configuration_whose_name_is_kept_current(store: &dyn Store) {
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

pub fn the_last_run_of_a_configuration_is_known(store: &dyn Store) {
    let environment = ready(store, "d", at(0));
    let last_run = || store.configuration_activity().unwrap()[0].last_run_at;
    assert_eq!(last_run(), None);
    queued(store, &environment, at(5));
    assert_eq!(last_run(), Some(at(5)));
}
