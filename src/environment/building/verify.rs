//! Starts the engine once in its new environment, the way a run will.

use std::fs;
use std::path::Path;

use super::error::BuildError;
use super::output::FinishedChild;
use super::request::EngineSource;
use super::session::{BuildSession, Code, Show};
use crate::base::files::FileError;

/// Imports what a run imports first, so that a broken wheel is found here and not in the first run. Puts all of it into one file, from
/// which runs import it.
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

/// Starts the engine and asks for its version, and imports it.
pub(super) fn verify(session: &mut BuildSession<'_>) -> Result<String, BuildError> {
    let found = version(session)?;
    let python = session.folder.python();
    let modules = session.folder.workbench().modules();
    let mut import = session.command(&python);
    import.args(["-I", "-B", "-c", IMPORT]).arg(&modules);
    let finished = session.with_code(Code::OfPackages, |session| {
        session.run(&mut import, Show::Nothing)
    })?;
    if !finished.exit.is_success() {
        return Err(failed(
            &format!("what a run imports can't be imported ({})", finished.exit),
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
        session.run(&mut version, Show::Nothing)
    })?;
    let Some(found) = answered(&finished) else {
        return Err(failed(
            "`python -m ade_engine version` prints nothing",
            &finished,
            &python,
        ));
    };
    if let EngineSource::Wheel {
        version: expected, ..
    } = &session.request.engine
        && *expected != found
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
