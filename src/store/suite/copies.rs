//! Tests of copies of normalized workbooks.

use std::path::Path;

use super::places::at;
use crate::store::{OutputCopy, Store};

pub fn a_copy_is_known_by_its_path_and_that_of_a_run_by_the_run(store: &Store) {
    let copy = |path: &str, run: &str| OutputCopy {
        path: path.into(),
        workspace_id: "default".to_owned(),
        run_id: run.to_owned(),
    };
    let record = |path, run, now| store.record_copy(&copy(path, run), at(now)).unwrap();
    record("/clean/a_normalized.xlsx", "one", 1);
    record("/clean/b_normalized.xlsx", "two", 2);
    record("/clean/a_normalized.xlsx", "three", 3);
    record("/clean/a_annotated.xlsx", "three", 4);
    let is_copy = |name: &str| store.is_copy(&Path::new("/clean").join(name)).unwrap();
    assert!(is_copy("a_annotated.xlsx") && is_copy("a_normalized.xlsx"));
    assert!(!is_copy("c_normalized.xlsx"));
    let copies = store.copies_of(&["one", "two", "three", "four"]).unwrap();
    assert_eq!(copies.len(), 2, "{copies:?}");
    assert_eq!(copies["two"], Path::new("/clean/b_normalized.xlsx"));
    assert_eq!(copies["three"], Path::new("/clean/a_normalized.xlsx"));
    // The copy was renamed to the path of another copy.
    let renamed = Path::new("/clean/b_normalized.xlsx");
    store
        .move_copy(Path::new("/clean/a_normalized.xlsx"), renamed)
        .unwrap();
    let copies = store.copies_of(&["one", "two", "three"]).unwrap();
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(copies["three"], renamed);
    assert!(store.is_copy(renamed).unwrap());
}
