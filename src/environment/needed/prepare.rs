//! Collects everything that a run of a configuration needs to know, without building anything. This includes whether its lock
//! fits what would be installed now. If `ADE_FROZEN` is set, the lock must fit.

use std::path::{Path, PathBuf};

use crate::base::clock::Timestamp;
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code, typed};
use crate::configuration::{
    Configuration, ConfigurationError, LOCK_FILE, LockInputs, LockedVersions,
};
use crate::engine::{EngineError, EnginePackage};
use crate::environment::python::{Python, find_python};
use crate::settings::Settings;
use crate::settings::paths::{self, Paths};
use crate::store::{
    ConfigurationRecord, ConfigurationVersion, EnvironmentKey, EnvironmentRecord,
    EnvironmentStatus, NewEnvironment, RunRecord, StoreError,
};
use crate::workspace::Workspace;

/// A configuration in its current state, ready to be run.
pub struct PreparedConfiguration {
    pub configuration: Configuration,
    pub record: ConfigurationRecord,
    /// The digest of its files.
    pub source_digest: String,
    /// The read-only copy of its files.
    pub snapshot: PathBuf,
    /// The folder in that copy that the engine gets.
    pub package_folder: PathBuf,
    /// The Python that its environment is made from.
    pub python: Python,
    pub engine: EnginePackage,
    /// The environment that it needs.
    pub key: EnvironmentKey,
}

