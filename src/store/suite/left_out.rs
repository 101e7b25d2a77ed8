//! Tests of files of batches that became no run.

use super::places::at;
use crate::store::{LeftOutFile, Store};

pub fn files_that_became_no_run_stay_with_their_batch(store: &Store) {
    let file = |name: &str, why: &str| LeftOutFile {
        name: name.to_owned(),
        why: why.to_owned(),
    };
    let leave = |workspace, label, files: &[LeftOutFile], time| {
        store.leave_out(workspace, label, files, at(time)).unwrap();
    };
    let told = |workspace, label| store.left_out(workspace, label).unwrap();
    leave(
        "default",
        "batch:1",
        &[file("b", "torn"), file("a", "kind")],
        1,
    );
    leave("default", "batch:2", &[file("a", "large")], 5);
    leave("other", "batch:1", &[file("a", "torn")], 5);
    leave("default", "batch:1", &[file("b", "empty")], 6);
    let both = [file("a", "kind"), file("b", "empty")];
    assert_eq!(told("default", "batch:1"), both);
    assert_eq!(told("default", "batch:2"), [file("a", "large")]);
    assert_eq!(told("default", "batch:3"), []);
    store.forget_left_out(at(5)).unwrap();
    assert_eq!(told("default", "batch:1"), [file("b", "empty")]);
    assert_eq!(told("default", "batch:2"), [file("a", "large")]);
    assert_eq!(told("other", "batch:1"), [file("a", "torn")]);
}
