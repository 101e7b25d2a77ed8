//! The request for a build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::configuration::{
    Configuration, LockedVersions, Requirement, VersionWanted, file_url, is_engine,
};
use crate::engine::sandbox::Policy;
use crate::engine::{EMBEDDED_VERSION, EngineError, EnginePackage};
use crate::environment::python::Python;
use crate::settings::paths::ToolsFolder;

/// The engine that an environment gets.
#[derive(Clone, Debug)]
pub struct EngineSource {
    pub engine: EnginePackage,
    /// The path, if the engine is a file or a folder. The binary's own engine was unpacked there.
    pub file: Option<PathBuf>,
}

impl EngineSource {
    /// Returns the engine in a form that an installer can use. Unpacks the binary's own engine below `cache`.
    pub(crate) fn new(engine: &EnginePackage, cache: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            engine: engine.clone(),
            file: match engine {
                EnginePackage::Embedded => Some(EnginePackage::unpack_embedded(cache)?),
                EnginePackage::Wheel(path) | EnginePackage::Folder(path) => Some(path.clone()),
                EnginePackage::Requirement(_) => None,
            },
        })
    }

    /// Returns the requirement by which an installer gets this engine.
    pub(crate) fn requirement(&self) -> String {
        match (&self.file, &self.engine) {
            (Some(folder), EnginePackage::Folder(_)) => file_url(folder),
            (Some(wheel), _) => format!("ade-engine @ {}", file_url(wheel)),
            (None, engine) => engine.spec(),
        }
    }

    /// Returns the override for every requirement of `ade-engine`, or `None` if the engine has another name.
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

    /// Returns the version that the installed engine must report, if it is a wheel.
    pub(super) fn wheel_version(&self) -> Option<String> {
        match &self.engine {
            EnginePackage::Embedded => Some(EMBEDDED_VERSION.to_owned()),
            EnginePackage::Wheel(path) => {
                // The second part of the file name (PEP 427).
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                Some(name.split('-').nth(1).unwrap_or_default().to_owned())
            }
            EnginePackage::Folder(_) | EnginePackage::Requirement(_) => None,
        }
    }
}

/// Everything that a build needs to know.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// The folder where the environment is built and stays.
    pub folder: PathBuf,
    pub configuration: Configuration,
    /// The read-only copy of the configuration, whose files are installed.
    pub snapshot: PathBuf,
    pub python: Python,
    pub engine: EngineSource,
    /// The configuration's lock, if it has one. An error says why the lock does not fit; then it is not used.
    pub lock: Option<Result<LockedVersions, String>>,
    /// The policy for installers and build tools. In addition, they may write to the folder and the caches in this request.
    pub sandbox: Policy,
    /// True if only caches are used and no index is asked.
    pub offline: bool,
    /// The time limit for all steps together.
    pub timeout: Duration,
    /// The cache of the pip that fetches uv.
    pub pip_cache: PathBuf,
    /// The cache of uv; `None` is uv's own.
    pub uv_cache: Option<PathBuf>,
    /// The cache of builds that execute code of packages. Builds of other workspaces do not use it.
    pub own_cache: PathBuf,
    /// The folders that such code may not read: ADE's data of all workspaces, including its caches.
    pub hidden: Vec<PathBuf>,
    /// The folder where finished environments are kept for others. If `None`, this one is not kept, nor made from a kept one.
    pub kept: Option<PathBuf>,
    /// The digest that identifies the environment among those of its configuration.
    pub deps_digest: String,
    /// The folder of `ade`, in which its wheel puts a uv.
    pub beside: Option<PathBuf>,
    /// The folder for a fetched uv: cache/tools.
    pub tools: ToolsFolder,
    pub environment_id: String,
    /// The caller's environment variables, including settings for indexes, proxies and certificates.
    pub child_variables: Vec<(OsString, OsString)>,
}

impl BuildRequest {
    /// Returns whether the configuration has its own settings for the installer. Their effect on what the installer writes is
    /// unknown.
    pub(crate) fn follows_its_settings(&self) -> bool {
        let dependencies = self.configuration.dependencies();
        // A folder of packages is relative to the configuration's own folder.
        let is_local = |option: &String| !option.contains("://");
        dependencies.has_uv_settings || dependencies.index_options.iter().any(is_local)
    }

    /// Returns whether the installation executes code of packages, as far as known in advance. A package may turn out to exist
    /// only as source.
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
