//! Finds the environments that a user names: all of a workspace, by the configuration's folder, or by id.

use std::path::Path;

use super::Judged;
use crate::base::problem::{Error, code, typed};
use crate::configuration::Configuration;
use crate::environment::collection;
use crate::environment::needed::prepare::prepare;
use crate::environment::provide::rebuild::is_usable;
use crate::store::{EnvironmentRecord, Named, StoreError};
use crate::system::machine::Moment;
use crate::workspace::Workspace;

/// Returns the environment that `given` names: by the folder of a configuration, an id, or the beginning of one.
///
/// # Errors
/// There is none.
pub fn find(workspace: &Workspace, given: &str) -> Result<EnvironmentRecord, Error> {
    let folder = Path::new(given);
    if !folder.is_dir() {
        return Ok(workspace.store.environment(workspace.id(), given)?);
    }
    of_configuration(workspace, Configuration::open(folder)?)?.ok_or_else(|| not_built(folder))
}

/// Returns the ready environment of a configuration.
///
/// # Errors
/// It has none, or one that is not ready.
pub fn find_ready(
    workspace: &Workspace,
    configuration: Configuration,
    given: &Path,
) -> Result<EnvironmentRecord, Error> {
    of_configuration(workspace, configuration)?
        .filter(|environment| is_usable(workspace.files(), environment))
        .ok_or_else(|| not_built(given))
}

fn of_configuration(
    workspace: &Workspace,
    configuration: Configuration,
) -> Result<Option<EnvironmentRecord>, Error> {
    let prepared = prepare(workspace, configuration, None)?;
    Ok(workspace.store.environment_of(&prepared.key)?)
}

/// Returns the workspace's environments with what collection would do to them now, last used first.
pub fn list(workspace: &Workspace) -> Result<Vec<Judged>, StoreError> {
    let options = collection::CollectOptions::of_settings(&workspace.settings);
    let ages = collection::Ages::at(
        workspace,
        Moment::of(&*workspace.machine),
        options.trust_clock,
    )?;
    let mut judged = collection::judge_all(workspace, &options, &ages)?;
    judged.retain(|judged| judged.environment.key.workspace_id == workspace.id());
    judged.sort_by_key(|judged| std::cmp::Reverse(judged.environment.last_used()));
    Ok(judged)
}

/// Returns, for each of these environments, the shortest part of its id that tells it from all others; commands accept it.
pub fn short_ids(
    workspace: &Workspace,
    environments: &[Judged],
) -> Result<Vec<String>, StoreError> {
    let ids = environments
        .iter()
        .map(|judged| judged.environment.id.as_str());
    let ids: Vec<&str> = ids.collect();
    workspace
        .store
        .short_ids(Named::Environments, workspace.id(), &ids)
}

/// The configuration in this folder has no environment.
pub fn not_built(folder: &Path) -> Error {
    let folder = folder.display();
    Error::usage(code::NOT_FOUND, format!("{folder} has no environment yet"))
        .hint(format!("`ade env build {}` builds it", typed(folder)))
}
