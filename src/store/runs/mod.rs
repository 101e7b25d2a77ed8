//! The queue of runs, and the records of runs that ended.

mod attempt;
mod cancel;
mod claim;
mod count;
mod due;
mod end;
mod enqueue;
mod leave;
mod limits;
mod list;
mod live;
mod next_of_server;
mod read;
pub mod record;
mod results;
mod submit;

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use self::read::SELECT;
use super::ids::IdKind;
use super::together::{ClaimCheck, RunEnd};
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, params};
use crate::store::{
    Call, Claim, Ending, EnvironmentKey, FoundRuns, Heartbeat, Result, RunFilter, RunRecord, Store,
    StoreError,
};

#[cfg(test)]
pub(super) use count::LIVE;
#[cfg(test)]
pub(super) use due::{DUE_OF, NEXT_ENVIRONMENT, TURNS};
pub(super) use due::{each_environment, waiting_in};
#[cfg(test)]
pub(super) use end::FAILED_WITH_RUNS;
pub(super) use leave::reclaim;
#[cfg(test)]
pub(super) use list::NEWEST;
#[cfg(test)]
pub(super) use live::{EXPIRED, HELD_BY};
pub(super) use read::by_id;

impl Store {
    /// Returns the run with this full id, in any workspace.
    ///
    /// # Errors
    /// There is no such run, or the database cannot be used.
    pub fn run_of_any_workspace(&self, id: &str) -> Result<RunRecord> {
        self.read(|connection| read::by_id_or_none(connection, id))?
            .ok_or_else(|| StoreError::not_found("run", id))
    }

