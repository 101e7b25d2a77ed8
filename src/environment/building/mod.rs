//! Builds one environment in its own folder.
//!
//! A virtual environment contains its own path, so it is built where it stays. `.ready` is written last, after everything
//! else is on the disk (`ready`). A folder without it is never used: the next builder removes what a crashed or cancelled
//! builder left, except `logs/`, which explains the failure, and the lock that the builder itself holds.
//!
//! Everything that happens is reported through [`BuildEvent`]s, the installer's own lines among them. One time budget
//! covers all steps.
//!
//! The list of steps is [`steps`]: `install` decides what is installed, `crate::environment::building::installer` how, `bytecode`
//! compiles it, `verify` starts it. What they share is in `session`.

mod bytecode;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod install;
pub(crate) mod installer;
pub(crate) mod measure;
pub(super) mod output;
mod ready;
mod request;
pub(crate) mod session;
mod verify;

use std::fs;

use self::session::BuildSession;
use crate::base::cancel::Cancel;
use crate::base::files;
use crate::base::files::FileError;
use installer::Uv;

pub use error::BuildError;
pub use event::{BuildEvent, PackageAction, Step};
pub use ready::is_ready;
pub use request::{BuildRequest, Built, EngineSource};

/// Builds the environment. The caller holds the lock of its folder.
///
/// # Errors
/// A step failed, the time was up, or the build was cancelled. The folder then holds the logs and the lock alone.
pub fn provision(
    request: &BuildRequest,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(BuildEvent),
) -> Result<Built, BuildError> {
    let mut session = BuildSession::new(request, cancel, on_event);
    ready::clear(&session.folder)?;
    let built = steps(&mut session);
    if built.is_err() {
        // An incomplete environment is useless; only the log is kept. The next builder would remove it too.
        let _ = ready::clear(&session.folder);
    }
    built
}

/// The steps of a build, in their order.
fn steps(session: &mut BuildSession<'_>) -> Result<Built, BuildError> {
    let workbench = session.folder.workbench();
    fs::create_dir_all(workbench.path())
        .map_err(FileError::on("create the folder", workbench.path()))?;

    let uv = session.step(Step::PrepareInstaller, Uv::prepare)?;
    session.step(Step::CreateVenv, |session| uv.create_venv(session))?;
    session.step(Step::InstallEngine, |session| install::engine(session, &uv))?;
    session.step(Step::InstallConfig, |session| {
        install::configuration(session, &uv)
    })?;
    session.step(Step::Compile, bytecode::compile)?;
    let engine_version = session.step(Step::VerifyImports, verify::verify)?;
    session.step(Step::CollectMetadata, |session| {
        finish(session, uv.label(), engine_version)
    })
}

/// Measures what was built, and records it.
fn finish(
    session: &BuildSession<'_>,
    installer: &str,
    engine_version: String,
) -> Result<Built, BuildError> {
    let request = session.request;
    let site_packages = session.site_packages()?;
    let installed =
        measure::installed(&site_packages).map_err(FileError::on("read", &site_packages))?;
    let workbench = session.folder.workbench();
    fs::remove_dir_all(workbench.path()).map_err(FileError::on("remove", workbench.path()))?;
    let venv = session.folder.venv();
    let usage = files::disk_usage(&venv).map_err(FileError::on("measure", &venv))?;
    let built = Built {
        python: request.python.clone(),
        venv,
        engine_version,
        lock_digest: measure::lock_digest(&installed),
        packages: installed
            .into_iter()
            .map(|package| (package.name, package.version))
            .collect(),
        size_bytes: usage.total_bytes,
        installer: installer.to_owned(),
    };
    ready::finish(request, &built)?;
    Ok(built)
}
