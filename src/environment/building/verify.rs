//! Compiles the installed packages with Python's `compileall`, and starts the engine once in its new environment, the way a run
//! will.
//!
//! Without bytecode, every run would compile again: `import polars` would take more than twice as long. The files are of the
//! unchecked kind, which ignores modification times. This is safe, because an environment's packages are never edited: a change
//! makes a new environment.

use std::fs;
use std::io;
use std::path::Path;

use super::error::BuildError;
use super::output::FinishedChild;
use super::session::{BuildSession, Code, OutputEcho};
use crate::base::files::{self, FileError};
use crate::base::host;

/// The minimum free disk space in bytes after compilation. Python before 3.12 does not notice that a full disk took only a part
/// of a file, and the import of that part fails. No module's bytecode is larger, so with this much space left, every file is
/// whole.
const ROOM: u64 = 4 << 20;

/// Returns the number of processes that compile; 0 means one per core. On two cores, two processes take as long as one and use
/// twice the processor time, which other programs there need.
fn processes() -> &'static str {
    if host::processors() > 2 { "0" } else { "1" }
}

/// Compiles every module in the environment, with the Python that it was made from: this one executes none of the installed
/// code.
pub(super) fn compile(session: &mut BuildSession<'_>) -> Result<(), BuildError> {
    let site_packages = session.site_packages()?;
    let mut command = session.command(&session.request.python.executable);
    command
        .args(["-I", "-S", "-m", "compileall", "-q", "-j", processes()])
        .args(["--invalidation-mode", "unchecked-hash"])
        .arg(&site_packages);
    let finished = session.run(&mut command, OutputEcho::Nothing)?;
    if finished.found_disk_full() || files::room(&site_packages).is_ok_and(|room| room < ROOM) {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        return Err(FileError::on("write bytecode in", &site_packages)(full).into());
    }
    if !finished.exit.is_success() {
        // Packages may contain files that are not valid for this Python; they are not imported.
        session.note(
            "some files could not be compiled ahead; Python compiles them at import".to_owned(),
        );
    }
    Ok(())
}

/// Imports what a run imports first, so that a broken wheel is found now and not in the first run. Writes all modules into one
/// file, from which runs import them.
const IMPORT: &str = "
import importlib.util, sys
if importlib.util.find_spec('polars'):
    import polars
try:
    from ade_engine.cli.modules import write
except ImportError:
    pass  # an engine that has none
else:
    write(sys.argv[1])
";

/// Asks the engine for its version, and imports it.
pub(super) fn verify(session: &mut BuildSession<'_>) -> Result<String, BuildError> {
    let found = version(session)?;
    let python = session.folder.python();
    let modules = session.folder.workbench().modules();
    let mut import = session.command(&python);
    import.args(["-I", "-B", "-c", IMPORT]).arg(&modules);
    let finished = session.with_code(Code::OfPackages, |session| {
        session.run(&mut import, OutputEcho::Nothing)
    })?;
    if !finished.exit.is_success() {
        return Err(failed(
            &format!(
                "a module that runs need can't be imported ({})",
                finished.exit
            ),
            &finished,
            &python,
        ));
    }
    if modules.exists() {
        let target = session.folder.modules();
        fs::rename(&modules, &target).map_err(FileError::on("write", &target))?;
    }
    Ok(found)
}

/// Starts the engine and asks for its version.
pub(super) fn version(session: &mut BuildSession<'_>) -> Result<String, BuildError> {
    let python = session.folder.python();
    let mut version = session.command(&python);
    version.args(["-I", "-B", "-m", "ade_engine", "version"]);
    let finished = session.with_code(Code::OfPackages, |session| {
        session.run(&mut version, OutputEcho::Nothing)
    })?;
    let Some(found) = answered(&finished) else {
        return Err(failed(
            "`python -m ade_engine version` prints nothing",
            &finished,
            &python,
        ));
    };
    if let Some(expected) = session.request.engine.wheel_version()
        && expected != found
    {
        return Err(failed(
            &format!("it reports version {found}, but {expected} was installed"),
            &finished,
            &python,
        ));
    }
    Ok(found)
}

fn answered(finished: &FinishedChild) -> Option<String> {
    if !finished.exit.is_success() {
        return None;
    }
    finished
        .stdout()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .map(str::to_owned)
}

fn failed(message: &str, finished: &FinishedChild, python: &Path) -> BuildError {
    if let Some(error) = finished.exhausted() {
        return FileError::on("start", python)(error).into();
    }
    BuildError::VerificationFailed {
        message: message.to_owned(),
        last_lines: finished.last_lines(),
    }
}