    /// Claims the next due run: by priority, then in turns of submitters and environments, the oldest run of each first. The
    /// run's environment is ready, its configuration is not paused, and the limits of running runs for its configuration,
    /// submitter and workspace are not reached. If the claim's process is a worker, it is not quieted and accepts runs of this
    /// workspace and label. `None`: there is no such run.
    pub fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        self.observed(Call::ClaimNext(claim), Some(now), |store| {
            store.demand_in_place()?;
            let in_a_row = &store.connections.claims_in_a_row;
            let found = in_a_row.load(Ordering::Relaxed);
            if store.connections.is_server {
                let forgets = found % FORGETS_EVERY == 0;
                let claimed = store
                    .write(|transaction| next_of_server::claim(transaction, claim, forgets, now))?;
                if claimed.is_none() && found > 0 {
                    store.write(next_of_server::forget_all)?;
                }
                in_a_row.store(count_on(found, claimed.is_some()), Ordering::Relaxed);
                return Ok(claimed);
            }
            // Workers that poll an idle queue need no write lock, and workers of a busy queue skip this look.
            if found == 0
                && store
                    .read(|connection| due::next(connection, claim, now))?
                    .is_none()
            {
                return Ok(None);
            }
            let claimed = store.write(|transaction| claim::next(transaction, claim, now))?;
            in_a_row.store(count_on(found, claimed.is_some()), Ordering::Relaxed);
            Ok(claimed)
        })
    }

    /// Renews the lease of a run.
    pub fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.observed(Call::Heartbeat(id, claim), Some(now), |store| {
            if store.connections.is_server {
                let beat = ClaimCheck::new(id, claim, Some(now.plus(claim.lease)));
                let renew = |all: &[&ClaimCheck]| {
                    let beats = ClaimCheck::all(all);
                    let heard = store.write_one(|connection| heard_of(connection, RENEW, &beats))?;
                    Ok(answers(all, &heard))
                };
                return store.connections.beats.ask(beat, renew).map(Heartbeat::heard);
            }
            // RETURNING gives no row if the claim is lost, and otherwise the request that `ade runs cancel` may have left.
            let sql = "UPDATE queue SET claim_expires_at = ?3 WHERE run_id = ?1 AND claim_token = ?2 AND status = 'running' RETURNING cancel_requested_at IS NOT NULL";
            let values = params![id, claim.token, now.plus(claim.lease)];
            store.write_one(|connection| connection.row(sql, values))
                .map(Heartbeat::heard)
        })
    }

    /// Checks whether a claim still holds and whether a cancellation was requested, without renewing the claim.
    pub fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat> {
        self.observed(Call::Watch(run, claim), None, |store| {
            if store.connections.is_server {
                let look = |all: &[&ClaimCheck]| {
                    let beats = ClaimCheck::all(all);
                    let heard = store.read(|connection| heard_of(connection, LOOK, &beats))?;
                    Ok(answers(all, &heard))
                };
                return store
                    .connections
                    .looks
                    .ask(ClaimCheck::new(run, claim, None), look)
                    .map(Heartbeat::heard);
            }
            let sql = "SELECT cancel_requested_at IS NOT NULL FROM queue WHERE run_id = ?1 AND claim_token = ?2 AND status = 'running'";
            let values = [run, &claim.token];
            store.row(sql, values).map(Heartbeat::heard)
        })
    }

    /// Moves a run from running to ended, with all results, in one transaction. False: the lease was lost and nothing changed.
    pub fn finish_run(
        &self,
        id: &str,
        claim: &Claim,
        ending: &Ending,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::Finish(id, claim, ending), Some(now), |store| {
            if !store.connections.is_server {
                return store.write(|transaction| end::finish(transaction, id, claim, ending, now));
            }
            let end = RunEnd {
                run: id.to_owned(),
                claim: claim.clone(),
                ending: ending.clone(),
                now,
            };
            store.connections.ends.ask(end, |all| {
                // Transactions that lock several runs lock them in the same order.
                let mut order: Vec<usize> = (0..all.len()).collect();
                order.sort_by_key(|place| &all[*place].run);
                store.write(|transaction| {
                    let mut recorded = vec![false; all.len()];
                    for place in &order {
                        let RunEnd {
                            run,
                            claim,
                            ending,
                            now,
                        } = all[*place];
                        recorded[*place] = end::finish(transaction, run, claim, ending, *now)?;
                    }
                    Ok(recorded)
                })
            })
        })
    }

    /// Returns queued runs that have no environment.
    pub fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>> {
        let sql = format!(
            "{SELECT} WHERE r.id IN (SELECT run_id FROM queue WHERE environment_id IS NULL AND status = 'queued' ORDER BY available_at, created_at, run_id LIMIT ?1)
             ORDER BY r.id"
        );
        self.rows(&sql, [limit])
    }

    /// Sets the environment of a run that has none, unless the environment was deleted or the run has ended since.
    pub fn set_run_environment(&self, run: &str, environment: &str) -> Result<()> {
        self.observed(Call::SetEnvironment(run), None, |store| {
            // The environment may have been deleted since it was found: an id without a record would violate the foreign key.
            // The run may have been cancelled since: then it is not in the queue.
            let sql = "UPDATE queue SET environment_id = ?2 WHERE run_id = ?1 AND status = 'queued' AND environment_id IS NULL
                 AND EXISTS (SELECT 1 FROM environments WHERE id = ?2 /*pg FOR KEY SHARE*/)";
            store.write(|transaction| {
                transaction.wake();
                transaction.later(sql, [run, environment])
        })
        })
    }

    /// Returns the run with this id, with this unambiguous beginning or end of an id, or, for `latest`, the newest run.
    /// `workspace::Workspace::find_run` accepts everything else that a person may type for a run.
    ///
    /// # Errors
    /// It does not exist, the prefix is ambiguous, or the database cannot be used.
    pub fn run(&self, workspace: &str, id: &str) -> Result<RunRecord> {
        if id == "latest" {
            let newest = RunFilter {
                workspace_id: workspace.to_owned(),
                limit: 1,
                ..RunFilter::default()
            };
            let newest = self.runs(&newest)?.pop();
            return newest.ok_or_else(|| StoreError::not_found("run", id));
        }
        let id = self.resolve(IdKind::Runs, workspace, id)?;
        self.run_of_any_workspace(&id)
    }

    /// Returns the runs that match, newest first, and how far the search went.
    pub fn find_runs(&self, filter: &RunFilter) -> Result<FoundRuns> {
        self.read(|connection| list::list(connection, filter))
    }

    /// Returns runs that succeeded, executed something and still have their files, for an input with this content and name,
    /// this configuration source and this environment; newest first. At most the newest 100 runs of the input are examined.
    pub fn succeeded_runs_of(
        &self,
        key: &EnvironmentKey,
        source_digest: &str,
        input_name: &str,
        input_sha256: &str,
    ) -> Result<Vec<RunRecord>> {
        let sql = format!("{SELECT} WHERE r.id IN ({SUCCEEDED_OF}) ORDER BY r.id DESC");
        let values = params![
            key.configuration_id,
            input_sha256,
            input_name,
            source_digest,
            key.engine_spec,
            key.deps_digest
        ];
        self.rows(&sql, values)
    }

    /// Returns the ids of the runs of a configuration that succeeded, newest first, each with the name of its input: at most
    /// `limit` runs after the run `behind`.
    pub fn succeeded_inputs(
        &self,
        configuration: &str,
        behind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, String)>> {
        let behind = behind.unwrap_or(list::BEHIND_ALL);
        let values = params![configuration, behind, limit];
        self.rows(SUCCEEDED_INPUTS, values)
    }

    /// Returns whether a run with this id is recorded.
    pub fn run_exists(&self, run: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM runs WHERE id = ?1";
        self.read(|connection| connection.exists(sql, [run]))
    }

    /// Returns at most `limit` runs that ended before `cutoff` and still have their files, in the order of their ends.
    pub fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.ended_before(WITH_ARTIFACTS, cutoff, limit)
    }

    /// Returns at most `limit` runs that ended before `cutoff` and no longer have files, in the order of their ends.
    pub fn runs_without_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.ended_before(WITHOUT_ARTIFACTS, cutoff, limit)
    }

    /// Records that the files of such a run are about to be deleted. False: they must be kept.
    pub fn mark_artifacts_deleted(
        &self,
        run: &str,
        cutoff: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE runs SET artifacts_deleted_at = ?3 WHERE id = ?1 AND artifacts_deleted_at IS NULL AND completed_at < ?2";
        let values = params![run, cutoff, now];
        self.changes(sql, values)
    }

    /// Deletes the record of a run that has ended. False: the run has not ended.
    pub fn delete_run(&self, run: &str) -> Result<bool> {
        let sql = "DELETE FROM runs WHERE id = ?1 AND status IS NOT NULL";
        self.changes(sql, [run])
    }

    /// Returns the runs that match, newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        Ok(self.find_runs(filter)?.runs)
    }
}

