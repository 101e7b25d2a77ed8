//! Why a queued run does not run yet.

use crate::base::clock::Timestamp;
use crate::store::{EnvironmentStatus, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// What a queued run waits for, in words. `None`: it is not queued.
pub fn reason(
    workspace: &Workspace,
    run: &RunRecord,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    if run.status != RunStatus::Queued {
        return Ok(None);
    }
    let environment = workspace.store.environment_of(&run.key)?;
    let words = match environment {
        Some(environment) if environment.status == EnvironmentStatus::Building => {
            let builder = environment
                .claimed_by
                .as_deref()
                .unwrap_or("another process");
            format!("its environment, which {builder} builds")
        }
        Some(environment) if environment.status == EnvironmentStatus::Queued => {
            match &environment.error {
                Some(error) if environment.available_at > now => format!(
                    "its environment, which is retried at {}: {}",
                    environment.available_at,
                    error.message.lines().next().unwrap_or_default()
                ),
                _ => "its environment, which a worker builds".to_owned(),
            }
        }
        None => "its environment, which a worker builds".to_owned(),
        Some(_) if run.available_at > now => {
            format!("its next attempt at {}", run.available_at)
        }
        Some(_) => "a worker".to_owned(),
    };
    Ok(Some(words))
}
