//! The programs that install packages: uv where there is one or one can be fetched, else Python's own venv and pip.
//!
//! Both implement [`Installer`]. Both try caches first and ask an index only when these do not suffice, because a cache
//! takes a fraction of the time and works without a network.

mod index;
mod interface;
mod pip;
mod search;
mod uv;

use super::build::error::BuildError;
use super::build::session::Session;
use crate::settings::Installer as Choice;

pub(super) use interface::{Install, Installer};
pub use search::{FoundUv, UvSearch, find_uv};
pub(super) use uv::Uv;

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
