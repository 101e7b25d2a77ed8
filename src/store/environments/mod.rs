//! Environments: queued → building → ready | failed, under separate leases.

mod build;
mod read;
pub mod record;

use std::path::Path;
use std::time::Duration;

#[cfg(test)]
pub(super) use build::HELD_BY;
use build::UNCLAIM;
pub(super) use build::reclaim;
#[cfg(test)]
pub(super) use read::NEXT;
use read::SELECT;

use super::Call;
use super::ids::IdKind;
use super::values::path_text;
use super::{Store, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::base::problem::code;
use crate::store::driver::{self, Transaction, params};
use crate::store::needed::{archived, held};
use crate::store::observed_time::observe;
use crate::store::{
    BuildAttempts, BuildFailureOutcome, Claim, ClaimableState, Clock, EnvironmentContents,
    EnvironmentKey, EnvironmentRecord, FailureRecord, Heartbeat, LAST_USE_KNOWN_TO, NewEnvironment,
    Result, StoreError,
};

impl Store {
    /// Returns the environment with the key of `new`. Records `new` as queued if there is none yet, with the id that another
    /// host uses for the key, if any.
    ///
    /// # Errors
    /// Its configuration is archived or deleted, or the database cannot be used.
    pub fn ensure_environment(
        &self,
        new: &NewEnvironment,
        now: Timestamp,
    ) -> Result<EnvironmentRecord> {
        self.observed(Call::EnsureEnvironment, Some(now), |store| {
            // It is nearly always recorded already, and reading needs no write lock.
            match store.environment_of(&new.key)? {
                Some(known) if known.configuration_archived => {
                    return Err(archived(&known.configuration_name));
                }
                Some(known) => return Ok(known),
                None => {}
            }
            store.write_at(now, |transaction| {
                // Another process may have recorded it since the caller read.
                let key = &new.key;
                held(transaction, &key.configuration_id)?.demand_in_use()?;
                if let Some(known) = read::of_key(transaction, key)? {
                    return Ok(known);
                }
                let id = of_other_host(transaction, key)?;
                let id = id.as_ref().unwrap_or(&new.id);
                transaction.execute(
                    "INSERT INTO environments (id, workspace_id, configuration_id, engine_spec, deps_digest, status, folder, snapshot_path, available_at, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, 'queued', relative(?6), relative(?7), ?8, ?8, ?8)
                     ON CONFLICT DO NOTHING",
                    params![
                        id,
                        key.workspace_id,
                        key.configuration_id,
                        key.engine_spec,
                        key.deps_digest,
                        path_text(&new.folder),
                        path_text(&new.snapshot),
                        now,
                    ],
                )?;
                read::of_key(transaction, key)?.ok_or(driver::Error::NoRow)
            })
        })
    }

    /// Returns the environment with this key.
    pub fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| read::of_key(connection, key))
    }

    /// Returns the environment with this id or unambiguous prefix.
    ///
    /// # Errors
    /// It does not exist, the prefix is ambiguous, or the database cannot be used.
    pub fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord> {
        let id = self.resolve(IdKind::Environments, workspace, id)?;
        self.read(|connection| read::by_id(connection, &id))?
            .ok_or_else(|| StoreError::not_found("environment", &id))
    }

    /// Returns all environments of a workspace, the last used first.
    pub fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>> {
        // An environment that no run has used yet is sorted by its last change. A workspace has tens of environments, which
        // need no index.
        let sql = format!(
            "{SELECT} WHERE e.workspace_id = ?1 ORDER BY coalesce(e.last_used_at, e.updated_at) DESC, e.id DESC"
        );
        self.rows(&sql, [workspace])
    }

    /// Returns the environments of all workspaces.
    pub fn all_environments(&self) -> Result<Vec<EnvironmentRecord>> {
        self.rows(&format!("{SELECT} ORDER BY e.id"), [])
    }

    /// Claims an environment for building: in its folder, or in the folder `elsewhere` if the lease of its last builder
    /// expired, because that builder may still be working in it. `None`: its state is not `claimable`.
    pub fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        claimable: ClaimableState,
        elsewhere: &Path,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>> {
        self.observed(
            Call::ClaimEnvironment(id, claim, claimable),
            Some(now),
            |store| {
                store.demand_in_place()?;
                store.write_at(now, |transaction| {
                    let (state, left_at) = match claimable {
                        ClaimableState::Due => ("due", None),
                        ClaimableState::Left(at) => ("left", Some(at)),
                    };
                    // The attempt is counted here and not when it fails, so that a build that kills its process counts too. If
                    // the lease was renewed since, or belongs to another builder, it ends at another time.
                    let claimed = transaction.changes(
                        "UPDATE environments SET status = 'building', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?6,
                         attempt_count = attempt_count + 1,
                         folder = CASE WHEN status = 'building' OR error_code = ?8 THEN relative(?9) ELSE folder END,
                         error_code = NULL, error_message = NULL, error_hint = NULL, updated_at = ?5
                         WHERE id = ?1 AND CASE ?10
                             WHEN 'due' THEN status = 'queued' AND available_at <= ?5
                             WHEN 'left' THEN status = 'building' AND claim_expires_at = ?7
                         END AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = ?6 AND w.quieted_at IS NOT NULL)",
                        params![
                            id,
                            claim.worker,
                            claim.token,
                            now.plus(claim.lease),
                            now,
                            claim.process,
                            left_at,
                            code::LEASE_EXPIRED,
                            path_text(elsewhere),
                            state,
                        ],
                    )?;
                    match claimed {
                        true => read::by_id(transaction, id),
                        false => Ok(None),
                    }
                })
            },
        )
    }

    /// Returns the due environment that has waited longest to be built; with `after`, only among environments after it; with
    /// `process`, only among environments that this worker accepts.
    pub fn next_environment(
        &self,
        now: Timestamp,
        process: Option<&str>,
        after: Option<&EnvironmentRecord>,
    ) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| {
            let (time, place) =
                after.map_or((i64::MIN, ""), |after| (after.available_at.0, &after.id));
            let values = params![now, time, place, process];
            let id: Option<String> = connection.row(read::NEXT, values)?;
            id.map_or(Ok(None), |id| read::by_id(connection, &id))
        })
    }

    /// Gives an environment that is being built another folder, because a process that lost its claim may still be working in
    /// the current folder. False: the lease was lost and nothing changed.
    pub fn move_environment(
        &self,
        id: &str,
        claim: &Claim,
        folder: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::MoveEnvironment(id, claim), Some(now), |store| {
            let sql = "UPDATE environments SET folder = relative(?3), updated_at = ?4 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'";
            let values = params![id, claim.token, path_text(folder), now];
            store.write_at(now, |transaction| transaction.changes(sql, values))
        })
    }

    /// Renews the lease of a builder.
    pub fn heartbeat_environment(
        &self,
        id: &str,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Heartbeat> {
        self.observed(Call::HeartbeatEnvironment(id, claim), Some(now), |store| {
            let sql = "UPDATE environments SET claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'";
            let values = params![id, claim.token, now.plus(claim.lease)];
            let is_held = store.write_one(|connection| connection.changes(sql, values))?;
            Ok(Heartbeat::heard(is_held.then_some(false)))
        })
    }

    /// Moves an environment from building to ready. False: the lease was lost and nothing changed.
    pub fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::CompleteEnvironment(id, claim), Some(now), |store| {
            store.write_at(now, |transaction| {
                let packages = serde_json::to_string(&contents.packages).unwrap_or_default();
                // The count of attempts starts over, in case its files vanish and it is built again.
                let sql = format!(
                    "UPDATE environments SET status = 'ready', {UNCLAIM}, python_version = ?3, python_path = ?4, engine_version = ?5, installer = ?6, packages = ?7,
                     lock_digest = ?8, size_bytes = ?9, ready_at = ?10, updated_at = ?10, attempt_count = 0, trouble_count = 0 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
                );
                let values = params![
                    id,
                    claim.token,
                    contents.python_version,
                    path_text(&contents.python_path),
                    contents.engine_version,
                    contents.installer,
                    packages,
                    contents.lock_digest,
                    contents.size_bytes,
                    now,
                ];
                transaction.changes(&sql, values)
            })
        })
    }

    /// Moves an environment from building to failed or queued, by `after`. False: the lease was lost and nothing changed.
    pub fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &FailureRecord,
        after: BuildFailureOutcome,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::FailEnvironment(id, claim), Some(now), |store| {
            store.write_at(now, |transaction| {
                build::leave(transaction, id, &claim.token, failure, after, now)
            })
        })
    }

    /// Requests an environment. A failed environment is queued, due from `due` on, and its attempts start over; a queued
    /// environment is due by then at the latest. False: it is neither. The same happens on the other hosts, unless a host has
    /// it or is building it.
    pub fn ask_for_environment(&self, id: &str, due: Timestamp, now: Timestamp) -> Result<bool> {
        self.observed(Call::AskForEnvironment(id), Some(now), |store| {
            // The error stays recorded until the next attempt begins: it explains why the environment waits. The last change
            // of a waiting environment stays the time when it failed.
            let sql = "UPDATE environments/*pg_of_hosts*/ SET status = 'queued', attempt_count = CASE status WHEN 'failed' THEN 0 ELSE attempt_count END,
                     trouble_count = CASE status WHEN 'failed' THEN 0 ELSE trouble_count END,
                     available_at = CASE WHEN status = 'failed' OR available_at > ?2 THEN ?2 ELSE available_at END,
                     updated_at = CASE status WHEN 'failed' THEN ?3 ELSE updated_at END
                 WHERE id = ?1 AND status IN ('failed', 'queued') /*pg AND (host_id = current_setting('ade.host')
                     OR NOT EXISTS (SELECT 1 FROM environments_of_hosts o JOIN workers w ON w.host_id = o.host_id AND w.kind = 'worker'
                         WHERE o.id = $1 AND o.status IN ('ready', 'building')))*/";
            let values = params![id, due, now];
            store.write_at(
                now,
                |transaction| Ok(transaction.changed(sql, values)? > 0),
            )
        })
    }

    /// Moves an environment from building to queued without counting the attempt: the build was cancelled. False: the lease
    /// was lost and nothing changed.
    pub fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool> {
        self.observed(Call::ReleaseEnvironment(id, claim), Some(now), |store| {
            // Due again at once, without counting the attempt; never below zero, because a later build may have reset the
            // count.
            let sql = format!(
                "UPDATE environments SET status = 'queued', {UNCLAIM}, attempt_count = CASE WHEN attempt_count > 0 THEN attempt_count - 1 ELSE 0 END, available_at = ?3, updated_at = ?3
                 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
            );
            let values = params![id, claim.token, now];
            store.write_at(now, |transaction| transaction.changes(&sql, values))
        })
    }

    /// Moves an environment from ready to queued, to be built in `folder`: its files vanished, or a rebuild was requested.
    /// `seen` is the environment as the caller read it. False: another process has built or requeued it since.
    pub fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::RequeueEnvironment(&seen.id), Some(now), |store| {
            // `ready_at` identifies a build: if the environment was built since, it differs; if the environment is not ready,
            // it is null, which equals nothing.
            let sql = "UPDATE environments SET status = 'queued', folder = relative(?3), snapshot_path = relative(?4), attempt_count = 0, available_at = ?5, ready_at = NULL, updated_at = ?5
                 WHERE id = ?1 AND status = 'ready' AND ready_at = ?2";
            let values = params![
                seen.id,
                seen.ready_at,
                path_text(folder),
                path_text(snapshot),
                now
            ];
            store.write_at(now, |transaction| transaction.changes(sql, values))
        })
    }

    /// Queues all environments whose builder's lease has expired, or fails them if `attempts` are used up. Returns their
    /// number.
    pub fn expire_environment_leases(
        &self,
        attempts: &BuildAttempts<'_>,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.observed(Call::ExpireEnvironments, None, |store| {
            store.write(|transaction| match clock() {
                Some(now) => {
                    observe(transaction, now)?;
                    build::expire(transaction, attempts, now)
                }
                None => Ok(0),
            })
        })
    }

    /// Returns how many queued and running runs refer to an environment.
    pub fn live_runs_of_environment(&self, id: &str) -> Result<u64> {
        let sql = "SELECT count(*) FROM queue WHERE environment_id = ?1";
        self.one(sql, [id])
    }

    /// Returns at most `limit` runs that wait for an environment, in the order in which they are claimed.
    pub fn waiting_runs_of_environment(&self, id: &str, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT run_id FROM queue WHERE environment_id = ?1 AND status = 'queued'
             ORDER BY available_at, created_at, run_id LIMIT ?2";
        self.rows(sql, params![id, limit])
    }

    /// Moves runs that wait for an environment to another environment, because the former's engine is not available here.
    /// Deletes the former's record if it is still queued. False: only a part was moved, so that other processes need not wait
    /// long; the caller must repeat the call.
    pub fn move_waiting_runs(
        &self,
        from: &str,
        to: &EnvironmentRecord,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| {
            lock(transaction, from)?;
            let waiting = runs::waiting_in(transaction, from, MOVED_AT_ONCE)?;
            for run in &waiting {
                transaction.execute(
                    "UPDATE queue SET environment_id = ?2 WHERE run_id = ?1",
                    [run, &to.id],
                )?;
                transaction.execute(
                    "UPDATE runs SET engine_spec = ?2, deps_digest = ?3 WHERE id = ?1",
                    [run, &to.key.engine_spec, &to.key.deps_digest],
                )?;
            }
            if waiting.len() == MOVED_AT_ONCE {
                return Ok(false);
            }
            // A running run of the former environment may return to the queue; then the environment is kept for it, and is due
            // again a little later.
            transaction.execute(
                "DELETE FROM environments WHERE id = ?1 AND status = 'queued' AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = ?1)",
                [from],
            )?;
            transaction.execute(
                "UPDATE environments SET available_at = ?2 WHERE id = ?1 AND status = 'queued'",
                params![from, now.plus(LOOK_AGAIN)],
            )?;
            Ok(true)
        })
    }

    /// Deletes the record of an environment that is not being built, that no queued or running run needs, and, if `cold_since`
    /// is given, that was last used (or changed) before it; `cold_since` is read within the transaction. False: the
    /// environment must stay, or the clock cannot be trusted.
    pub fn delete_environment(&self, id: &str, cold_since: Option<&Clock<'_>>) -> Result<bool> {
        self.observed(
            Call::DeleteEnvironment(id, cold_since.is_some()),
            None,
            |store| {
                store.write(|transaction| {
                    // The statement repeats all conditions, in case the environment came into use since it was judged. A run
                    // needs the environment if the queue names it, or if the queue names none and the run has the same key,
                    // because it will get this environment.
                    let cold_since = match cold_since.map(|clock| clock()) {
                        Some(None) => return Ok(false),
                        asked => asked.flatten(),
                    };
                    lock(transaction, id)?;
                    transaction.changes(
                        "DELETE FROM environments WHERE id = ?1 AND status <> 'building'
                         AND (CAST(?2 AS BIGINT) IS NULL OR coalesce(last_used_at + ?3, updated_at) < ?2)
                         AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = environments.id)
                         AND NOT EXISTS (SELECT 1 FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL
                             AND r.workspace_id = environments.workspace_id AND r.configuration_id = environments.configuration_id
                             AND r.engine_spec = environments.engine_spec AND r.deps_digest = environments.deps_digest)",
                        params![
                            id,
                            cold_since,
                            milliseconds(LAST_USE_KNOWN_TO),
                        ],
                    )
                })
            },
        )
    }
}

/// Returns the id of this environment on other hosts. One host at a time records a new environment, so that there is one id
/// for each key.
fn of_other_host(
    transaction: &Transaction<'_>,
    key: &EnvironmentKey,
) -> driver::Result<Option<String>> {
    if !transaction.is_server() {
        return Ok(None);
    }
    transaction.gate("environments")?;
    let sql = "SELECT id FROM environments_of_hosts WHERE workspace_id = $1 AND configuration_id = $2 AND engine_spec = $3 AND deps_digest = $4 LIMIT 1";
    let (workspace, configuration) = (&key.workspace_id, &key.configuration_id);
    let values = [workspace, configuration, &key.engine_spec, &key.deps_digest];
    transaction.row(sql, values)
}

/// Locks an environment until the transaction ends. Transactions that record a run for it lock it too, so none can be recorded
/// meanwhile.
fn lock(transaction: &Transaction<'_>, id: &str) -> driver::Result<()> {
    let sql = "SELECT 1 FROM environments WHERE id = ?1 FOR UPDATE";
    transaction.lock(sql, [id]).map(drop)
}

/// The number of runs that one transaction moves to another environment.
const MOVED_AT_ONCE: usize = 500;
/// The wait before an environment is due again if not all of its runs could be moved.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
