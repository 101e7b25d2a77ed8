//! Reports what happens to runs and to the processes that execute them, as one stream for everything that shows it: the
//! terminal of `ade run`, the log of a worker.
//!
//! `ade run` and workers send the same changes; each receiver shows those that its readers need. The stream is not stored:
//! the record of a run is in the database, and its events are in its log.

use std::path::PathBuf;

use serde_json::Value;

use super::error::RunError;
use super::queue_metrics::QueueMetrics;
use crate::base::problem::Error;
use crate::engine::RowCounts;
use crate::engine::RunNotices;
use crate::environment::collection;
use crate::environment::provide::{ProvideError, ProvideProgress};
use crate::run::results::annotated::AnnotateError;
use crate::run::results::demands::Shortfall;
use crate::run::results::output::EarlierCopy;
use crate::store::{
    Delivery, DeliveryFailure, EnvironmentRecord, FailureRecord, FieldResult, RunRecord, RunStatus,
};

/// Receives each change with its source; several threads call it.
pub type Watcher<'a> = dyn Fn(&ProgressSource<'_>, &ProgressEvent<'_>) + Sync + 'a;

/// The source of a change.
#[derive(Clone, Copy, Debug)]
pub struct ProgressSource<'a> {
    /// The worker id of the slot.
    pub worker: &'a str,
    /// The number of the input in the call of `ade run`; 0 in a worker.
    pub input: usize,
}

/// A change of a run, a worker or the queue.
#[derive(Debug)]
pub enum ProgressEvent<'a> {
    /// A worker began to look for work.
    Started,
    /// The progress of providing an environment.
    Environment(&'a ProvideProgress<'a>),
    /// A worker could not build an environment.
    BuildFailed(&'a EnvironmentRecord, &'a ProvideError),
    /// A worker claimed a run.
    Claimed(&'a RunRecord),
    /// An attempt at a run began.
    Begun(&'a RunRecord),
    /// The event log of a run grew.
    Event(&'a RunRecord, &'a Value),
    /// An attempt failed in a way that can pass; the run waits for the next one.
    Retrying(&'a RunRecord, &'a FailureRecord),
    /// A run of a worker ended or went back to the queue, depending on its status.
    Ended(&'a RunRecord),
    /// The output directory had a file of an earlier run where this run has no result.
    Earlier(&'a EarlierCopy),
    /// The run of an input ended, or could not be executed.
    Finished(&'a Result<FinishedRun, RunError>),
    /// A claim on a run was lost.
    Lost(&'a RunRecord),
    /// The lease of a run had expired.
    Expired(&'a RunRecord),
    /// The process of a run had died.
    Recovered(&'a RunRecord),
    /// The queue at this moment.
    Metrics(&'a QueueMetrics),
    /// The worker is alive: none of its slots is stuck outside a run. Sent about once a second.
    GoesRound,
    /// The receiver accepted the notification of a run's end, or did not: with the reason and the next step.
    Told(&'a Delivery, Option<&'a (String, DeliveryFailure)>),
    /// Files or records were collected.
    Collected(&'a collection::Report),
    /// The clock jumped by this number of seconds; no lease is ended until every live worker has renewed its own.
    ClockJumped(f64),
    /// Something failed and is tried again.
    Trouble(&'a str),
    /// Somebody quieted a worker, so that it takes no more runs. `None`: it was resumed.
    Quieted(Option<&'a str>),
    /// A worker was asked to stop.
    Stopping,
    /// A slot of a worker ended.
    Stopped,
}

/// The ended run of an input of `ade run`.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run, as recorded.
    pub run: RunRecord,
    /// Whether the input is unchanged since this run, and was not run again.
    pub is_unchanged: bool,
    /// The part of the run's id that commands accept.
    pub short_id: String,
    /// The result of each field.
    pub fields: Vec<FieldResult>,
    /// The numbers of rows that were read and written; `None`: the engine did not report them.
    pub rows: Option<RowCounts>,
    /// The notices of the engine, and its readings of columns.
    pub noticed: RunNotices,
    /// The unmet demands; if there are any, the workbook is not copied.
    pub shortfalls: Vec<Shortfall>,
    /// The copy in the output directory, with the path as given.
    pub copied_to: Option<PathBuf>,
    /// The same copy, with its absolute path.
    pub copy_path: Option<PathBuf>,
    /// Other files of the run next to the workbook: the painted copy, the workbook of quarantined rows.
    pub beside: Vec<PathBuf>,
    /// The notes about the painted copy.
    pub notes: Vec<String>,
    /// The reason why the requested painted copy does not exist.
    pub annotate_error: Option<AnnotateError>,
    /// The reason why the workbook could not be copied; the workbook in the run's folder is whole.
    pub copy_error: Option<Error>,
}

impl FinishedRun {
    /// Returns whether the run succeeded and met all demands.
    pub fn is_accepted(&self) -> bool {
        self.run.status == RunStatus::Succeeded && self.shortfalls.is_empty()
    }
}
