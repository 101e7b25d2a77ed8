//! The request for a build, and its result.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::configuration::{
    Configuration, LockedVersions, Requirement, VersionWanted, file_url, is_engine,
};
use crate::engine::sandbox::Policy;
use crate::engine::{EMBEDDED_VERSION, Engine, EngineError};
use crate::environment::python::Python;
use crate::settings::paths::ToolsFolder;

/// The engine that is installed.
#[derive(Clone, Debug)]
pub struct EngineSource {
    /// Which it is.
    pub engine: Engine,
    /// Where it is, if it is a file or a folder; that of the binary was unpacked.
    pub file: Option<PathBuf>,
}

impl EngineSource {
    /// What an installer is given of an engine. That of the binary is unpacked below `cache`.
    pub(crate) fn new(engine: &Engine, cache: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            engine: engine.clone(),
            file: match engine {
                Engine::Embedded => Some(Engine::unpack_embedded(cache)?),
                Engine::Wheel(path) | Engine::Folder(path) => Some(path.clone()),
                Engine::Requirement(_) => None,
            },
        })
    }

    /// The requirement by which an installer gets this engine.
    pub(crate) fn requirement(&self) -> String {
        match (&self.file, &self.engine) {
            (Some(folder), Engine::Folder(_)) => file_url(folder),
            (Some(wheel), _) => format!("ade-engine @ {}", file_url(wheel)),
            (None, engine) => engine.spec(),
        }
    }

    /// The override for every requirement of `ade-engine`. `None`: the engine has another name.
    pub(crate) fn replacement(&self) -> Option<String> {
        let at = |path: &Path| Some(format!("ade-engine @ {}", file_url(path)));
        if let Some(file) = &self.file {
            return at(file);
        }
        let requirement = Requirement::parse(&self.engine.spec());
        match &requirement.wanted {
            VersionWanted::Bare(url) if url.contains("://") => Some(format!("ade-engine @ {url}")),
            VersionWanted::Bare(path) => at(Path::new(path)),
            _ => is_engine(&requirement).then(|| requirement.to_string()),
        }
    }

    /// Of a wheel the version that the installed engine must report.
    pub(super) fn wheel_version(&self) -> Option<String> {
        match &self.engine {
            Engine::Embedded => Some(EMBEDDED_VERSION.to_owned()),
            Engine::Wheel(path) => {
                // The second part of its name (PEP 427).
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                Some(name.split('-').nth(1).unwrap_or_default().to_owned())
            }
            Engine::Folder(_) | Engine::Requirement(_) => None,
        }
    }
}

/// Everything that a build needs to know.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// Where the environment is built and stays.
    pub folder: PathBuf,
    pub configuration: Configuration,
    /// The read-only copy of the configuration whose files are installed from.
    pub snapshot: PathBuf,
    pub python: Python,
    pub engine: EngineSource,
    /// The configuration's lock, with whether it fits: an error in words where it does not, and is not used.
    pub lock: Option<Result<LockedVersions, String>>,
    /// What is confined of installers and build tools, beside that they write to the folder and the caches here.
    pub sandbox: Policy,
    /// Use caches only; no index is asked.
    pub offline: bool,
    /// For all steps together.
    pub timeout: Duration,
    /// Of the pip that fetches uv.
    pub pip_cache: PathBuf,
    /// `None`: uv's own.
    pub uv_cache: Option<PathBuf>,
    /// The cache of builds that execute code of packages, which no build of another workspace uses.
    pub own_cache: PathBuf,
    /// What such code may not read: what ADE keeps of all workspaces, its caches among it.
    pub hidden: Vec<PathBuf>,
    /// Where finished environments are kept for others. `None`: this one is not, nor is it made from those.
    pub kept: Option<PathBuf>,
    /// The digest that names the environment among those of its configuration.
    pub deps_digest: String,
    /// The folder of `ade`, where its wheel puts a uv.
    pub beside: Option<PathBuf>,
    /// Where a fetched uv is kept: cache/tools.
    pub tools: ToolsFolder,
    pub environment_id: String,
    /// The caller's environment variables; index, proxy and certificate settings are among them.
    pub child_variables: Vec<(OsString, OsString)>,
}

impl BuildRequest {
    /// Whether the configuration has settings of its own for the installer: what that would write then is not known.
    pub(crate) fn follows_its_settings(&self) -> bool {
        let dependencies = self.configuration.dependencies();
        // A folder of packages is looked for from the configuration's own folder.
        let is_local = |option: &String| !option.contains("://");
        dependencies.has_uv_settings || dependencies.index_options.iter().any(is_local)
    }

    /// Whether installing it executes code of packages, as far as is known before. A package may come as source alone.
    pub(super) fn executes_code(&self) -> bool {
        let dependencies = self.configuration.dependencies();
        let is_built = |wanted: &VersionWanted| match wanted {
            VersionWanted::Version(_) => false,
            VersionWanted::Url(place) | VersionWanted::Bare(place) => {
                let path = place.split(['#', '?']).next().unwrap_or(place);
                !path.ends_with(".whl")
            }
        };
        let mut requirements = dependencies.requirements.iter();
        self.engine.wheel_version().is_none()
            || self.follows_its_settings()
            || dependencies.needs_build
            || requirements.any(|requirement| is_built(&requirement.wanted))
    }
}
