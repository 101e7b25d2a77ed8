//! Whether a configuration's lock fits what would be installed now, and that it does where `ADE_FROZEN` demands it.

use crate::base::problem::{Error, Kind, code, typed};
use crate::configuration::{Configuration, LOCK_FILE, LockInputs, LockedVersions};
use crate::engine::{Engine, EngineError};
use crate::environment::python::Python;
use crate::settings::Settings;

/// What a lock of this configuration would be made from now.
///
/// # Errors
/// What the engine depends on cannot be read.
pub(crate) fn inputs(
    configuration: &Configuration,
    engine: &Engine,
    python: (u8, u8),
) -> Result<LockInputs, EngineError> {
    Ok(configuration.lock_inputs(&engine.requirements()?, python))
}

/// The lock of a configuration, and whether it fits: an error in words where it does not. `None`: it has none.
///
/// # Errors
/// What the engine depends on cannot be read.
pub(crate) fn fitting(
    configuration: &Configuration,
    engine: &Engine,
    python: &Python,
) -> Result<Option<Result<LockedVersions, String>>, EngineError> {
    let Some(lock) = &configuration.dependencies().lock else {
        return Ok(None);
    };
    let now = inputs(configuration, engine, (python.version.0, python.version.1))?;
    Ok(Some(lock.fits(&now).map(|()| lock.clone())))
}

/// The lock of a configuration.
///
/// # Errors
/// It has none, or one that does not fit.
pub(crate) fn demand(
    configuration: &Configuration,
    engine: &Engine,
    python: &Python,
) -> Result<LockedVersions, Error> {
    let root = &configuration.root;
    let (code, message, does) = match fitting(configuration, engine, python)? {
        Some(Ok(lock)) => return Ok(lock),
        Some(Err(reason)) => {
            let message = format!(
                "{} is out of date: {reason}",
                root.join(LOCK_FILE).display()
            );
            (code::LOCK_OUTDATED, message, "makes it anew")
        }
        None => {
            let message = format!("{} has no {LOCK_FILE}", root.display());
            (code::LOCK_MISSING, message, "writes it")
        }
    };
    let hint = format!("`ade lock {}` {does}", typed(root.display()));
    Err(Error::new(Kind::Environment, code, message).hint(hint))
}

/// With `ADE_FROZEN`: demands a lock that fits.
///
/// # Errors
/// The configuration has none, or one that does not fit.
pub(crate) fn demand_lock(
    settings: &Settings,
    configuration: &Configuration,
    engine: &Engine,
    python: &Python,
) -> Result<(), Error> {
    if settings.frozen {
        demand(configuration, engine, python)?;
    }
    Ok(())
}
