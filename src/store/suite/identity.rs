//! Tests of the data directory that a database belongs to.

use super::places::at;
use crate::store::{Identity, Store};

fn identity(name: &str) -> Identity {
    Identity {
        database_id: format!("database-{name}"),
        data_id: format!("data-{name}"),
    }
}

pub fn a_database_is_bound_once(store: &Store) {
    assert_eq!(store.identity().unwrap(), None);
    let (first, second) = (identity("1"), identity("2"));
    assert_eq!(store.bind(&first, at(0)).unwrap(), first);
    assert_eq!(store.bind(&second, at(1)).unwrap(), first);
    assert_eq!(store.identity().unwrap(), Some(first));
    store.rebind(&second).unwrap();
    assert_eq!(store.identity().unwrap(), Some(second));
}
