//! Pauses and resumes the queue or one configuration. While it is paused, no run is claimed and no environment is built.
//! Running runs go on, and queued runs stay queued.

use std::fmt::Write;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code, typed};
use crate::store::{ConfigurationRecord, Pause, RunRecord, StoreError, Submitter};
use crate::workspace::Workspace;

/// The maximum length of a reason in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// A pause, as it is shown to users.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivePause {
    /// The name of the configuration; null: everything is paused.
    pub configuration_name: Option<String>,
    /// The pause with its time, its author and its reason.
    #[serde(flatten)]
    pub pause: Pause,
    /// The arguments with which a command names this pause.
    #[serde(skip)]
    #[schema(ignore)]
    arguments: String,
}

impl ActivePause {
    /// Returns the name of what is paused.
    pub fn what(&self) -> &str {
        self.configuration_name.as_deref().unwrap_or("everything")
    }

    /// Returns the command that ends the pause.
    pub fn command(&self) -> String {
        format!("ade resume{}", self.arguments)
    }
}

/// Writes a sentence with what is paused, by whom, and why.
impl std::fmt::Display for ActivePause {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Pause {
            paused_by, reason, ..
        } = &self.pause;
        write!(to, "{} is paused by {paused_by}", self.what())?;
        match reason {
            Some(reason) => write!(to, ": {reason}"),
            None => Ok(()),
        }
    }
}

/// The error that a run is not started because of a pause.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct PausedRun(pub Box<ActivePause>);

impl Problem for PausedRun {
    fn facts(&self) -> ErrorFacts {
        let hint = format!(
            "`{}` ends the pause; `ade run --detach` leaves runs in the queue until then",
            self.0.command()
        );
        ErrorFacts::new(ProblemKind::Refused, code::PAUSED).hint(hint)
    }
}

/// Checks a reason and returns it in the recorded form. `None` if it is empty.
///
/// # Errors
/// The reason is too long, or more than one line: returns a sentence about it.
pub fn checked_reason(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.chars().count() > MAX_REASON_CHARS || text.chars().any(char::is_control) {
        return Err(format!(
            "must be one line of at most {MAX_REASON_CHARS} characters"
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Pauses a configuration, or everything. An existing pause gets the reason, if one is given.
pub fn pause(
    workspace: &Workspace,
    configuration: Option<&str>,
    reason: Option<&str>,
    by: &Submitter,
) -> Result<ActivePause, StoreError> {
    let new = Pause {
        configuration_id: configuration.map(str::to_owned),
        reason: reason.map(str::to_owned),
        paused_by: by.to_string(),
        paused_at: workspace.machine.now(),
    };
    named(workspace, workspace.store.pause(&new)?)
}

/// Ends the pause of a configuration, or that of everything, and wakes workers. Returns the pause. `None` if there was none.
pub fn resume(
    workspace: &Workspace,
    configuration: Option<&str>,
) -> Result<Option<ActivePause>, StoreError> {
    let ended = workspace.store.resume(configuration)?;
    workspace.machine.wake(&workspace.paths.wake());
    ended.map(|ended| named(workspace, ended)).transpose()
}

/// Returns all pauses, that of everything first.
pub fn all(workspace: &Workspace) -> Result<Vec<ActivePause>, StoreError> {
    let pauses = workspace.store.pauses()?.into_iter();
    pauses.map(|pause| named(workspace, pause)).collect()
}

/// Returns the pause that holds for a configuration.
pub fn find(workspace: &Workspace, configuration: &str) -> Result<Option<ActivePause>, StoreError> {
    let found = workspace.store.pause_of(configuration)?;
    found.map(|pause| named(workspace, pause)).transpose()
}

/// Returns the pause that a run waits for.
pub fn of_run(workspace: &Workspace, run: &RunRecord) -> Result<Option<ActivePause>, StoreError> {
    find(workspace, &run.key.configuration_id)
}

fn named(workspace: &Workspace, pause: Pause) -> Result<ActivePause, StoreError> {
    let Some(id) = &pause.configuration_id else {
        return Ok(ActivePause {
            configuration_name: None,
            pause,
            arguments: String::new(),
        });
    };
    let ConfigurationRecord {
        workspace_id, name, ..
    } = workspace.store.configuration(id)?.record;
    let mut all = workspace.store.configurations(&workspace_id)?;
    all.retain(|other| other.record.name == name);
    let said = if all.len() == 1 { &name } else { id };
    let mut arguments = format!(" --config {}", typed(said));
    if workspace_id != workspace.id() {
        let _ = write!(arguments, " --workspace {}", typed(&workspace_id));
    }
    Ok(ActivePause {
        configuration_name: Some(name),
        pause,
        arguments,
    })
}
