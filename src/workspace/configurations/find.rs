//! Finds the configuration that a user names, and shortens ids.

use crate::base::problem::{Error, code};
use std::path::Path;

use crate::store::{KnownConfiguration, MIN_ID_DIGITS};
use crate::workspace::Workspace;

/// Returns the workspace's configuration that `given` names: by its id, an unambiguous beginning or end of that, its name, or
/// its folder.
///
/// # Errors
/// There is none, several match, or the store cannot be used.
pub fn find(workspace: &Workspace, given: &str) -> Result<KnownConfiguration, Error> {
    find_rather(workspace, given, false)
}

/// Returns the configuration that `given` names, preferring archived ones to those in use.
///
/// # Errors
/// See [`find`].
pub fn find_archived(workspace: &Workspace, given: &str) -> Result<KnownConfiguration, Error> {
    find_rather(workspace, given, true)
}

fn find_rather(
    workspace: &Workspace,
    given: &str,
    is_archived: bool,
) -> Result<KnownConfiguration, Error> {
    let mut all = workspace.store.configurations(workspace.id())?;
    let folder = Path::new(given).canonicalize().ok();
    let wanted = given.to_lowercase();
    let is_exact = |known: &KnownConfiguration| {
        known.record.id == wanted || folder.as_ref() == Some(&known.record.path)
    };
    if let Some(at) = all.iter().position(is_exact) {
        return Ok(all.swap_remove(at));
    }
    let is_meant = |known: &KnownConfiguration| {
        let id = &known.record.id;
        known.record.name == given
            || (wanted.len() >= MIN_ID_DIGITS && (id.starts_with(&wanted) || id.ends_with(&wanted)))
    };
    all.retain(is_meant);
    // An archived configuration gives up its name to one in use. Only restoring means the archived one.
    let is_rather_meant = |known: &KnownConfiguration| known.archived_at.is_some() == is_archived;
    if all.iter().any(is_rather_meant) {
        all.retain(is_rather_meant);
    }
    match (all.len(), all.pop()) {
        (1, Some(known)) => Ok(known),
        (0, _) | (_, None) => Err(Error::usage(
            code::CONFIGURATION_NOT_FOUND,
            format!("the workspace has no configuration {given:?}"),
        )
        .hint("`ade configs ls` lists its configurations, `ade configs ls --archived` the archived ones")),
        (count, _) => Err(Error::usage(
            code::AMBIGUOUS_ID,
            format!("{given:?} could be any of {count} configurations"),
        )
        .hint("give the id; `ade configs ls` shows it, or `ade configs ls --archived` if the configuration is archived")),
    }
}

/// Returns the shortest unambiguous end of each configuration's id, which [`find`] accepts.
pub fn short_ids(all: &[KnownConfiguration]) -> Vec<String> {
    let ids: Vec<&str> = all.iter().map(|known| known.record.id.as_str()).collect();
    ids.iter().map(|id| short(id, &ids)).collect()
}

fn short(id: &str, all: &[&str]) -> String {
    for length in MIN_ID_DIGITS..id.len() {
        let end = &id[id.len() - length..];
        let fits = |other: &&&str| other.starts_with(end) || other.ends_with(end);
        // An end that begins with a hyphen looks like a flag.
        if !end.starts_with('-') && all.iter().filter(fits).count() == 1 {
            return end.to_owned();
        }
    }
    id.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_far_as_tells_it_from_others() {
        let all = [
            "0199aaaa-0000-7000-8000-0000001abcde",
            "0199aaaa-0000-7000-8000-0000002abcde",
        ];
        assert_eq!(short(all[0], &all[..1]), "1abcde");
        assert_eq!(short(all[0], &all), "1abcde");
        let close = ["0199aaaa-0000-7000-8000-00000a1abcde", all[0]];
        assert_eq!(short(close[0], &close), "a1abcde");
    }
}
