//! In place of an object store, where this `ade` is built without one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;

use super::object::{Found, Trouble};

/// There is none.
pub(super) enum Remote {}

impl Remote {
    pub(super) fn open(
        _url: &str,
        _variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, String> {
        Err("this ade is built without its feature objects".to_owned())
    }
    pub(super) fn put(&self, _key: &str, _file: &mut File) -> Result<bool, Trouble> {
        match *self {}
    }
    pub(super) fn create(&self, _key: &str, _bytes: Vec<u8>) -> Result<bool, Trouble> {
        match *self {}
    }
    pub(super) fn get(&self, _key: &str, _to: &mut dyn Write) -> Result<bool, Trouble> {
        match *self {}
    }
    pub(super) fn still_has(&self, _key: &str) -> bool {
        match *self {}
    }
    pub(super) fn has(&self, _key: &str) -> Result<bool, Trouble> {
        match *self {}
    }
    pub(super) fn list(
        &self,
        _below: &str,
    ) -> Result<std::iter::Empty<Result<Found, Trouble>>, Trouble> {
        match *self {}
    }
    pub(super) fn delete(&self, _key: &str) -> Result<(), Trouble> {
        match *self {}
    }
}
