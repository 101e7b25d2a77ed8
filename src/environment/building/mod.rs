//! Builds one environment in its own folder.
//!
//! A virtual environment contains its own path, so it is built where it stays. `.ready` is written last, after everything else
//! is on the disk (`ready`). A folder without it is never used: the next builder removes what a crashed or cancelled builder
//! left, except for `logs/`, which explains the failure, and the lock that the builder holds.
//!
//! All events are reported as [`BuildEvent`]s, including the installer's lines. One time budget covers all steps.
//!
//! [`steps`] lists the steps: `install` decides what is installed, `crate::environment::building::installer` how, `verify`
//! compiles and starts it. `session` holds what they share. If the same dependencies were installed before, the environment is
//! linked to the `kept` one in the cache; `contents` lists its files.
//!
//! No package's code may write files that others import. Packages are wheels if possible, and installing a wheel executes none
//! of its code. If a package must be built, the whole environment is made by copies, with a cache that belongs to the workspace
//! alone.

pub(crate) mod cache_in_use;
pub(crate) mod contents;
pub(crate) mod error;
pub(crate) mod install;
pub(crate) mod installer;
mod kept;
pub(crate) mod output;
mod ready;
mod request;
pub(crate) mod session;
mod verify;

use std::fs;

use self::contents::Contents;
use self::installer::Uv;
use self::kept::{CachedEnvironment, InstallFacts};
use self::session::BuildSession;
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::store::{EnvironmentContents, InstalledPackage};

pub use error::BuildError;
pub use output::{BuildEvent, BuildStepKind, PackageAction};
pub use ready::is_ready;
pub use request::{BuildRequest, EngineSource};

/// Builds the environment. The caller holds the lock of its folder.
///
/// # Errors
/// A step failed, the time was up, or the build was cancelled. The folder then holds only the logs and the lock.
pub fn provision(
    request: &BuildRequest,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(BuildEvent),
) -> Result<EnvironmentContents, BuildError> {
    let mut session = BuildSession::new(request, cancel, on_event);
    ready::clear(&session.folder)?;
    let built = steps(&mut session);
    if built.is_err() {
        // An incomplete environment is useless, so only the log is kept. The next builder would remove it, too.
        let _ = ready::clear(&session.folder);
    }
    built
}

/// Runs the steps of a build in order.
fn steps(session: &mut BuildSession<'_>) -> Result<EnvironmentContents, BuildError> {
    let workbench = session.folder.workbench();
    fs::create_dir_all(workbench.path())
        .map_err(FileError::on("create the folder", workbench.path()))?;

    let kept = CachedEnvironment::from_request(session.request);
    if let Some(kept) = kept.as_ref().filter(|kept| kept.is_there()) {
        match from_kept(session, kept) {
            Ok(Some(built)) => return Ok(built),
            Ok(None) => {}
            // The kept environment may be at fault; a build finds out.
            Err(BuildError::VerificationFailed { .. }) => {
                kept.remove();
                remove_venv(session)?;
            }
            Err(error) => return Err(error),
        }
    }
    let uv = session.step(BuildStepKind::PrepareInstaller, Uv::prepare)?;
    if session.request.executes_code() {
        session.execute_code();
    }
    if !install(session, &uv)? {
        // A package exists only as source. The files so far are links to files that others use.
        remove_venv(session)?;
        session.execute_code();
        install(session, &uv)?;
    }
    session.step(BuildStepKind::Compile, verify::compile)?;
    let engine_version = session.step(BuildStepKind::VerifyImports, verify::verify)?;
    session.step(BuildStepKind::CollectMetadata, |session| {
        let facts = InstallFacts {
            installer: uv.label.clone(),
            engine_version,
        };
        let kept = kept.as_ref().filter(|_| !session.executes_code());
        finish(session, facts, kept)
    })
}

/// Makes the environment from a kept one. Returns `None` if there is none.
fn from_kept(
    session: &mut BuildSession<'_>,
    kept: &CachedEnvironment,
) -> Result<Option<EnvironmentContents>, BuildError> {
    let found = session.step(BuildStepKind::CreateVenv, |session| {
        Ok(kept.hand_on(session))
    })?;
    let Some(facts) = found else {
        return Ok(None);
    };
    session.note("linked to an environment of the same dependencies".to_owned());
    // The links already contain the results of these steps.
    for step in [
        BuildStepKind::InstallEngine,
        BuildStepKind::InstallConfig,
        BuildStepKind::Compile,
    ] {
        session.step(step, |_| Ok(()))?;
    }
    session.step(BuildStepKind::VerifyImports, verify::version)?;
    let finish = |session: &mut BuildSession<'_>| finish(session, facts, None);
    session
        .step(BuildStepKind::CollectMetadata, finish)
        .map(Some)
}

/// Installs everything. Returns false if that requires executing code of packages, which this build does not do yet.
fn install(session: &mut BuildSession<'_>, uv: &Uv) -> Result<bool, BuildError> {
    session.step(BuildStepKind::CreateVenv, |session| uv.create_venv(session))?;
    session.step(BuildStepKind::InstallEngine, |session| {
        install::engine(session, uv)
    })?;
    let installed = session.step(BuildStepKind::InstallConfig, |session| {
        install::configuration(session, uv)
    });
    match installed {
        Err(BuildError::Installer { last_lines, .. })
            if !session.executes_code() && installer::needs_build(&last_lines) =>
        {
            Ok(false)
        }
        installed => installed.map(|()| true),
    }
}

fn remove_venv(session: &BuildSession<'_>) -> Result<(), BuildError> {
    let venv = session.folder.venv();
    Ok(fs::remove_dir_all(&venv).map_err(FileError::on("remove", &venv))?)
}

/// Measures the finished environment and records it.
fn finish(
    session: &BuildSession<'_>,
    facts: InstallFacts,
    kept: Option<&CachedEnvironment>,
) -> Result<EnvironmentContents, BuildError> {
    let request = session.request;
    let site_packages = session.site_packages()?;
    let installed =
        contents::installed(&site_packages).map_err(FileError::on("read", &site_packages))?;
    let workbench = session.folder.workbench();
    fs::remove_dir_all(workbench.path()).map_err(FileError::on("remove", workbench.path()))?;
    let venv = session.folder.venv();
    let usage = files::disk_usage(&venv).map_err(FileError::on("measure", &venv))?;
    let contents = Contents::from_venv(&venv).map_err(FileError::on("read", &venv))?;
    contents.write(&session.folder.files())?;
    if let Some(kept) = kept {
        kept.keep(&venv, &contents, &facts, session.way);
    }
    let built = EnvironmentContents {
        python_version: request.python.version_text(),
        python_path: request.python.executable.clone(),
        engine_version: facts.engine_version,
        installer: facts.installer,
        lock_digest: contents::lock_digest(&installed),
        packages: installed
            .into_iter()
            .map(|package| InstalledPackage {
                name: package.name,
                version: package.version,
            })
            .collect(),
        size_bytes: usage.total_bytes,
    };
    ready::finish(request, &built)?;
    Ok(built)
}
