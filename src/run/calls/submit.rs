//! A client's run: a stored document goes into the queue, for a worker to execute.
//!
//! Nothing is copied and no file is written: the document never changes, so that the attempt takes it from its place, and the
//! run's folder and log begin with the first attempt. One transaction decides about back-pressure and records the run. What is
//! acknowledged is therefore durable as far as the database is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::request::recorded;
use crate::base::mutex::lock;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::environment::needed::prepare::{PrepareError, Prepared};
use crate::run::execution::error::RunError;
use crate::run::execution::safe_mode;
use crate::run::execution::safe_mode::SafeModeRefusal;
use crate::run::inputs::documents::DocumentDeleted;
use crate::store::{
    DocumentRecord, Limits, NewRun, Over, RunOptions, RunRecord, StoreError, Submission, Submitted,
    Submitter,
};
use crate::workspace::Workspace;

/// What a client asks for.
pub struct RunOfDocument<'a> {
    /// The configuration, prepared.
    pub prepared: &'a Prepared,
    /// The input.
    pub document: &'a DocumentRecord,
    /// The sheets; `None`: all visible ones.
    pub sheets: Option<Vec<String>>,
    /// How to do it.
    pub options: RunOptions,
    /// Who asks.
    pub by: Submitter,
    /// The client's key for this request, and the digest of what it asks for.
    pub key: Option<(String, String)>,
}

/// The queue does not take a run.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Too many wait already.
    #[error("the queue is full: {queued} runs wait, and the limit is {limit}")]
    Full {
        /// How many wait.
        queued: u64,
        /// The limit.
        limit: u64,
    },
    /// Its submitter or its workspace has as many as it may have.
    #[error(transparent)]
    Over(#[from] Over),
    /// Safe mode.
    #[error(transparent)]
    Rejected(#[from] SafeModeRefusal),
    /// The client used the key for another request.
    #[error("the key {key:?} was used for another request")]
    KeyInUse {
        /// The key.
        key: String,
    },
    /// The document was deleted.
    #[error(transparent)]
    Deleted(#[from] DocumentDeleted),
}

impl Problem for Refused {
    fn facts(&self) -> Facts {
        match self {
            Self::Full { .. } => Facts::new(Kind::Refused, code::QUEUE_FULL)
                .hint("try again later; ADE_QUEUE_SIZE sets the limit"),
            Self::Over(over) => over.facts(),
            Self::Rejected(error) => error.facts(),
            Self::KeyInUse { .. } => Facts::new(Kind::Usage, code::KEY_IN_USE)
                .hint("choose another key for another request"),
            Self::Deleted(error) => error.facts(),
        }
    }
}

/// A run was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The queue does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The configuration cannot be used.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The run cannot be recorded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for SubmitError {
    fn facts(&self) -> Facts {
        match self {
            Self::Refused(error) => error.facts(),
            Self::Prepare(error) => error.facts(),
            Self::Run(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

/// Puts a run into the queue and wakes a worker. Returns the run, and whether it is new: the same request under the same key
/// is answered with the run of the first time.
///
/// # Errors
/// The queue is full, the key was used for another request, or the store cannot be used.
pub fn submit(
    workspace: &Workspace,
    wanted: &RunOfDocument<'_>,
) -> Result<(RunRecord, bool), SubmitError> {
    safe_mode::demand_acceptance(&workspace.settings).map_err(Refused::from)?;
    let machine = &workspace.machine;
    let environment = wanted.prepared.ask_for_environment(workspace)?;
    let new = new_run(workspace, wanted, environment.id);
    let asked = as_client(workspace, wanted.key.clone());
    let submitted = (workspace.store).submit_run(&new, &asked, machine.now())?;
    let (run, is_new) = accepted(submitted, &asked)?;
    if is_new {
        safe_mode::tell_if_skipped(workspace, &run);
    }
    if is_new && !run.status.is_terminal() {
        machine.wake(&workspace.paths.wake());
    }
    Ok((run, is_new))
}

/// What the queue demands of a client's run: back-pressure, and that its key was used for no other request.
pub fn as_client(workspace: &Workspace, key: Option<(String, String)>) -> Submission {
    let limit = workspace.settings.queue_size;
    Submission {
        most_queued: (limit < u32::MAX).then_some(u64::from(limit)),
        key,
    }
}

/// The run that came of a submission, and whether it is new.
pub(crate) fn accepted(
    submitted: Submitted,
    asked: &Submission,
) -> Result<(RunRecord, bool), Refused> {
    match submitted {
        Submitted::Queued(run) => Ok((*run, true)),
        Submitted::Repeated(run) => Ok((*run, false)),
        Submitted::KeyInUse => Err(Refused::KeyInUse {
            key: asked.key.clone().unwrap_or_default().0,
        }),
        Submitted::Full(queued) => Err(Refused::Full {
            queued,
            limit: asked.most_queued.unwrap_or_default(),
        }),
        Submitted::Over(over) => Err(over.into()),
        Submitted::DocumentDeleted(id) => Err(DocumentDeleted { id }.into()),
    }
}

fn new_run(workspace: &Workspace, wanted: &RunOfDocument<'_>, environment_id: String) -> NewRun {
    let (prepared, document) = (wanted.prepared, wanted.document);
    let id = workspace.machine.new_id();
    NewRun {
        environment_id,
        key: prepared.key.clone(),
        document_id: Some(document.id.clone()),
        source_digest: prepared.source_digest.clone(),
        snapshot: prepared.package_folder.clone(),
        input_name: document.name.clone(),
        input_path: document.path.clone(),
        input_sha256: document.sha256.clone(),
        input_size_bytes: document.size_bytes,
        input_sheets: wanted.sheets.clone(),
        options: recorded(workspace, &wanted.options, &wanted.by),
        max_attempts: workspace.settings.worker.max_attempts,
        run_dir: workspace.paths.run(workspace.id(), &id).path().to_owned(),
        retry_of_run_id: None,
        limits: Limits::of(&workspace.settings),
        id,
    }
}

/// Configurations that were prepared, by configuration and digest: published files never change.
#[derive(Default)]
pub struct PreparedVersions(Mutex<HashMap<(String, String), Arc<Prepared>>>);

impl PreparedVersions {
    fn kept(&self) -> MutexGuard<'_, HashMap<(String, String), Arc<Prepared>>> {
        lock(&self.0)
    }

    /// Returns what `prepare` made of this version before, or makes it now.
    ///
    /// # Errors
    /// Those of `prepare`.
    pub fn get<E>(
        &self,
        configuration: &str,
        digest: &str,
        prepare: impl FnOnce() -> Result<Prepared, E>,
    ) -> Result<Arc<Prepared>, E> {
        let key = (configuration.to_owned(), digest.to_owned());
        let known = self.kept().get(&key).cloned();
        if let Some(prepared) = known {
            return Ok(prepared);
        }
        let prepared = Arc::new(prepare()?);
        let mut kept = self.kept();
        // A publication ends the use of the version before it.
        kept.retain(|(id, _), _| id != configuration);
        kept.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }
}
