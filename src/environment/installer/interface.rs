//! The trait that both installers implement.

use std::path::{Path, PathBuf};

use crate::environment::build::error::BuildError;
use crate::environment::build::session::Session;

/// One call of an installer.
pub(in crate::environment) struct Install {
    pub engine: String,
    /// The engine without what it depends on.
    pub alone: bool,
    pub requirements: Vec<String>,
    /// The manifest whose `[tool.uv.sources]` define where requirements come from.
    pub sources: Option<PathBuf>,
    pub index_options: Vec<String>,
    pub constraints: Option<PathBuf>,
}

/// An installer, as a build uses it.
pub(in crate::environment) trait Installer {
    /// `uv 0.9.2`.
    fn label(&self) -> &str;

    fn create_venv(&mut self, session: &mut Session<'_>) -> Result<(), BuildError>;

    /// Installs the engine and the requirements into the venv, in one resolution so that their versions are compatible.
    fn install(&mut self, session: &mut Session<'_>, install: &Install) -> Result<(), BuildError>;

    /// Installs what a list of exact versions with hashes names, and nothing else.
    fn install_locked(&mut self, session: &mut Session<'_>, list: &Path) -> Result<(), BuildError>;

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError>;
}
