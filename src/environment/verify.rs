//! Starts the engine once in its new environment, the way a run will.

use super::provision::{BuildError, EngineSource, Finished, Show, Work};

/// What a run imports first, where it is installed: a broken wheel shows here and not in the first run.
const IMPORT: &str = "
import importlib.util
if importlib.util.find_spec('polars'):
    import polars
";

/// Starts the engine and asks for its version.
pub(super) fn verify(work: &mut Work<'_>) -> Result<String, BuildError> {
    let python = work.python();
    let mut version = work.command(&python);
    version.args(["-I", "-m", "ade_engine", "version"]);
    let finished = work.run(&mut version, Show::Nothing)?;
    let Some(found) = answered(&finished) else {
        return Err(failed(
            "`python -m ade_engine version` says nothing",
            &finished,
        ));
    };
    if let EngineSource::Wheel {
        version: expected, ..
    } = &work.request.engine
        && *expected != found
    {
        return Err(failed(
            &format!("it says that it is {found}, and {expected} was installed"),
            &finished,
        ));
    }
    let mut import = work.command(&python);
    import.args(["-I", "-c", IMPORT]);
    let finished = work.run(&mut import, Show::Nothing)?;
    if !finished.exit.is_success() {
        return Err(failed(
            &format!("polars can't be imported ({})", finished.exit),
            &finished,
        ));
    }
    Ok(found)
}

fn answered(finished: &Finished) -> Option<String> {
    if !finished.exit.is_success() {
        return None;
    }
    finished
        .stdout()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .map(str::to_owned)
}

fn failed(message: &str, finished: &Finished) -> BuildError {
    BuildError::VerificationFailed {
        message: message.to_owned(),
        last_lines: finished.last_lines(),
    }
}
