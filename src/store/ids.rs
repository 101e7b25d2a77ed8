//! The part of an id that people see and type.
//!
//! The beginnings of ids that were made at about the same time are equal; their ends are random. So a listing shows the end
//! of an id, as many digits as tell it from all others, and every command that takes an id accepts that end as it does a
//! beginning.

use super::Result;

/// The digits that are shown of an id at least.
pub const SHORTEST: usize = 6;

/// What an id is looked for among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Runs.
    Runs,
    /// Environments.
    Environments,
}

/// The ids in the store.
pub trait Ids {
    /// Returns, for each of these whole ids, its shortest end of at least six digits by which a command finds it and
    /// nothing else in the workspace: neither a record whose id ends, nor one whose id begins so. That of an environment
    /// names no run either, because a command may take both.
    fn short_ids(&self, named: Named, workspace: &str, ids: &[&str]) -> Result<Vec<String>>;
}
