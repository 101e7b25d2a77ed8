//! Explains why a queued run does not run yet.

use crate::base::clock::Timestamp;
use crate::store::{EnvironmentStatus, RunFilter, RunRecord, RunStatus, StoreError};
use crate::workspace::{Workspace, pause};

/// Returns what a queued run waits for, in words. `None`: it is not queued.
pub fn reason(
    workspace: &Workspace,
    run: &RunRecord,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    if run.status != RunStatus::Queued {
        return Ok(None);
    }
    if let Some(paused) = pause::of_run(workspace, run)? {
        return Ok(Some(format!("`{}`: {paused}", paused.command())));
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
        Some(_) => match limit(workspace, run)? {
            Some(most) => {
                format!("another run of its configuration to end (it has at most {most} at once)")
            }
            None => "a worker".to_owned(),
        },
    };
    Ok(Some(words))
}

/// Returns the maximum number of simultaneous runs of its configuration, if that many are being executed.
fn limit(workspace: &Workspace, run: &RunRecord) -> Result<Option<u32>, StoreError> {
    let id = &run.key.configuration_id;
    let Some(most) = workspace.store.configuration(id)?.max_concurrency else {
        return Ok(None);
    };
    let running = workspace.store.runs(&RunFilter {
        workspace_id: run.key.workspace_id.clone(),
        configuration: Some(id.clone()),
        statuses: vec![RunStatus::Running],
        limit: most,
        ..RunFilter::default()
    })?;
    Ok((running.len() as u64 >= u64::from(most)).then_some(most))
}
