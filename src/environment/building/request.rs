//! The request for a build, and its result.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::configuration::{
    Configuration, LockedVersions, Requirement, VersionWanted, file_url, is_engine,
};
use crate::engine::sandbox::Policy;
use crate::environment::python::Python;
use crate::settings::paths::ToolsFolder;

/// Which engine is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineSource {
    /// A wheel file, and the version that the installed engine must report. `embedded`: it is the engine in the binary.
    Wheel {
        path: PathBuf,
        version: String,
        embedded: bool,
    },
    /// A source folder.
    Folder(PathBuf),
    /// Anything that an installer understands.
    Requirement(String),
}

impl EngineSource {
    /// The requirement by which an installer gets this engine.
    pub(crate) fn requirement(&self) -> String {
        match self {
            EngineSource::Wheel { path, .. } => format!("ade-engine @ {}", file_url(path)),
            EngineSource::Folder(path) => file_url(path),
            EngineSource::Requirement(text) => text.clone(),
        }
    }

    /// What `ADE_ENGINE_SPEC` asks for. `None`: it is not set.
    pub(super) fn asked_for(&self) -> Option<String> {
        match self {
            EngineSource::Wheel { embedded: true, .. } => None,
            EngineSource::Wheel { path, .. } | EngineSource::Folder(path) => {
                Some(path.display().to_string())
            }
            EngineSource::Requirement(text) => Some(text.clone()),
        }
    }

    /// Where it is, if it is a file or a folder.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match self {
            EngineSource::Wheel { path, .. } | EngineSource::Folder(path) => Some(path.clone()),
            EngineSource::Requirement(_) => None,
        }
    }

    /// The override for every requirement of `ade-engine`. `None`: the engine has another name.
    pub(crate) fn replacement(&self) -> Option<String> {
        match self {
            EngineSource::Wheel { .. } => Some(self.requirement()),
            EngineSource::Folder(path) => Some(format!("ade-engine @ {}", file_url(path))),
            EngineSource::Requirement(text) => {
                let requirement = Requirement::parse(text);
                match &requirement.wanted {
                    VersionWanted::Bare(place) if place.contains("://") => {
                        Some(format!("ade-engine @ {place}"))
                    }
                    VersionWanted::Bare(place) => {
                        Some(format!("ade-engine @ {}", file_url(Path::new(place))))
                    }
                    _ => is_engine(&requirement).then(|| requirement.to_string()),
                }
            }
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
        !matches!(self.engine, EngineSource::Wheel { .. })
            || self.follows_its_settings()
            || dependencies.needs_build
            || requirements.any(|requirement| is_built(&requirement.wanted))
    }
}

/// A finished environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The Python that it was made from.
    pub python: Python,
    pub venv: PathBuf,
    pub engine_version: String,
    /// Names and versions, sorted by name.
    pub packages: Vec<(String, String)>,
    /// Equal where two environments hold the same packages in the same versions.
    pub lock_digest: String,
    /// On disk, shared files included.
    pub size_bytes: u64,
    /// `uv 0.9.2`
    pub installer: String,
}