/// The reason why a configuration cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The folder is not a configuration, or cannot be read.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// No Python suits the configuration.
    #[error(transparent)]
    Python(Error),
    /// The engine in the settings cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// With `ADE_FROZEN`, its lock is missing or does not fit; or this host would build an environment with another key than
    /// other hosts.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for PrepareError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Configuration(error) => error.facts(),
            Self::Python(error) | Self::Refused(error) => error.facts(),
            Self::Engine(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

become_error!(PrepareError);

/// Keeps a snapshot of an opened configuration and finds out which environment it needs. Files in `output_dir` do not count as
/// part of the configuration, even if that folder is inside the configuration's folder.
///
/// # Errors
/// Its files cannot be read, no Python suits it, or it cannot be recorded.
pub fn prepare(
    workspace: &Workspace,
    configuration: Configuration,
    output_dir: Option<&Path>,
) -> Result<PreparedConfiguration, PrepareError> {
    let engine = own_engine(&workspace.settings)?;
    let python = suited(workspace, &configuration, &engine)?;
    let record = remember(workspace, &configuration)?;
    let snapshots = workspace.paths.snapshots(workspace.id(), &record.id);
    // ADE's own data directory is never part of a configuration, even if it is inside the folder.
    let written = [workspace.paths.data()].into_iter().chain(output_dir);
    let (sources, snapshot) =
        configuration.snapshot_except(&snapshots, &written.collect::<Vec<_>>())?;
    let key = EnvironmentKey {
        workspace_id: workspace.id().to_owned(),
        configuration_id: record.id.clone(),
        engine_spec: engine.spec(),
        deps_digest: configuration.deps_digest(&engine.digest()?, &python.environment_key()),
    };
    let package_folder = configuration.folder_in(&snapshot);
    Ok(PreparedConfiguration {
        configuration,
        record,
        source_digest: sources.digest,
        snapshot,
        package_folder,
        python,
        engine,
        key,
    })
}

/// Returns the record of a configuration's folder in the workspace, and creates it if there is none.
///
/// # Errors
/// The store cannot be used.
pub fn remember(
    workspace: &Workspace,
    configuration: &Configuration,
) -> Result<ConfigurationRecord, StoreError> {
    let machine = &workspace.machine;
    let new = ConfigurationRecord {
        id: machine.new_id(),
        workspace_id: workspace.id().to_owned(),
        name: configuration.name.clone(),
        path: configuration.root.clone(),
    };
    workspace.store.ensure_configuration(&new, machine.now())
}

/// Prepares the published version of a configuration, from its frozen files.
///
/// # Errors
/// The files cannot be opened as a configuration, or no Python suits it.
pub fn prepare_version(
    workspace: &Workspace,
    record: &ConfigurationRecord,
    version: &ConfigurationVersion,
) -> Result<PreparedConfiguration, PrepareError> {
    prepare_frozen(workspace, record, &version.snapshot, &version.source_digest)
}

/// Prepares a snapshot of a configuration.
///
/// # Errors
/// The files cannot be opened as a configuration, or no Python suits it.
pub fn prepare_frozen(
    workspace: &Workspace,
    record: &ConfigurationRecord,
    snapshot: &Path,
    source_digest: &str,
) -> Result<PreparedConfiguration, PrepareError> {
    workspace.demand(snapshot).map_err(StoreError::from)?;
    let configuration = Configuration::open_snapshot(snapshot, &record.path)?;
    let engine = own_engine(&workspace.settings)?;
    let python = suited(workspace, &configuration, &engine)?;
    Ok(PreparedConfiguration {
        key: EnvironmentKey {
            workspace_id: record.workspace_id.clone(),
            configuration_id: record.id.clone(),
            engine_spec: engine.spec(),
            deps_digest: configuration.deps_digest(&engine.digest()?, &python.environment_key()),
        },
        record: record.clone(),
        source_digest: source_digest.to_owned(),
        snapshot: snapshot.to_owned(),
        package_folder: configuration.folder_in(snapshot),
        configuration,
        python,
        engine,
    })
}

/// Returns the engine in the settings.
pub(crate) fn own_engine(settings: &Settings) -> Result<EnginePackage, EngineError> {
    EnginePackage::of_spec(settings.engine_spec.as_deref(), &settings.folder)
}

/// Finds the Python for a configuration. If the settings demand it, checks that the lock fits.
fn suited(
    workspace: &Workspace,
    configuration: &Configuration,
    engine: &EnginePackage,
) -> Result<Python, PrepareError> {
    let settings = &workspace.settings;
    let python =
        python_for(settings, &workspace.paths, configuration).map_err(PrepareError::Python)?;
    demand_lock(settings, configuration, engine, &python)?;
    Ok(python)
}

/// Finds the Python that a configuration's environment is made from.
///
/// # Errors
/// No Python suits the configuration.
pub fn python_for(
    settings: &Settings,
    paths: &Paths,
    configuration: &Configuration,
) -> Result<Python, Error> {
    let requires = configuration.dependencies().requires_python.as_deref();
    find_python(settings, &paths.tools(), requires)
}

impl PreparedConfiguration {
    /// Returns the record of the environment that it needs, and creates it if there is none.
    pub fn ensure_environment(
        &self,
        workspace: &Workspace,
    ) -> Result<EnvironmentRecord, StoreError> {
        ensure_environment(workspace, &self.key, self.snapshot.clone())
    }

    /// Does the same as [`PreparedConfiguration::ensure_environment`], for a new request: see `ask`.
    pub fn ask_for_environment(
        &self,
        workspace: &Workspace,
    ) -> Result<EnvironmentRecord, StoreError> {
        ask(workspace, self.ensure_environment(workspace)?)
    }
}

/// Returns the record of the environment that a recorded run needs, and creates it again if it was deleted.
pub fn environment_of_run(
    workspace: &Workspace,
    run: &RunRecord,
) -> Result<EnvironmentRecord, StoreError> {
    let (paths, key) = (&workspace.paths, &run.key);
    let snapshots = paths.snapshots(&key.workspace_id, &key.configuration_id);
    let snapshot = paths::snapshot(&snapshots, &run.source_digest);
    ensure_environment(workspace, key, snapshot)
}

/// Does the same as [`environment_of_run`], for a run that is repeated: see `ask`.
pub fn ask_for_environment_of_run(
    workspace: &Workspace,
    run: &RunRecord,
) -> Result<EnvironmentRecord, StoreError> {
    ask(workspace, environment_of_run(workspace, run)?)
}

/// Handles a new request for an environment whose last attempt failed for any reason: it is built at once, but not before the
/// backoff after that attempt has passed. Returns the environment after this change.
fn ask(workspace: &Workspace, found: EnvironmentRecord) -> Result<EnvironmentRecord, StoreError> {
    use EnvironmentStatus::{Failed, Queued};
    let due = due_when_asked(workspace, &found);
    let is_later = match found.status {
        Failed => true,
        // It may have failed on another host.
        Queued if workspace.store.host().is_some() => true,
        Queued => found.error.is_some() && found.available_at > due,
        _ => false,
    };
    let now = workspace.machine.now();
    if !is_later || !workspace.store.ask_for_environment(&found.id, due, now)? {
        return Ok(found);
    }
    let asked = workspace.store.environment_of(&found.key)?;
    Ok(asked.unwrap_or(found))
}

/// Returns the time from which an environment whose last attempt failed may be built for a new request.
pub fn due_when_asked(workspace: &Workspace, failed: &EnvironmentRecord) -> Timestamp {
    let (now, backoff) = (
        workspace.machine.now(),
        workspace.settings.worker.backoff_base,
    );
    // Limited to a backoff from now, because the clock may have been set back since.
    let rested = failed.updated_at.plus(backoff).min(now.plus(backoff));
    rested.max(now)
}

fn ensure_environment(
    workspace: &Workspace,
    key: &EnvironmentKey,
    snapshot: PathBuf,
) -> Result<EnvironmentRecord, StoreError> {
    let machine = &workspace.machine;
    let id = machine.new_id();
    let new = NewEnvironment {
        key: key.clone(),
        folder: environment_folder(workspace, key, &id),
        snapshot,
        id,
    };
    let Some(objects) = &workspace.objects else {
        return workspace.store.ensure_environment(&new, machine.now());
    };
    objects.put_snapshot(&new.snapshot)?;
    let recorded = workspace.store.ensure_environment(&new, machine.now())?;
    objects.snapshot_recorded(&new.snapshot)?;
    Ok(recorded)
}

/// Returns the folder of the environment with this key and id.
pub(crate) fn environment_folder(workspace: &Workspace, key: &EnvironmentKey, id: &str) -> PathBuf {
    let (of, configuration) = (&key.workspace_id, &key.configuration_id);
    let of_key = workspace
        .paths
        .environment_key(of, configuration, &key.deps_digest);
    paths::environment(&of_key, id)
}

/// Prepares an environment that a worker found in the queue, from the snapshot in its record. The key changes if an `ade` with
/// another engine recorded it.
///
/// # Errors
/// The snapshot cannot be opened as a configuration, no Python suits it, or this host would build another environment from it.
pub fn prepare_environment(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
) -> Result<PreparedConfiguration, PrepareError> {
    let fetched = workspace.demand(&environment.snapshot);
    fetched.map_err(StoreError::from)?;
    let configuration =
        Configuration::open_snapshot(&environment.snapshot, &environment.configuration_path)?;
    let settings = &workspace.settings;
    let folder = &settings.folder;
    let python =
        python_for(settings, &workspace.paths, &configuration).map_err(PrepareError::Python)?;
    let mut key = environment.key.clone();
    let digest = |engine: &EnginePackage| -> Result<String, EngineError> {
        Ok(configuration.deps_digest(&engine.digest()?, &python.environment_key()))
    };
    let engine = match EnginePackage::of_key(&key.engine_spec, folder)? {
        Some(engine) if workspace.store.host().is_some() && digest(&engine)? != key.deps_digest => {
            let message = format!(
                "with Python {} this host would build a different environment than the requested one",
                python.version_text()
            );
            return Err(
                Error::new(ProblemKind::Environment, code::ENVIRONMENT_FAILED, message)
                    .hint("install the same Python on all hosts, or name it in the settings (ADE_PYTHON)")
                    .into(),
            );
        }
        Some(engine) => engine,
        None => {
            // An ade with another engine recorded it. That engine is not available here, so the engine of this ade takes its
            // place.
            key.engine_spec = EnginePackage::Embedded.spec();
            key.deps_digest = digest(&EnginePackage::Embedded)?;
            EnginePackage::Embedded
        }
    };
    demand_lock(settings, &configuration, &engine, &python)?;
    Ok(PreparedConfiguration {
        python,
        record: ConfigurationRecord {
            id: environment.key.configuration_id.clone(),
            workspace_id: environment.key.workspace_id.clone(),
            name: environment.configuration_name.clone(),
            path: environment.configuration_path.clone(),
        },
        source_digest: String::new(),
        snapshot: environment.snapshot.clone(),
        package_folder: configuration.folder_in(&environment.snapshot),
        configuration,
        engine,
        key,
    })
}

/// Returns the inputs from which a lock of this configuration would be made now.
///
/// # Errors
/// The engine's dependencies cannot be read.
pub(crate) fn inputs(
    configuration: &Configuration,
    engine: &EnginePackage,
    python: (u8, u8),
) -> Result<LockInputs, EngineError> {
    Ok(configuration.lock_inputs(&engine.requirements()?, python))
}

/// Returns the lock of a configuration, or an error in words if it does not fit. Returns `None` if there is no lock.
///
/// # Errors
/// The engine's dependencies cannot be read.
pub(crate) fn fitting(
    configuration: &Configuration,
    engine: &EnginePackage,
    python: &Python,
) -> Result<Option<Result<LockedVersions, String>>, EngineError> {
    let Some(lock) = &configuration.dependencies().lock else {
        return Ok(None);
    };
    let now = inputs(configuration, engine, (python.version.0, python.version.1))?;
    Ok(Some(lock.fits(&now).map(|()| lock.clone())))
}

/// Returns the lock of a configuration, which must fit.
///
/// # Errors
/// There is no lock, or it does not fit.
pub(crate) fn demand(
    configuration: &Configuration,
    engine: &EnginePackage,
    python: &Python,
) -> Result<LockedVersions, Error> {
    let root = &configuration.root;
    let (code, message, does) = match fitting(configuration, engine, python)? {
        Some(Ok(lock)) => return Ok(lock),
        Some(Err(reason)) => {
            let message = format!(
                "{} is out of date: {reason}",
                root.join(LOCK_FILE).display()
            );
            (code::LOCK_OUTDATED, message, "makes it anew")
        }
        None => {
            let message = format!("{} has no {LOCK_FILE}", root.display());
            (code::LOCK_MISSING, message, "writes it")
        }
    };
    let hint = format!("`ade lock {}` {does}", typed(root.display()));
    Err(Error::new(ProblemKind::Environment, code, message).hint(hint))
}

/// Demands a lock that fits, if `ADE_FROZEN` is set.
///
/// # Errors
/// There is no lock, or it does not fit.
fn demand_lock(
    settings: &Settings,
    configuration: &Configuration,
    engine: &EnginePackage,
    python: &Python,
) -> Result<(), Error> {
    if settings.frozen {
        demand(configuration, engine, python)?;
    }
    Ok(())
}
