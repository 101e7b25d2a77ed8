//! Deletes a configuration or a workspace that a user names, if nothing needs it, with all that it takes along; and renames a workspace.
//!
//! The environments of a configuration go first, as any environment does; then all its records in one transaction, which looks again; its
//! files last. Environments that other hosts have of it go with their next collection, which finds no record of them.

use super::remove::in_use;
use super::remove_environment;
use super::report::{Removed, Report, delete};
use crate::base::counted::plural;
use crate::base::problem::{Error, code};
use crate::store::{KnownConfiguration, WorkspaceRecord};
use crate::workspace::Workspace;
use crate::workspace::configurations::draft::checked_name;
use crate::workspace::configurations::version_id;

/// Why something goes that was not asked for by itself.
const ALONG: &str = "goes along";

/// Deletes a configuration with its environments, versions, draft and pause; on a dry run it is only said what would go. The folder of one that
/// was not uploaded stays. A folder that cannot be deleted is added to the report's failures.
///
/// # Errors
/// It has runs, or an environment of it is being built or used: then the configuration stays.
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
            && !remove_environment(workspace, &environment, ALONG, None, dry_run, &mut report)?
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

/// Changes what a workspace is called; its id stays.
///
/// # Errors
/// There is no such workspace, or the name is none.
pub fn rename_workspace(
    workspace: &Workspace,
    id: &str,
    name: &str,
) -> Result<WorkspaceRecord, Error> {
    checked_name(name)?;
    Ok(workspace.store.rename_workspace(id, name)?)
}

/// Deletes a workspace that is empty; on a dry run it is only said what would go.
///
/// # Errors
/// It is not empty, or this process works in it.
pub fn remove_workspace(workspace: &Workspace, id: &str, dry_run: bool) -> Result<Report, Error> {
    if id == workspace.id() {
        let message = format!("workspace {id:?} is the one that this ade works in");
        return Err(Error::usage(code::IN_USE, message)
            .hint("--workspace, or ADE_WORKSPACE of a server, names another one"));
    }
    let (known, left_out) = workspace.store.delete_workspace(id, dry_run)?;
    let mut report = Report {
        dry_run,
        ..Report::default()
    };
    if left_out > 0 {
        let files = format!("{} that became no run", plural(left_out, "file"));
        report.add(going("left_out", id, &files, 0));
    }
    report.add(going("workspace", id, &known.name, 0));
    if !dry_run {
        // Folders that are not empty are of no record.
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

fn going(kind: &'static str, id: &str, name: &str, bytes: u64) -> Removed {
    let (id, name) = (id.to_owned(), name.to_owned());
    let reason = match kind {
        "configuration" | "workspace" => "asked for",
        _ => ALONG,
    };
    Removed {
        kind,
        id,
        name,
        reason,
        bytes,
    }
}
