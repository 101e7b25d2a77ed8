//! The programs that install packages: uv where there is one or one can be fetched, else Python's own venv and pip.
//!
//! Both do the same for the build, behind [`Installer`]. Both try caches first and ask an index only when these do not
//! suffice, since an answer from a cache takes a fraction of the time and works without a netsession.

mod index;
mod pip;
mod uv;

use std::path::PathBuf;

use super::build::error::BuildError;
use super::build::session::Session;
use crate::settings::Installer as Choice;

/// One call of an installer.
pub(super) struct Install {
    pub engine: String,
    pub requirements: Vec<String>,
    /// The manifest whose `[tool.uv.sources]` say where requirements come from.
    pub sources: Option<PathBuf>,
    pub index_options: Vec<String>,
    pub constraints: Option<PathBuf>,
}

/// What a build asks of an installer.
pub(super) trait Installer {
    /// `uv 0.9.2`.
    fn label(&self) -> &str;

    fn create_venv(&mut self, session: &mut Session<'_>) -> Result<(), BuildError>;

    /// Installs the engine and the requirements into the venv, so that all of them fit together.
    fn install(&mut self, session: &mut Session<'_>, install: &Install) -> Result<(), BuildError>;

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError>;
}

/// Finds the installer, or fetches it.
pub(super) fn prepare(session: &mut Session<'_>) -> Result<Box<dyn Installer>, BuildError> {
    if session.request.installer == Choice::Pip {
        return Ok(Box::new(pip::Pip::prepare(session)?));
    }
    match uv::Uv::prepare(session) {
        Ok(uv) => Ok(Box::new(uv)),
        Err(error @ (BuildError::Cancelled { .. } | BuildError::Timeout { .. })) => Err(error),
        Err(error) if session.request.installer == Choice::Uv => Err(error),
        Err(error) => {
            session.note(format!(
                "{error}; Python's own venv and pip are used, which takes longer"
            ));
            Ok(Box::new(pip::Pip::prepare(session)?))
        }
    }
}
