//! Tests of documents: each content is stored once under each name.

use super::places::{at, claim, claim_next, finish, new_id, new_run, ready};
use crate::store::{
    DocumentRecord, EnvironmentRecord, Limits, NewRun, OwnerLimits, RunStatus, Store, StoreError,
    Submission, SubmissionOutcome,
};

fn new(workspace: &str, name: &str, sha256: &str) -> DocumentRecord {
    let id = new_id();
    DocumentRecord {
        workspace_id: workspace.to_owned(),
        name: name.to_owned(),
        path: format!("/documents/{id}/{name}").into(),
        sha256: sha256.to_owned(),
        size_bytes: 5,
        created_at: at(0),
        submitter: None,
        deleted_at: None,
        id,
    }
}

pub fn the_same_bytes_under_the_same_name_are_one_document(store: &Store) {
    let first = new("default", "a.csv", "1");
    assert_eq!(
        store.add_document(&first, &Limits::default()).unwrap(),
        first
    );
    let again = store
        .add_document(&new("default", "a.csv", "1"), &Limits::default())
        .unwrap();
    assert_eq!(again, first);
    let others = [
        new("default", "b.csv", "1"),
        new("default", "a.csv", "2"),
        new("another", "a.csv", "1"),
    ];
    for other in &others {
        assert_eq!(
            store.add_document(other, &Limits::default()).unwrap(),
            *other
        );
        assert_eq!(store.document(&other.id).unwrap(), *other);
    }
    // Documents are also found by their bytes.
    let with =
        |sha256: &str, before: Option<&str>| store.documents("default", Some(sha256), before, 10);
    let [second, ..] = &others;
    assert_eq!(with("1", None).unwrap(), [second.clone(), first.clone()]);
    assert_eq!(with("1", Some(&second.id)).unwrap(), [first]);
    assert_eq!(with("3", None).unwrap(), []);
    let unknown = store.document("0199");
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub fn documents_are_listed_newest_first_and_page_by_page(store: &Store) {
    let ids: Vec<String> = (0..5)
        .map(|number| {
            let new = new("default", &format!("{number}.csv"), "1");
            store.add_document(&new, &Limits::default()).unwrap().id
        })
        .collect();
    store
        .add_document(&new("another", "x.csv", "1"), &Limits::default())
        .unwrap();
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.documents("default", None, before.as_deref(), 2);
        let page = page.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else {
            break;
        };
        before = Some(last.id.clone());
        found.extend(page.into_iter().map(|document| document.id));
    }
    found.reverse();
    assert_eq!(found, ids);
}

/// Returns a run that reads a document from its path.
fn run_of(environment: &EnvironmentRecord, document: &DocumentRecord) -> NewRun {
    NewRun {
        document_id: Some(document.id.clone()),
        input_path: document.path.clone(),
        ..new_run(environment)
    }
}

pub fn a_document_is_deleted_when_no_run_needs_it_and_its_record_stays(store: &Store) {
    let environment = ready(store, "d", at(0));
    let document = store
        .add_document(&new("default", "a.csv", "1"), &Limits::default())
        .unwrap();
    let run = run_of(&environment, &document);
    store
        .submit_run(&run, &Submission::default(), at(1))
        .unwrap();
    assert!(!store.delete_document(&document.id, at(2)).unwrap());
    let mine = claim("w");
    claim_next(store, &mine, at(3)).unwrap();
    assert!(!store.delete_document(&document.id, at(4)).unwrap());
    finish(store, &run.id, &mine, RunStatus::Succeeded, at(5));
    // A run that has its own copy no longer needs the document.
    let again = NewRun {
        input_path: "/r/input/a.csv".into(),
        ..run_of(&environment, &document)
    };
    let submit = |run: &NewRun| store.submit_run(run, &Submission::default(), at(6));
    assert!(matches!(
        submit(&again).unwrap(),
        SubmissionOutcome::Queued(_)
    ));
    assert!(store.delete_document(&document.id, at(7)).unwrap());
    assert!(store.delete_document(&document.id, at(8)).unwrap());
    let deleted = store.document(&document.id).unwrap();
    assert_eq!(deleted.deleted_at, Some(at(7)));
    assert_eq!(store.documents("default", None, None, 10).unwrap(), []);
    assert_eq!(store.documents("default", Some("1"), None, 10).unwrap(), []);
    assert!(!store.delete_document("0199", at(8)).unwrap());

    let refused = submit(&run_of(&environment, &document)).unwrap();
    assert!(matches!(refused, SubmissionOutcome::DocumentDeleted(id) if id == document.id));
    let retry = NewRun {
        input_path: "/r2/input/a.csv".into(),
        ..run_of(&environment, &document)
    };
    assert!(matches!(
        submit(&retry).unwrap(),
        SubmissionOutcome::Queued(_)
    ));
    // The same bytes are another document now.
    let stored = new("default", "a.csv", "1");
    assert_eq!(
        store.add_document(&stored, &Limits::default()).unwrap(),
        stored
    );
    assert_eq!(store.document(&document.id).unwrap(), deleted);
}

pub fn a_request_that_is_repeated_has_its_run_though_the_document_is_deleted(store: &Store) {
    let environment = ready(store, "d", at(0));
    let document = store
        .add_document(&new("default", "a.csv", "1"), &Limits::default())
        .unwrap();
    let asked = Submission {
        key: Some(("k".to_owned(), "1".to_owned())),
        ..Submission::default()
    };
    let first = run_of(&environment, &document);
    store.submit_run(&first, &asked, at(1)).unwrap();
    store.request_cancel(&first.id, at(2)).unwrap();
    assert!(store.delete_document(&document.id, at(3)).unwrap());
    let repeated = store.submit_run(&run_of(&environment, &document), &asked, at(4));
    assert!(matches!(repeated.unwrap(), SubmissionOutcome::Repeated(run) if run.id == first.id));
}

pub fn a_submitter_and_a_workspace_store_no_more_bytes_than_they_may(store: &Store) {
    let of = |stored_bytes| OwnerLimits {
        stored_bytes,
        ..OwnerLimits::default()
    };
    let by = |who: &str, name: &str| DocumentRecord {
        submitter: Some(format!("user {who}")),
        size_bytes: 10,
        ..new("default", name, name)
    };
    let limits = Limits {
        of_submitter: of(Some(20)),
        of_workspace: of(Some(30)),
    };
    let add = |document: &DocumentRecord| store.add_document(document, &limits);
    let first = by("ann", "1");
    for document in [&first, &by("ann", "2")] {
        add(document).unwrap();
    }
    let said = "the documents of user ann would take 30 bytes, and the limit is 20";
    assert_eq!(add(&by("ann", "3")).unwrap_err().to_string(), said);
    assert_eq!(add(&by("ann", "2")).unwrap().name, "2", "that is stored");
    add(&by("bob", "3")).unwrap();
    let said = "the documents of the workspace default would take 40 bytes, and the limit is 30";
    assert_eq!(add(&by("cyd", "4")).unwrap_err().to_string(), said);
    let stored = store.stored_bytes().unwrap();
    let stored: Vec<_> = stored
        .iter()
        .map(|stored| (&*stored.submitter, stored.bytes))
        .collect();
    assert_eq!(stored, [("user ann", 20), ("user bob", 10)]);
    assert!(store.delete_document(&first.id, at(5)).unwrap());
    add(&by("ann", "4")).unwrap();
}