/// After this number of claims in a row, a claim also deletes turns that have nothing left.
const FORGETS_EVERY: u32 = 16;

/// Returns the number of claims in a row that found a run, after another claim.
fn count_on(before: u32, found: bool) -> u32 {
    if found {
        before.wrapping_add(1).max(1)
    } else {
        0
    }
}

/// Renews claims. Transactions that lock several runs lock them in the same order.
const RENEW: &str = "WITH beats AS MATERIALIZED (SELECT b.run, b.until FROM json_to_recordset(CAST(?1 AS json)) AS b (run text, token text, until bigint),
        LATERAL (SELECT 1 FROM queue WHERE run_id = b.run AND claim_token = b.token AND status = 'running' LIMIT 1 FOR UPDATE) AS q)
    UPDATE queue q SET claim_expires_at = beats.until FROM beats WHERE q.run_id = beats.run RETURNING q.claim_token, q.cancel_requested_at IS NOT NULL";

/// Checks claims without changing them.
const LOOK: &str = "SELECT q.* FROM json_to_recordset(CAST(?1 AS json)) AS b (run text, token text),
    LATERAL (SELECT claim_token, cancel_requested_at IS NOT NULL FROM queue WHERE run_id = b.run AND claim_token = b.token AND status = 'running' LIMIT 1) AS q";

/// Returns the tokens of the claims that still hold, each with whether a cancellation was requested.
fn heard_of(
    connection: &Connection,
    sql: &str,
    beats: &str,
) -> driver::Result<HashMap<String, bool>> {
    let held: Vec<(String, bool)> = connection.rows(sql, [beats])?;
    Ok(held.into_iter().collect())
}

fn answers(all: &[&ClaimCheck], heard: &HashMap<String, bool>) -> Vec<Option<bool>> {
    all.iter()
        .map(|beat| heard.get(&beat.token).copied())
        .collect()
}

/// Runs of one input that succeeded and have an output, among the newest entries for the input in the index `runs_of_input`.
/// So the time does not depend on how often the input was run.
pub(super) const SUCCEEDED_OF: &str = "SELECT id FROM (
        SELECT id, input_sha256, source_digest, engine_spec, deps_digest, output_path FROM runs INDEXED BY runs_of_input
        WHERE configuration_id = ?1 AND substr(input_sha256, 1, 16) = substr(?2, 1, 16) AND input_name = ?3
            AND status = 'succeeded' AND artifacts_deleted_at IS NULL
        ORDER BY id DESC LIMIT 100) AS newest
    WHERE input_sha256 = ?2 AND source_digest = ?4 AND engine_spec = ?5 AND deps_digest = ?6 AND output_path IS NOT NULL";

/// The inputs of a configuration's runs that succeeded, in the order of the index `runs_listed`.
pub(super) const SUCCEEDED_INPUTS: &str = "SELECT id, input_name FROM runs
    WHERE configuration_id = ?1 AND status = 'succeeded' AND id < ?2 ORDER BY id DESC LIMIT ?3";

/// Ended runs that still have their files. The first two conditions are those of the index.
pub(super) const WITH_ARTIFACTS: &str = "SELECT id FROM runs INDEXED BY runs_with_artifacts
    WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

/// Ended runs without their files.
pub(super) const WITHOUT_ARTIFACTS: &str = "SELECT id FROM runs INDEXED BY runs_without_artifacts
    WHERE artifacts_deleted_at IS NOT NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

impl Store {
    /// Returns the runs of one of these two statements, in the order of their ends.
    fn ended_before(&self, ended: &str, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        let sql = format!("{SELECT} WHERE r.id IN ({ended}) ORDER BY r.completed_at");
        self.rows(&sql, params![cutoff, limit])
    }
}
