//! Fetches uv once for all data directories, if the machine has none.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::files::{FileError, PartialFolder, remove_leftovers};
use crate::environment::building::error::BuildError;
use crate::environment::building::output::BuildStepKind;
use crate::environment::building::session::{BuildSession, OutputEcho};
use crate::settings::paths::{ToolsFolder, venv_python};
use crate::system::lock::{Lock, LockError};
use crate::system::machine::{Machine, System};

/// The requirement that is fetched. The wheel of `ade` has the same requirement.
const FETCHED: &str = "uv>=0.8,<1";

/// Returns the uv below `cache/tools`, and fetches it if there is none. It appears there whole, and only one process fetches it
/// at a time.
pub(super) fn fetched(session: &mut BuildSession<'_>) -> Result<PathBuf, BuildError> {
    let tools = &session.request.tools;
    let home = tools.uv();
    let program = ToolsFolder::uv_program(&home);
    if program.exists() {
        return Ok(program);
    }
    let until = session.time_left().map(|left| System.steady().plus(left));
    let turn = Lock::acquire(
        &System,
        &tools.uv_lock(),
        session.cancel,
        until,
        &mut |holder| {
            let holder = holder.unwrap_or_else(|| "another process".to_owned());
            session.note(format!("waiting for {holder}, which is fetching uv"));
        },
    );
    let _turn = turn.map_err(|error| match error {
        LockError::Cancelled { .. } => BuildError::Cancelled {
            step: BuildStepKind::PrepareInstaller,
        },
        LockError::Busy { .. } => session.timeout(),
        LockError::File(error) => error.into(),
    })?;
    if program.exists() {
        return Ok(program);
    }
    // Only the holder of the lock fetches, so partial folders that exist now are leftovers.
    remove_leftovers(&tools.0, Duration::ZERO);
    let partial = PartialFolder::in_folder(&tools.0);
    fetch(session, partial.path())?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(FileError::on("remove", &home))?;
    }
    partial
        .settle(&home)
        .map_err(FileError::on("move into place", &home))?;
    Ok(program)
}

/// Fetches uv with the pip of a Python, or with the pip of a temporary venv if that Python has no pip.
fn fetch(session: &mut BuildSession<'_>, target: &Path) -> Result<(), BuildError> {
    let offline = session.request.offline;
    session.note(match offline {
        false => "there is no uv on PATH; fetching it once".to_owned(),
        // pip still searches the local folders in its settings.
        true => {
            "there is no uv on PATH; without a network, only local packages are searched for it"
                .to_owned()
        }
    });
    let python = session.request.python.executable.clone();
    let first = match fetch_with(session, &python, target)? {
        FetchOutcome::Done => return Ok(()),
        FetchOutcome::Failed { reason, transient } => {
            return Err(BuildError::NoInstaller {
                reasons: vec![reason],
                transient,
            });
        }
        FetchOutcome::NoPip => format!("{} has no pip", python.display()),
    };
    let (second, transient) = match fetch_through_venv(session, target)? {
        FetchOutcome::Done => return Ok(()),
        FetchOutcome::Failed { reason, transient } => (reason, transient),
        FetchOutcome::NoPip => (
            "a virtual environment made with it has no pip either".to_owned(),
            false,
        ),
    };
    Err(BuildError::NoInstaller {
        reasons: vec![first, second],
        transient,
    })
}

/// The result of a fetch with one pip.
enum FetchOutcome {
    Done,
    /// The Python has no pip.
    NoPip,
    Failed {
        reason: String,
        /// True if a retry may succeed.
        transient: bool,
    },
}

/// Makes a temporary venv with pip, and fetches with this pip.
fn fetch_through_venv(
    session: &mut BuildSession<'_>,
    target: &Path,
) -> Result<FetchOutcome, BuildError> {
    let venv = session.folder.workbench().venv_with_pip();
    let mut command = session.command(&session.request.python.executable);
    command.args(["-I", "-m", "venv"]).arg(&venv);
    if !session
        .run(&mut command, OutputEcho::Nothing)?
        .exit
        .is_success()
    {
        return Ok(FetchOutcome::Failed {
            reason: "its venv module can't make an environment with pip".to_owned(),
            transient: false,
        });
    }
    fetch_with(session, &venv_python(&venv), target)
}

/// Fetches with the pip of one Python.
fn fetch_with(
    session: &mut BuildSession<'_>,
    python: &Path,
    target: &Path,
) -> Result<FetchOutcome, BuildError> {
    let mut command = session.command(python);
    // Settings that every pip understands or ignores: no prompts, no check for a newer pip, and ADE's cache.
    command
        .env("PIP_CACHE_DIR", &session.request.pip_cache)
        .env("PIP_NO_INPUT", "1")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_NO_WARN_SCRIPT_LOCATION", "1")
        .args([
            "-I",
            "-m",
            "pip",
            "install",
            "--progress-bar",
            "off",
            "--no-deps",
            "--only-binary",
            ":all:",
        ])
        .arg("--target")
        .arg(target);
    if session.request.offline {
        command.arg("--no-index");
    }
    command.arg(FETCHED);
    let finished = session.run(&mut command, OutputEcho::Everything)?;
    if finished.exit.is_success() && ToolsFolder::uv_program(target).exists() {
        return Ok(FetchOutcome::Done);
    }
    if finished.mentions(&["no module named pip"]) {
        return Ok(FetchOutcome::NoPip);
    }
    let last = finished.last_lines().pop().unwrap_or_default();
    let reason = if session.request.offline {
        "without a network, it was not found among local packages".to_owned()
    } else {
        format!("it could not be fetched ({last})")
    };
    Ok(FetchOutcome::Failed {
        reason,
        transient: finished.found_network_trouble() && !session.request.offline,
    })
}
