//! Which data directory a database belongs to.

use std::time::Duration;

use super::places::{at, enqueue, find, new_run, ready, reread};
use crate::store::{EnvironmentKey, Identity, NewEnvironment, NewRun, Store, WorkerRecord};

fn identity(name: &str, data_path: &str) -> Identity {
    Identity {
        database_id: format!("database-{name}"),
        data_id: format!("data-{name}"),
        data_path: data_path.into(),
    }
}

pub fn a_database_is_bound_once(store: &dyn Store) {
    assert_eq!(store.identity().unwrap(), None);
    let (first, second) = (identity("1", "/one"), identity("2", "/two"));
    assert_eq!(store.bind(&first, at(0)).unwrap(), first);
    assert_eq!(store.bind(&second, at(1)).unwrap(), first);
    assert_eq!(store.identity().unwrap(), Some(first));
    assert_eq!(store.rebind(&second, at(2)).unwrap(), 0);
    assert_eq!(store.identity().unwrap(), Some(second));
}

pub fn who_adopts_it_moves_the_paths_of_its_records(store: &dyn Store) {
    store.bind(&identity("1", "/süd/data"), at(0)).unwrap();
    let elsewhere = ready(store, "elsewhere", at(0));
    let key = EnvironmentKey {
        deps_digest: "below".to_owned(),
        ..elsewhere.key.clone()
    };
    let below = NewEnvironment {
        id: "be10be10".to_owned(),
        key,
        folder: "/süd/data/venvs/e".into(),
        snapshot: "/süd/data-of-others/s".into(),
    };
    let below = store.ensure_environment(&below, at(0)).unwrap();
    let run = NewRun {
        run_dir: "/süd/data/runs/r".into(),
        input_path: "/süd/data/runs/r/input/a.xlsx".into(),
        ..new_run(&elsewhere)
    };
    let run = enqueue(store, &run, at(1));
    let worker = WorkerRecord {
        id: "p".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        name: "w".to_owned(),
        kind: "worker".to_owned(),
        slots: 1,
        lock_path: "/süd/data/db/workers/p.lock".into(),
        lease: Duration::from_secs(900),
        started_at: at(1),
        seen_at: at(1),
    };
    store.register_worker(&worker).unwrap();
    let moved = store.rebind(&identity("2", "/new"), at(2)).unwrap();
    assert_eq!(moved, 3);
    let below = reread(store, &below);
    assert_eq!(below.folder.to_str(), Some("/new/venvs/e"));
    assert_eq!(below.snapshot.to_str(), Some("/süd/data-of-others/s"));
    assert_eq!(reread(store, &elsewhere).folder, elsewhere.folder);
    let run = find(store, &run.id);
    assert_eq!(run.run_dir.to_str(), Some("/new/runs/r"));
    assert_eq!(run.input_path.to_str(), Some("/new/runs/r/input/a.xlsx"));
    assert_eq!(run.snapshot.to_str(), Some("/s"));
    let workers = store.workers().unwrap();
    assert_eq!(
        workers[0].lock_path.to_str(),
        Some("/new/db/workers/p.lock")
    );
}
