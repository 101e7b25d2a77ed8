//! Tests of the part of an id that people see and type.

use super::places::{at, enqueue, new_run, ready};
use crate::store::{IdKind, NewRun, Store, StoreError};

pub fn an_id_is_shown_as_far_as_tells_it_from_others_and_found_by_that(store: &Store) {
    let environment = ready(store, "r", at(0));
    let ids = [
        // Ids of the same moment: their beginnings are equal.
        "0199aaaa-0000-7000-8000-0000001111aa",
        "0199aaaa-0000-7000-8000-0000002111aa",
        "0199aaaa-0000-7000-8000-0000003333bb",
        // The last six digits of this id are the beginning of others.
        "0199aaab-0000-7000-8000-0000000199aa",
    ];
    let record = |id: &str| {
        let run = NewRun {
            id: id.to_owned(),
            ..new_run(&environment)
        };
        enqueue(store, &run, at(0));
    };
    ids.into_iter().for_each(record);
    let short = store.short_ids(IdKind::Runs, "default", &ids).unwrap();
    assert_eq!(short, ["1111aa", "2111aa", "3333bb", "00199aa"]);
    for (short, id) in short.iter().zip(ids) {
        assert_eq!(store.run("default", short).unwrap().id, id);
        assert_eq!(store.run("default", &id[20..]).unwrap().id, id);
        assert_eq!(store.run("default", &short.to_uppercase()).unwrap().id, id);
        let elsewhere = store.run("another", short);
        assert!(matches!(elsewhere, Err(StoreError::NotFound { .. })));
    }
    // The text is too short for an end, and no id begins with it.
    assert!(matches!(
        store.run("default", "333bb"),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        store.run("default", "0199aa"),
        Err(StoreError::Ambiguous { count: 4, .. })
    ));
    let longer = "0199aaaa-0000-7000-8000-0000031111aa";
    record(longer);
    let short = store.short_ids(IdKind::Runs, "default", &[longer, ids[0]]);
    assert_eq!(short.unwrap(), ["31111aa", "01111aa"]);
    assert!(matches!(
        store.run("default", "1111aa"),
        Err(StoreError::Ambiguous { count: 2, .. })
    ));
    let of_environment = store.short_ids(IdKind::Environments, "default", &[&environment.id]);
    let [short] = of_environment.unwrap().try_into().unwrap();
    assert!(environment.id.ends_with(&short) && short.len() < environment.id.len());
    assert_eq!(
        store.environment("default", &short).unwrap().id,
        environment.id
    );
}
