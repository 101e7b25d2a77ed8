//! Tests of the records that collection reads.

use std::path::Path;

use super::places::{at, collected, ended, enqueue, find, new_run, queued, ready};
use crate::store::{NewRun, RunFiles, RunStatus, Store};

pub fn the_files_of_a_run_are_kept_until_its_record_says_otherwise(store: &Store) {
    let environment = ready(store, "d", at(0));
    let live = queued(store, &environment, at(1)).id;
    let kept = ended(store, &environment, RunStatus::Succeeded, at(5)).id;
    let deleted = ended(store, &environment, RunStatus::Failed, at(5)).id;
    collected(store, &deleted, at(9));
    let asked = [&live, &kept, &deleted, "unknown"].map(str::to_owned);
    let files = store.run_files(&asked).unwrap();
    assert_eq!(files.len(), 3);
    assert_eq!(files[&live], RunFiles::Kept(None));
    // The claim under which the run ended is that of its record.
    let token = find(store, &kept).ended_token;
    assert!(token.is_some());
    assert_eq!(files[&kept], RunFiles::Kept(token));
    assert_eq!(files[&deleted], RunFiles::Deleted);
}

pub fn snapshots_are_needed_by_runs_that_still_have_their_files(store: &Store) {
    let environment = ready(store, "d", at(0));
    for number in 0..5 {
        let run = NewRun {
            snapshot: format!("/snapshots/{}", number / 2).into(),
            ..new_run(&environment)
        };
        enqueue(store, &run, at(1));
    }
    let deleted = ended(store, &environment, RunStatus::Failed, at(5)).id;
    collected(store, &deleted, at(9));
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let (some, last) = store.snapshots_of_runs(&after, 2).unwrap();
        found.extend(some);
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(
        found,
        ["/snapshots/0", "/snapshots/1", "/snapshots/2"].map(Path::new)
    );
}
