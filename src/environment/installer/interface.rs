//! The trait that both installers implement.

use std::path::PathBuf;

use crate::environment::build::error::BuildError;
use crate::environment::build::session::Session;

/// One call of an installer.
pub(in crate::environment) struct Install {
    pub engine: String,
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

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError>;
}
