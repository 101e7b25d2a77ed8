//! Publishes configurations: the current files become a version, which never changes and which runs use from then on.
//!
//! This takes two steps: the files are frozen at one moment, so that a caller can check that they load, and then published.

use std::fs;
use std::path::PathBuf;

use super::archive::demand_room;
use super::draft;
use super::draft::{DraftContent, files_below, listed};
use super::error;
use super::precondition::Precondition;
use super::versions::files_in;
use crate::base::files::FileError;
use crate::base::problem::{Error, code};
use crate::configuration::Configuration;
use crate::store::{
    ConfigurationChange, ConfigurationVersion, KnownConfiguration, Publication, StoreError,
};
use crate::workspace::Workspace;

/// The files of a configuration at one moment.
#[derive(Clone, Debug)]
pub struct FrozenSources {
    /// The digest of the files.
    pub source_digest: String,
    /// The folder of their read-only copy.
    pub snapshot: PathBuf,
}

/// Freezes the draft of an uploaded configuration, or the current folder of another one.
///
/// # Errors
/// The files are no configuration, do not meet `precondition`, if it is given, or cannot be stored.
pub fn freeze(
    workspace: &Workspace,
    known: &KnownConfiguration,
    precondition: &Precondition,
) -> Result<FrozenSources, Error> {
    let record = &known.record;
    // The lock keeps others from changing a draft. The files of a folder are checked while they are copied.
    let _turn = known
        .uploaded
        .then(|| draft::take(workspace, known))
        .transpose()?;
    let folder = &record.path;
    let unusable = |error| error::unusable(&error, folder);
    let configuration = Configuration::open(folder).map_err(unusable)?;
    let snapshots = workspace.paths.snapshots(&record.workspace_id, &record.id);
    let written = [workspace.paths.data()];
    let (sources, snapshot) = configuration
        .snapshot_except(&snapshots, &written)
        .map_err(unusable)?;
    if *precondition != Precondition::Unsaid {
        let files = if known.uploaded {
            files_below(folder)?
        } else {
            files_in(&sources)
        };
        precondition.demand("the configuration", Some(&draft::digest_of(&files)))?;
    }
    Ok(FrozenSources {
        source_digest: sources.digest,
        snapshot,
    })
}

/// Returns frozen files as the content of a new draft.
///
/// # Errors
/// They are too many or too large, or cannot be read.
pub fn copy_of(frozen: &FrozenSources) -> Result<DraftContent, Error> {
    let files = listed(&frozen.snapshot)?;
    let bytes = files.iter().map(|(_, size)| size).sum();
    demand_room("the draft", files.len(), bytes)?;
    let read = |(path, _): (PathBuf, u64)| {
        let whole = frozen.snapshot.join(&path);
        let content = fs::read(&whole).map_err(FileError::on("read", &whole))?;
        Ok((path, content))
    };
    let read: Result<_, Error> = files.into_iter().map(read).collect();
    Ok(DraftContent::Files(read?))
}

/// Makes a version of frozen files. The configuration's runs use it from then on. If the workspace has no default
/// configuration, this one becomes the default.
///
/// # Errors
/// The active version already has these files, or the store cannot be used.
pub fn publish(
    workspace: &Workspace,
    known: &KnownConfiguration,
    frozen: &FrozenSources,
) -> Result<ConfigurationVersion, Error> {
    let (store, now) = (&workspace.store, workspace.machine.now());
    let record = &known.record;
    let (digest, snapshot) = (&frozen.source_digest, &frozen.snapshot);
    let objects = workspace.objects.as_ref();
    let put = objects.map_or(Ok(()), |objects| objects.put_snapshot(snapshot));
    put.map_err(StoreError::from)?;
    let publication = store.publish(&record.id, digest, snapshot, now)?;
    let put = objects.map_or(Ok(()), |objects| objects.snapshot_recorded(snapshot));
    put.map_err(StoreError::from)?;
    match publication {
        Publication::Published(version) => Ok(version),
        Publication::Unchanged(version) => {
            let (version, name) = (version.version, &record.name);
            let message =
                format!("version {version} of configuration {name:?} has these files already");
            Err(Error::usage(code::NOTHING_TO_PUBLISH, message).hint("change a file first"))
        }
    }
}

/// Changes a configuration, and wakes workers if the change sets its limit.
///
/// # Errors
/// The configuration is a folder and takes its name from its manifest, the name is invalid, or [`change_configuration`]
/// refuses.
///
/// [`change_configuration`]: crate::store::Store::change_configuration
pub fn change(
    workspace: &Workspace,
    known: &KnownConfiguration,
    change: &ConfigurationChange,
) -> Result<KnownConfiguration, Error> {
    let record = &known.record;
    if let Some(name) = &change.name {
        draft::checked_name(name)?;
        if !known.uploaded {
            let message = format!(
                "configuration {:?} is a folder, so its name comes from its pyproject.toml",
                record.name
            );
            return Err(Error::usage(code::NOT_UPLOADED, message)
                .hint("change `name` below `[project]` there; the next run uses the new name"));
        }
    }
    let (store, now) = (&workspace.store, workspace.machine.now());
    let known = store.change_configuration(&record.id, change, now)?;
    if change.max_concurrency.is_some() {
        workspace.machine.wake(&workspace.paths.wake());
    }
    Ok(known)
}
