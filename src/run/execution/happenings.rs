//! What happens to runs and to what executes them, as one stream for whatever shows it: the terminal of `ade run`, the log of a
//! worker.
//!
//! `ade run` and workers send the same changes; each shows those that its readers want to see. What is sent is not kept: the
//! record of a run is in the database, and its events are in its log.

use std::path::PathBuf;

use serde_json::Value;

use super::error::RunError;
use super::queue_metrics::QueueMetrics;
use crate::base::problem::Error;
use crate::engine::Noticed;
use crate::engine::RowCounts;
use crate::environment::collection;
use crate::environment::provide::{Progress, ProvideError};
use crate::run::results::annotated::AnnotateError;
use crate::run::results::demands::Shortfall;
use crate::run::results::output::Earlier;
use crate::store::{
    Delivery, EnvironmentRecord, Failure, FieldResult, RunRecord, RunStatus, Undelivered,
};

/// Receives each change with its source; called from several threads.
pub type Watcher<'a> = dyn Fn(&Where<'_>, &Happening<'_>) + Sync + 'a;

/// Where a change happened.
#[derive(Clone, Copy, Debug)]
pub struct Where<'a> {
    /// The worker id of the slot.
    pub worker: &'a str,
    /// The number of the input in the call of `ade run`. In a worker: 0.
    pub input: usize,
}

/// A change.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A worker looks for work.
    Started,
    /// The progress of providing an environment.
    Environment(&'a Progress<'a>),
    /// A worker could not build an environment.
    BuildFailed(&'a EnvironmentRecord, &'a ProvideError),
    /// A worker claimed a run.
    Claimed(&'a RunRecord),
    /// An attempt begins.
    Begun(&'a RunRecord),
    /// The event log of a run grew.
    Event(&'a RunRecord, &'a Value),
    /// An attempt failed in a way that can pass; the run waits for the next one.
    Retrying(&'a RunRecord, &'a Failure),
    /// A run of a worker ended, or went back to the queue: its status says which.
    Ended(&'a RunRecord),
    /// The output directory had a file of an earlier run where this run has no result.
    Earlier(&'a Earlier),
    /// The run of an input ended, or could not be executed.
    Finished(&'a Result<Finished, RunError>),
    /// A claim was lost.
    Lost(&'a RunRecord),
    /// The lease of a run had expired.
    Expired(&'a RunRecord),
    /// The process of a run had died.
    Recovered(&'a RunRecord),
    /// The queue at this moment.
    Metrics(&'a QueueMetrics),
    /// The worker goes round: no slot stands still in anything but a run. Told about once a second.
    GoesRound,
    /// The end of a run was told, or not accepted: why, and what becomes of it.
    Told(&'a Delivery, Option<&'a (String, Undelivered)>),
    /// Something was collected.
    Collected(&'a collection::Report),
    /// The clock jumped by so many seconds; no lease is ended until every live worker has renewed its own.
    ClockJumped(f64),
    /// Something went wrong that is tried again.
    Trouble(&'a str),
    /// Somebody has quieted a worker, so that it takes no more runs. `None`: it was resumed.
    Quieted(Option<&'a str>),
    /// A worker was asked to stop.
    Stopping,
    /// A slot of a worker ends.
    Stopped,
}

/// The run of an input of `ade run` that ended.
#[derive(Debug)]
pub struct Finished {
    /// As recorded.
    pub run: RunRecord,
    /// The input is unchanged since this run, and was not run again.
    pub is_unchanged: bool,
    /// The part of the run's id that commands take.
    pub short_id: String,
    /// What became of each field.
    pub fields: Vec<FieldResult>,
    /// The rows that were read and written; `None`: the engine did not tell.
    pub rows: Option<RowCounts>,
    /// What the engine noticed, and how it read columns.
    pub noticed: Noticed,
    /// In what it falls short of what was asked; its workbook is not copied then.
    pub shortfalls: Vec<Shortfall>,
    /// The copy in the output directory, as that was given.
    pub copied_to: Option<PathBuf>,
    /// The same, absolute.
    pub copy_path: Option<PathBuf>,
    /// What else the run has, where a person looks for it: the painted copy, the workbook of the rows that are quarantined.
    pub beside: Vec<PathBuf>,
    /// What is to be told of the painted copy.
    pub notes: Vec<String>,
    /// There is no painted copy, although one was asked for.
    pub annotate_error: Option<AnnotateError>,
    /// The copy could not be made; the workbook in the run's folder is whole.
    pub copy_error: Option<Error>,
}

impl Finished {
    /// Whether the run succeeded with all that was asked of it.
    pub fn is_accepted(&self) -> bool {
        self.run.status == RunStatus::Succeeded && self.shortfalls.is_empty()
    }
}
