//! Queues a client's run of a stored document, for a worker to execute.
//!
//! The input is not copied: a document never changes, so the attempt reads it in place. The run's folder, its request and its
//! log exist before the run is recorded. One transaction checks back-pressure and records the run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::enqueue;
use super::request::recorded;
use crate::base::mutex::lock;
use crate::base::problem::Error;
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::run::execution::safe_mode;
use crate::run::inputs::stage::UnrecordedInput;
use crate::settings::paths::RunFolder;
use crate::store::{DocumentRecord, Limits, NewRun, RunOptions, RunRecord, Submission, Submitter};
use crate::workspace::Workspace;

/// The request of a client.
pub struct RunOfDocument<'a> {
    /// The configuration, prepared for the run.
    pub prepared: &'a PreparedConfiguration,
    /// The document to run.
    pub document: &'a DocumentRecord,
    /// The sheets to process; `None`: all visible ones.
    pub sheets: Option<Vec<String>>,
    /// The options and demands of the run.
    pub options: RunOptions,
    /// The submitter of the run.
    pub by: Submitter,
    /// The client's key for this request, and a digest of the request.
    pub key: Option<(String, String)>,
}

/// Queues a run and wakes a worker. Returns the run, and whether it is new: a repeated request with the same key gets the
/// first run again.
///
/// # Errors
/// The queue is full, the key was used for another request, or the store cannot be used.
pub fn submit(
    workspace: &Workspace,
    wanted: &RunOfDocument<'_>,
) -> Result<(RunRecord, bool), Error> {
    safe_mode::demand_acceptance(&workspace.settings)?;
    let environment = wanted.prepared.ask_for_environment(workspace)?;
    let new = new_run(workspace, wanted, environment.id);
    let mark = UnrecordedInput::begin(workspace, &RunFolder::at(&new.run_dir))?;
    let asked = as_client(workspace, wanted.key.clone());
    enqueue::submit(workspace, (new, mark), &asked)
}

/// Returns the queue's conditions for a client's run: back-pressure, and a key that was not used for another request.
pub fn as_client(workspace: &Workspace, key: Option<(String, String)>) -> Submission {
    let limit = workspace.settings.queue_size;
    Submission {
        most_queued: (limit < u32::MAX).then_some(u64::from(limit)),
        key,
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
        limits: Limits::from_settings(&workspace.settings),
        id,
    }
}

/// Prepared configurations, by configuration and digest. Published files never change.
#[derive(Default)]
pub struct PreparedVersions(Mutex<HashMap<(String, String), Arc<PreparedConfiguration>>>);

impl PreparedVersions {
    fn kept(&self) -> MutexGuard<'_, HashMap<(String, String), Arc<PreparedConfiguration>>> {
        lock(&self.0)
    }

    /// Returns the prepared version, from the cache or by calling `prepare`.
    ///
    /// # Errors
    /// The same as those of `prepare`.
    pub fn get<E>(
        &self,
        configuration: &str,
        digest: &str,
        prepare: impl FnOnce() -> Result<PreparedConfiguration, E>,
    ) -> Result<Arc<PreparedConfiguration>, E> {
        let key = (configuration.to_owned(), digest.to_owned());
        let known = self.kept().get(&key).cloned();
        if let Some(prepared) = known {
            return Ok(prepared);
        }
        let prepared = Arc::new(prepare()?);
        let mut kept = self.kept();
        // A publication ends the use of the previous version.
        kept.retain(|(id, _), _| id != configuration);
        kept.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }
}
