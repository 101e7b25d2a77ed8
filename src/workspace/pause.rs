//! Pausing the queue, or one configuration, and resuming it: while it is paused nothing of it is claimed and no environment is
//! built for it. What runs goes on, and what waits is left waiting.

use std::fmt::Write;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::problem::{Facts, Kind, Problem, code, typed};
use crate::store::{ConfigurationRecord, Pause, RunRecord, StoreError, Submitter};
use crate::workspace::Workspace;

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// What is paused, as people are told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Paused {
    /// The name of the configuration; null: everything is paused.
    pub configuration_name: Option<String>,
    /// Since when, by whom and why.
    #[serde(flatten)]
    pub pause: Pause,
    /// What a command has to say to mean it.
    #[serde(skip)]
    #[schema(ignore)]
    arguments: String,
}

impl Paused {
    /// What is paused.
    pub fn what(&self) -> &str {
        self.configuration_name.as_deref().unwrap_or("everything")
    }

    /// The command that ends the pause.
    pub fn command(&self) -> String {
        format!("ade resume{}", self.arguments)
    }
}

/// What was paused by whom, and why.
impl std::fmt::Display for Paused {
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

/// A run is not begun, because it is paused.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct PausedRun(pub Box<Paused>);

impl Problem for PausedRun {
    fn facts(&self) -> Facts {
        let hint = format!(
            "`{}` ends the pause; `ade run --detach` leaves runs in the queue until then",
            self.0.command()
        );
        Facts::new(Kind::Refused, code::PAUSED).hint(hint)
    }
}

/// A reason as it is recorded.
///
/// # Errors
/// It is too long, or more than one line: a sentence that says so.
pub fn checked_reason(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REASON || text.chars().any(char::is_control) {
        return Err(format!(
            "must be one line of at most {LONGEST_REASON} characters"
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Pauses a configuration, or everything. What is paused already gets the reason, where there is one.
pub fn pause(
    workspace: &Workspace,
    configuration: Option<&str>,
    reason: Option<&str>,
    by: &Submitter,
) -> Result<Paused, StoreError> {
    let new = Pause {
        configuration_id: configuration.map(str::to_owned),
        reason: reason.map(str::to_owned),
        paused_by: by.to_string(),
        paused_at: workspace.machine.now(),
    };
    named(workspace, workspace.store.pause(&new)?)
}

/// Ends the pause of a configuration, or that of everything, and wakes workers. Returns it; `None`: there was none.
pub fn resume(
    workspace: &Workspace,
    configuration: Option<&str>,
) -> Result<Option<Paused>, StoreError> {
    let ended = workspace.store.resume(configuration)?;
    workspace.machine.wake(&workspace.paths.wake());
    ended.map(|ended| named(workspace, ended)).transpose()
}

/// Returns what is paused, everything first.
pub fn all(workspace: &Workspace) -> Result<Vec<Paused>, StoreError> {
    let pauses = workspace.store.pauses()?.into_iter();
    pauses.map(|pause| named(workspace, pause)).collect()
}

/// The pause that holds for a configuration.
pub fn of(workspace: &Workspace, configuration: &str) -> Result<Option<Paused>, StoreError> {
    let found = workspace.store.pause_of(configuration)?;
    found.map(|pause| named(workspace, pause)).transpose()
}

/// The pause for which a run waits.
pub fn of_run(workspace: &Workspace, run: &RunRecord) -> Result<Option<Paused>, StoreError> {
    of(workspace, &run.key.configuration_id)
}

fn named(workspace: &Workspace, pause: Pause) -> Result<Paused, StoreError> {
    let Some(id) = &pause.configuration_id else {
        return Ok(Paused {
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
    Ok(Paused {
        configuration_name: Some(name),
        pause,
        arguments,
    })
}
