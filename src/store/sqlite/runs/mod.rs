//! Runs: the queue, and the records of those that ended.

mod attempt;
mod cancel;
mod claim;
mod due;
mod end;
mod enqueue;
mod lease;
mod leave;
mod list;
mod live;
mod read;
mod submit;
mod upkeep;

use std::path::Path;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::SqliteStore;
use super::prefix::Table;
use crate::base::clock::Timestamp;
use crate::base::files::name_of;
use crate::store::{
    Attempt, CancelOutcome, Claim, Clock, Ending, Failure, Heartbeat, NewRun, Result, Retry,
    RunFilter, RunRecord, Runs, StoreError, Submission, Submitted, Used,
};

#[cfg(test)]
pub(super) use due::{DUE_IN, NEXT_ENVIRONMENT};
pub(super) use due::{each_environment, waiting_in};
#[cfg(test)]
pub(super) use end::FAILED_WITH_RUNS;
pub(super) use leave::reclaim;
#[cfg(test)]
pub(super) use list::NEWEST;
#[cfg(test)]
pub(super) use live::{EXPIRED, HELD_BY};
#[cfg(test)]
pub(super) use upkeep::{WITH_ARTIFACTS, WITHOUT_ARTIFACTS};

impl Runs for SqliteStore {
    fn submit_run(&self, run: &NewRun, asked: &Submission, now: Timestamp) -> Result<Submitted> {
        self.write(|transaction| submit::submit(transaction, run, asked, now))
    }

    fn run_of_any_workspace(&self, id: &str) -> Result<RunRecord> {
        self.read(|connection| read::by_id(connection, id).optional())?
            .ok_or_else(|| StoreError::NotFound {
                what: "run",
                id: id.to_owned(),
            })
    }

    fn enqueue_runs(&self, runs: &[NewRun], now: Timestamp) -> Result<Vec<RunRecord>> {
        self.write(|transaction| {
            runs.iter()
                .map(|run| enqueue::insert(transaction, run, None, now))
                .collect()
        })
    }

    fn insert_claimed_run(&self, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<RunRecord> {
        self.write(|transaction| enqueue::insert(transaction, run, Some(claim), now))
    }

    fn claim_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        self.demand_in_place()?;
        self.write(|transaction| claim::this(transaction, id, claim, now))
    }

    fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        self.demand_in_place()?;
        // Workers that poll an idle queue need no write lock.
        if self
            .read(|connection| due::next(connection, now))?
            .is_none()
        {
            return Ok(None);
        }
        self.write(|transaction| claim::next(transaction, claim, now))
    }

    fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.write(|transaction| lease::heartbeat(transaction, id, claim, now))
    }

    fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat> {
        self.read(|connection| lease::watch(connection, run, claim))
    }

    fn finish_run(&self, id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> Result<bool> {
        self.write(|transaction| end::finish(transaction, id, claim, ending, now))
    }

    fn retry_run(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        used: &Used,
        retry: Retry,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        self.write(|transaction| leave::retry(transaction, id, claim, failure, used, retry, now))
    }

    fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        self.write(|transaction| leave::release(transaction, id, claim, reason, now))
    }

    fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>> {
        self.write(|transaction| match clock() {
            Some(now) => leave::expire(transaction, backoff, now),
            None => Ok(Vec::new()),
        })
    }

    fn request_cancel(&self, run: &str, now: Timestamp) -> Result<CancelOutcome> {
        self.write(|transaction| cancel::request_cancel(transaction, run, now))
    }

    fn fail_runs_of_failed_environments(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        if !self.read(end::any_of_failed_environment)? {
            return Ok(Vec::new());
        }
        self.write(|transaction| end::fail_for_environments(transaction, limit, now))
    }

    fn skip_queued_runs(
        &self,
        only: Option<&str>,
        summary: &str,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        // Workers ask this often, and a read needs no write lock.
        let waiting = self.read(|connection| due::waiting(connection, only, limit))?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|transaction| end::skip(transaction, &waiting, summary, now))
    }

    fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>> {
        self.read(|connection| upkeep::without_environment(connection, limit))
    }

    fn set_run_environment(&self, run: &str, environment: &str) -> Result<()> {
        self.write(|transaction| upkeep::set_environment(transaction, run, environment))
    }

    fn run(&self, workspace: &str, id: &str) -> Result<RunRecord> {
        if id == "latest" {
            let newest = RunFilter {
                workspace_id: workspace.to_owned(),
                limit: 1,
                ..RunFilter::default()
            };
            return self
                .runs(&newest)?
                .pop()
                .ok_or_else(|| StoreError::NotFound {
                    what: "run",
                    id: id.to_owned(),
                });
        }
        match self.resolve(Table::Runs, workspace, id) {
            Ok(id) => self.read(|connection| read::by_id(connection, &id)),
            // Not an id: the name of an input means its newest run.
            Err(not_found @ StoreError::NotFound { .. }) if !id.is_empty() => {
                let newest = RunFilter {
                    workspace_id: workspace.to_owned(),
                    input: Some(name_of(Path::new(id))),
                    limit: 1,
                    ..RunFilter::default()
                };
                self.runs(&newest)?.pop().ok_or(not_found)
            }
            Err(error) => Err(error),
        }
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        self.read(|connection| list::list(connection, filter))
    }

    fn attempts(&self, run: &str) -> Result<Vec<Attempt>> {
        self.read(|connection| attempt::list(connection, run))
    }

    fn run_exists(&self, run: &str) -> Result<bool> {
        self.read(|connection| read::exists(connection, run))
    }

    fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.read(|connection| upkeep::with_artifacts_before(connection, cutoff, limit))
    }

    fn runs_without_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.read(|connection| upkeep::without_artifacts_before(connection, cutoff, limit))
    }

    fn mark_artifacts_deleted(&self, run: &str, cutoff: Timestamp, now: Timestamp) -> Result<bool> {
        self.write(|transaction| upkeep::mark_artifacts_deleted(transaction, run, cutoff, now))
    }

    fn delete_run(&self, run: &str) -> Result<bool> {
        self.write(|transaction| upkeep::delete(transaction, run))
    }
}
