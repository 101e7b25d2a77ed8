//! Finds records by the part of an id that people see and type.
//!
//! The beginnings of ids that were made at about the same time are equal; their ends are random. So a listing shows the end of
//! an id, with as many digits as distinguish it from all others, and every command that takes an id accepts this end as well
//! as a beginning.

use std::collections::BTreeSet;

use super::driver::{self, Connection};
use super::{Result, Store, StoreError};

/// The minimum number of digits that are shown of an id.
pub const MIN_ID_DIGITS: usize = 6;

/// The kind of records among which an id is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Runs,
    Environments,
}

impl IdKind {
    fn table(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Environments => "environments",
        }
    }
}

/// Selects ids by a range of the primary key, which LIKE would not use; '~' sorts after every letter of an id. The `+` keeps
/// the planner from an index that begins with the workspace: it would have to scan and sort all of its entries. At most about
/// a hundred matches are counted.
pub(super) fn sql(named: IdKind) -> String {
    let name = named.table();
    format!(
        "SELECT id FROM {name} WHERE id >= ?1 AND id < ?1 || '~' AND +workspace_id = ?2 ORDER BY id LIMIT 101"
    )
}

/// Selects the ids with the same last digits: of runs from the index `runs_by_end`; of environments there are few. The number
/// of digits is [`MIN_ID_DIGITS`].
pub(super) fn sql_by_end(named: IdKind) -> String {
    let name = named.table();
    format!(
        "SELECT id FROM {name} WHERE substr(id, -6) = substr(?1, -6) AND +workspace_id = ?2 LIMIT 101"
    )
}

/// Returns the ids that begin or end with a text.
fn matching(
    connection: &Connection,
    named: IdKind,
    workspace: &str,
    text: &str,
) -> driver::Result<BTreeSet<String>> {
    let values = [text, workspace];
    let found: Vec<String> = connection.rows(&sql(named), values)?;
    let mut found: BTreeSet<String> = found.into_iter().collect();
    if text.len() >= MIN_ID_DIGITS {
        let ending: Vec<String> = connection.rows(&sql_by_end(named), values)?;
        found.extend(ending.into_iter().filter(|id| id.ends_with(text)));
    }
    Ok(found)
}

impl Store {
    /// Returns the full id for an unambiguous beginning or end. An end has at least [`MIN_ID_DIGITS`] digits.
    pub(super) fn resolve(&self, named: IdKind, workspace: &str, part: &str) -> Result<String> {
        let what = match named {
            IdKind::Runs => "run",
            IdKind::Environments => "environment",
        };
        let wanted = part.to_lowercase();
        let not_found = || StoreError::not_found(what, part);
        let like_an_id = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        if wanted.is_empty() || !wanted.chars().all(like_an_id) {
            return Err(not_found());
        }
        let mut found = self.read(|connection| matching(connection, named, workspace, &wanted))?;
        // A full id means that record, even if other ids end with it.
        if found.contains(&wanted) {
            return Ok(wanted);
        }
        match (found.len(), found.pop_first()) {
            (1, Some(id)) => Ok(id),
            (_, None) => Err(not_found()),
            (count, Some(first)) => Err(StoreError::Ambiguous {
                what,
                id: part.to_owned(),
                count,
                examples: std::iter::once(first).chain(found).take(3).collect(),
            }),
        }
    }

    /// Returns, for each of these full ids, its shortest end of at least six digits by which a command finds only this record
    /// in the workspace: no other id ends or begins with it. The end of an environment's id also matches no run, because a
    /// command may take both.
    pub fn short_ids(&self, named: IdKind, workspace: &str, ids: &[&str]) -> Result<Vec<String>> {
        let among: &[IdKind] = match named {
            IdKind::Runs => &[IdKind::Runs],
            IdKind::Environments => &[IdKind::Environments, IdKind::Runs],
        };
        self.read(|connection| {
            ids.iter()
                .map(|id| short(connection, among, workspace, id))
                .collect()
        })
    }
}

fn short(
    connection: &Connection,
    among: &[IdKind],
    workspace: &str,
    id: &str,
) -> driver::Result<String> {
    for length in MIN_ID_DIGITS..id.len() {
        let Some(end) = id.get(id.len() - length..) else {
            break;
        };
        let mut others = 0;
        for named in among {
            let found = matching(connection, *named, workspace, end)?;
            others += found.iter().filter(|found| *found != id).count();
        }
        // An end that begins with a hyphen looks like a flag.
        if others == 0 && !end.starts_with('-') {
            return Ok(end.to_owned());
        }
    }
    Ok(id.to_owned())
}
