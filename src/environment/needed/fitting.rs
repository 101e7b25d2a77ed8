//! Whether a configuration's lock fits what would be installed now, and that it does where `ADE_FROZEN` demands it.

use std::path::PathBuf;

use crate::base::problem::{Facts, Kind, Problem, code, typed};
use crate::configuration::{Configuration, LOCK_FILE, LockInputs, LockedVersions};
use crate::engine::{Engine, EngineError};
use crate::environment::python::Python;
use crate::settings::Settings;

/// A configuration has no lock that fits.
#[derive(Debug, thiserror::Error)]
pub enum UnfitError {
    /// It has none at all.
    #[error("{} has no {LOCK_FILE}", root.display())]
    Missing {
        /// The configuration's folder.
        root: PathBuf,
    },
    /// It was made from something else.
    #[error("{} is out of date: {reason}", root.join(LOCK_FILE).display())]
    Outdated {
        /// The configuration's folder.
        root: PathBuf,
        /// What has changed.
        reason: String,
    },
    /// What the engine depends on cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Problem for UnfitError {
    fn facts(&self) -> Facts {
        match self {
            Self::Missing { root } => Facts::new(Kind::Environment, code::LOCK_MISSING)
                .hint(format!("`ade lock {}` writes it", typed(root.display()))),
            Self::Outdated { root, .. } => Facts::new(Kind::Environment, code::LOCK_OUTDATED).hint(
                format!("`ade lock {}` makes it anew", typed(root.display())),
            ),
            Self::Engine(error) => error.facts(),
        }
    }
}

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
) -> Result<LockedVersions, UnfitError> {
    let root = configuration.root.clone();
    match fitting(configuration, engine, python)? {
        Some(Ok(lock)) => Ok(lock),
        Some(Err(reason)) => Err(UnfitError::Outdated { root, reason }),
        None => Err(UnfitError::Missing { root }),
    }
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
) -> Result<(), UnfitError> {
    if settings.frozen {
        demand(configuration, engine, python)?;
    }
    Ok(())
}
