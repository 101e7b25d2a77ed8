//! In the place of `postgres` where this `ade` is built without it: there is no session, so nothing of it is compiled.

use super::error::Result;
use super::value::{ToValue, Value};

pub(in crate::store) enum Session {}

pub(in crate::store) enum Statement {}

pub(in crate::store) enum Row {}

/// What names a column.
pub(in crate::store) trait RowIndex {}
impl RowIndex for usize {}
impl RowIndex for &str {}

impl Session {
    pub(super) fn prepare(&self, _: &str) -> Result<Statement> {
        match *self {}
    }

    pub(super) fn execute(&self, _: &Statement, _: &[&dyn ToValue]) -> Result<usize> {
        match *self {}
    }

    pub(super) fn later(&self, _: &Statement, _: &[&dyn ToValue]) -> Result<()> {
        match *self {}
    }

    pub(super) fn rows(&self, _: &Statement, _: &[&dyn ToValue]) -> Result<Vec<Row>> {
        match *self {}
    }

    pub(in crate::store) fn batch(&self, _: &str) -> Result<()> {
        match *self {}
    }

    pub(super) fn begin(&self) -> Result<()> {
        match *self {}
    }

    pub(super) fn commit(&self) -> Result<()> {
        match *self {}
    }

    pub(super) fn roll_back(&self) {
        match *self {}
    }

    pub(super) fn wake(&self) {
        match *self {}
    }

    pub(super) fn noted(&self, _: &str) -> Option<i64> {
        match *self {}
    }

    pub(super) fn note(&self, _: &str, _: i64) {
        match *self {}
    }
}

pub(super) fn value<C: RowIndex>(row: &Row, _: C) -> Result<Value<'_>> {
    match *row {}
}
