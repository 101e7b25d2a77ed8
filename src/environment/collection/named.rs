//! Finds environments by the configuration's folder or by id, deletes an environment, a configuration or a workspace with
//! everything that belongs to it if nothing needs it, and renames a workspace.
//!
//! To delete a configuration, deletes first its environments, then all its records in one transaction, which checks again, and
//! last its files. Its environments on other hosts go with the next collection there, which finds no record of them.

use std::path::Path;

use super::environments::remove_environment;
use super::pass::{RemovedItem, Report, delete};
use super::rule::{Ages, CollectOptions, JudgedEnvironment, judge_all};
use crate::base::counted::plural;
use crate::base::problem::{Error, code, typed};
use crate::configuration::Configuration;
use crate::environment::needed::prepare::prepare;
use crate::environment::provide::rebuild::is_usable;
use crate::store::{
    EnvironmentRecord, EnvironmentStatus, IdKind, KnownConfiguration, StoreError, WorkspaceRecord,
};
use crate::system::machine::Moment;
use crate::workspace::Workspace;
use crate::workspace::configurations::draft::checked_name;
use crate::workspace::configurations::version_id;

/// Returns the environment that `given` names: by the folder of a configuration, an id, or the beginning or end of an id.
///
/// # Errors
/// There is no such environment.
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
/// There is none, or it is not ready.
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
pub fn list(workspace: &Workspace) -> Result<Vec<JudgedEnvironment>, StoreError> {
    let options = CollectOptions::of_settings(&workspace.settings);
    let now = Moment::now(&*workspace.machine);
    let ages = Ages::at(workspace, now, options.trust_clock)?;
    let mut judged = judge_all(workspace, &options, &ages)?;
    judged.retain(|judged| judged.environment.key.workspace_id == workspace.id());
    judged.sort_by_key(|judged| std::cmp::Reverse(judged.environment.last_used()));
    Ok(judged)
}

/// Returns, for each environment, the shortest unique end of its id. Commands accept it.
pub fn short_ids(
    workspace: &Workspace,
    environments: &[JudgedEnvironment],
) -> Result<Vec<String>, StoreError> {
    let ids = environments.iter().map(|judged| &*judged.environment.id);
    let (store, ids) = (&workspace.store, ids.collect::<Vec<_>>());
    store.short_ids(IdKind::Environments, workspace.id(), &ids)
}

/// Returns the error that the configuration in this folder has no environment.
pub fn not_built(folder: &Path) -> Error {
    let folder = folder.display();
    Error::usage(code::NOT_FOUND, format!("{folder} has no environment yet"))
        .hint(format!("`ade env build {}` builds it", typed(folder)))
}

/// Removes the environment that `given` names and adds it to `report`. If `report` is of a dry run, removes nothing. Adds a
/// folder that cannot be deleted to the failures of the report.
///
/// # Errors
/// There is no such environment, a run needs it, or it is being built.
pub fn remove(workspace: &Workspace, given: &str, report: &mut Report) -> Result<(), Error> {
    let environment = find(workspace, given)?;
    let id = &environment.id;
    let runs = workspace.store.live_runs_of_environment(id)?;
    if runs > 0 {
        let plural = if runs == 1 { "" } else { "s" };
        return Err(in_use(id, &format!("needed by {runs} run{plural}")));
    }
    if environment.status == EnvironmentStatus::Building {
        return Err(in_use(id, "building"));
    }
    let failed = report.failed.len();
    let removed = remove_environment(workspace, &environment, "asked for", None, report)?;
    if removed || report.failed.len() > failed {
        return Ok(());
    }
    Err(in_use(
        id,
        "needed by a run that was queued in the meantime",
    ))
}

fn in_use(id: &str, what: &str) -> Error {
    Error::usage(code::IN_USE, format!("environment {id} is {what}"))
        .hint("`ade runs ls` lists the runs that need it; try again when they have ended")
}

/// The reason for the deletion of things that belong to what was asked for.
const ALONG: &str = "goes along";

/// Deletes a configuration with its environments, versions, draft and pause; a dry run only reports them. A folder that was not
/// uploaded stays. Adds folders that cannot be deleted to the report's failures.
///
/// # Errors
/// It has runs, or one of its environments is being built or used. Then the configuration stays.
pub fn remove_configuration(
    workspace: &Workspace,
    known: &KnownConfiguration,
    dry_run: bool,
) -> Result<Report, Error> {
    let (store, record) = (&workspace.store, &known.record);
    store.delete_configuration(&record.id, true)?;
    let mut report = Report {
        dry_run,
        ..Report::default()
    };
    for environment in store.environments(&record.workspace_id)? {
        if environment.key.configuration_id == record.id
            && !remove_environment(workspace, &environment, ALONG, None, &mut report)?
        {
            return Err(in_use(&environment.id, "in use"));
        }
    }
    let mut add = |kind, id: &str, bytes| report.add(going(kind, id, &record.name, bytes));
    for version in store.versions(&record.id)? {
        add("version", &version_id(&record.id, version.version), 0);
    }
    if known.uploaded {
        add("draft", &record.id, 0);
    }
    let mut pauses = store.pauses()?.into_iter();
    if pauses.any(|pause| pause.configuration_id.as_ref() == Some(&record.id)) {
        add("pause", &record.id, 0);
    }
    let folder = (workspace.paths).configuration(&record.workspace_id, &record.id);
    let bytes = workspace.files().exclusive_bytes(&folder);
    add("configuration", &record.id, bytes);
    store.delete_configuration(&record.id, dry_run)?;
    if !dry_run {
        delete(workspace.files(), &folder, &mut report);
    }
    Ok(report)
}

/// Changes the name of a workspace; its id stays.
///
/// # Errors
/// There is no such workspace, or the name is not valid.
pub fn rename_workspace(
    workspace: &Workspace,
    id: &str,
    name: &str,
) -> Result<WorkspaceRecord, Error> {
    checked_name(name)?;
    Ok(workspace.store.rename_workspace(id, name)?)
}

/// Deletes an empty workspace; a dry run only reports it.
///
/// # Errors
/// It is not empty, or this process works in it.
pub fn remove_workspace(workspace: &Workspace, id: &str, dry_run: bool) -> Result<Report, Error> {
    if id == workspace.id() {
        let message = format!("workspace {id:?} is the one that this ade uses");
        return Err(Error::usage(code::IN_USE, message)
            .hint("choose another with --workspace, or with ADE_WORKSPACE for a server"));
    }
    let (known, left_out) = workspace.store.delete_workspace(id, dry_run)?;
    let mut report = Report {
        dry_run,
        ..Report::default()
    };
    if left_out > 0 {
        let files = format!("{} that never became a run", plural(left_out, "file"));
        report.add(going("left_out", id, &files, 0));
    }
    report.add(going("workspace", id, &known.name, 0));
    if !dry_run {
        // Folders that are not empty have no record, so they stay.
        let paths = &workspace.paths;
        let own = [
            paths.runs(id),
            paths.documents(id),
            paths.configurations(id),
        ];
        for folder in own.iter().flat_map(|folder| folder.ancestors().take(2)) {
            let _ = workspace.files().remove_empty_folder(folder);
        }
    }
    Ok(report)
}

fn going(kind: &'static str, id: &str, name: &str, bytes: u64) -> RemovedItem {
    let (id, name) = (id.to_owned(), name.to_owned());
    let reason = match kind {
        "configuration" | "workspace" => "asked for",
        _ => ALONG,
    };
    RemovedItem {
        kind,
        id,
        name,
        reason,
        bytes,
    }
}
