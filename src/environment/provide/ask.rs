//! Asking for an environment without waiting for it: a worker builds it.

use super::rebuild::{is_usable, requeue};
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::environment::needed::prepare::Prepared;
use crate::store::{EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::workspace::Workspace;

/// An environment was not put into the queue.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Too many wait already.
    #[error("{waiting} environments wait to be built, and the limit is {limit}")]
    Full {
        /// How many wait.
        waiting: usize,
        /// The limit.
        limit: u32,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for AskError {
    fn facts(&self) -> Facts {
        match self {
            Self::Full { .. } => Facts::new(Kind::Refused, code::BUSY)
                .hint("try again later; ADE_QUEUE_SIZE sets the limit"),
            Self::Store(error) => error.facts(),
        }
    }
}

/// Asks for the environment of a prepared configuration by hand: one that is not there, is gone, or has failed, is put into the
/// queue, and a worker is woken. With `force` it is built anew where it is ready. Returns it as it is then.
///
/// # Errors
/// Too many wait already, or the store cannot be used.
pub fn ask(
    workspace: &Workspace,
    prepared: &Prepared,
    force: bool,
) -> Result<EnvironmentRecord, AskError> {
    let (store, machine) = (&workspace.store, &workspace.machine);
    let is_done = |known: &EnvironmentRecord| !force && is_usable(workspace.files(), known);
    let is_waiting = |known: &EnvironmentRecord| {
        use EnvironmentStatus::{Building, Queued};
        matches!(known.status, Queued | Building)
    };
    let known = store.environment_of(&prepared.key)?;
    match known {
        Some(known) if is_done(&known) => return Ok(known),
        Some(known) if is_waiting(&known) => return Ok(prepared.ask_for_environment(workspace)?),
        _ => {}
    }
    let limit = workspace.settings.queue_size;
    let all = store.all_environments()?;
    let is_queued = |known: &&EnvironmentRecord| known.status == EnvironmentStatus::Queued;
    let waiting = all.iter().filter(is_queued).count();
    if waiting >= limit as usize {
        return Err(AskError::Full { waiting, limit });
    }
    let found = prepared.ask_for_environment(workspace)?;
    if found.status == EnvironmentStatus::Ready && !is_done(&found) {
        requeue(workspace, &found, &prepared.snapshot)?;
    }
    machine.wake(&workspace.paths.wake());
    Ok(store.environment_of(&prepared.key)?.unwrap_or(found))
}
