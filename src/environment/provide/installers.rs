//! The trait for building environments, and [`Installers`], which builds them on a real machine.

use std::path::{Path, PathBuf};

use crate::base::cancel::Cancel;
use crate::configuration::Configuration;
use crate::engine::sandbox::Policy;
use crate::engine::{EngineError, EnginePackage};
use crate::environment::building::cache_in_use::CacheInUse;
use crate::environment::needed::prepare::{
    PrepareError, PreparedConfiguration, fitting, prepare_environment,
};
use crate::environment::python::Python;
use crate::environment::{BuildError, BuildEvent, BuildRequest, EngineSource, provision};
use crate::settings::Settings;
use crate::settings::paths::{CacheFolder, Paths};
use crate::store::{EnvironmentContents, EnvironmentRecord};
use crate::workspace::Workspace;

/// Builds environments. [`Installers`] installs packages; the simulation has an implementation that installs nothing.
pub trait Build: Send + Sync {
    /// Returns everything from which an environment in the queue is built.
    ///
    /// # Errors
    /// Its snapshot cannot be opened as a configuration, or no Python suits it.
    fn prepare(
        &self,
        workspace: &Workspace,
        environment: &EnvironmentRecord,
    ) -> Result<PreparedConfiguration, PrepareError>;

    /// Builds a claimed environment in its folder; `.ready` is written last.
    ///
    /// # Errors
    /// It could not be built; only its log remains.
    fn build(
        &self,
        workspace: &Workspace,
        prepared: &PreparedConfiguration,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<EnvironmentContents, BuildError>;
}

/// Builds with uv, on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Installers;

impl Build for Installers {
    fn prepare(
        &self,
        workspace: &Workspace,
        environment: &EnvironmentRecord,
    ) -> Result<PreparedConfiguration, PrepareError> {
        prepare_environment(workspace, environment)
    }

    fn build(
        &self,
        workspace: &Workspace,
        prepared: &PreparedConfiguration,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<EnvironmentContents, BuildError> {
        // Before anything in the cache is read.
        let _in_use = CacheInUse::enter(workspace.paths.cache());
        if let Some(note) = workspace.paths.cache_note() {
            let cache = workspace.paths.cache().display();
            let message = format!(
                "{note}; {cache} is used instead, which other data directories do not share"
            );
            on_event(BuildEvent::Note { message });
        }
        let request = BuildRequest {
            environment_id: environment.id.clone(),
            kept: Some(CacheFolder(workspace.paths.cache().to_owned()).environments()),
            deps_digest: prepared.key.deps_digest.clone(),
            lock: fitting(&prepared.configuration, &prepared.engine, &prepared.python)?,
            ..request(
                (&workspace.settings, &workspace.paths),
                &prepared.configuration,
                &prepared.snapshot,
                (&prepared.engine, prepared.python.clone()),
                environment.folder.clone(),
            )?
        };
        provision(&request, cancel, on_event)
    }
}

/// Returns the request for a build of a configuration's `snapshot` in `folder`, from settings, caches and tools, without a
/// lock.
pub(crate) fn request(
    (settings, paths): (&Settings, &Paths),
    configuration: &Configuration,
    snapshot: &Path,
    (engine, python): (&EnginePackage, Python),
    folder: PathBuf,
) -> Result<BuildRequest, EngineError> {
    Ok(BuildRequest {
        environment_id: String::new(),
        own_cache: paths.own_cache(&settings.workspace),
        hidden: paths.own_folders().map(Path::to_owned).to_vec(),
        kept: None,
        deps_digest: String::new(),
        configuration: configuration.clone(),
        snapshot: snapshot.to_owned(),
        python,
        engine: EngineSource::new(engine, &paths.engine_cache())?,
        lock: None,
        sandbox: Policy::of_build(settings),
        offline: settings.offline,
        timeout: settings.build_timeout,
        pip_cache: paths.pip_cache(),
        uv_cache: Some(paths.uv_cache()),
        beside: settings
            .program
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned),
        tools: paths.tools(),
        child_variables: settings.child_variables(),
        folder,
    })
}
