//! Documents: each content once under each name.

use super::places::{at, new_id};
use crate::store::{DocumentRecord, Store, StoreError};

fn new(workspace: &str, name: &str, sha256: &str) -> DocumentRecord {
    let id = new_id();
    DocumentRecord {
        workspace_id: workspace.to_owned(),
        name: name.to_owned(),
        path: format!("/documents/{id}/{name}").into(),
        sha256: sha256.to_owned(),
        size_bytes: 5,
        created_at: at(0),
        id,
    }
}

pub fn the_same_bytes_under_the_same_name_are_one_document(store: &dyn Store) {
    let first = new("default", "a.csv", "1");
    assert_eq!(store.add_document(&first).unwrap(), first);
    let again = store.add_document(&new("default", "a.csv", "1")).unwrap();
    assert_eq!(again, first);
    for other in [
        new("default", "b.csv", "1"),
        new("default", "a.csv", "2"),
        new("another", "a.csv", "1"),
    ] {
        assert_eq!(store.add_document(&other).unwrap(), other);
        assert_eq!(store.document(&other.id).unwrap(), other);
    }
    let unknown = store.document("0199");
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub fn documents_are_listed_newest_first_and_page_by_page(store: &dyn Store) {
    let ids: Vec<String> = (0..5)
        .map(|number| {
            let new = new("default", &format!("{number}.csv"), "1");
            store.add_document(&new).unwrap().id
        })
        .collect();
    store.add_document(&new("another", "x.csv", "1")).unwrap();
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.documents("default", before.as_deref(), 2).unwrap();
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
