//! Environments: queued → building → ready | failed, under leases of their own.

mod build;
mod read;
pub(in crate::store) mod record;

use std::path::Path;
use std::time::Duration;

#[cfg(test)]
pub(super) use build::HELD_BY;
use build::UNCLAIM;
pub(super) use build::reclaim;
#[cfg(test)]
pub(super) use read::NEXT;

use super::Call;
use super::ids::Table;
use super::values::{changes, count, execute, path_text, row, rows};
use super::{Store, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::driver::{self, Row, Transaction, params};
use crate::store::needed::{archived, held};
use crate::store::observed_time::observe;
use crate::store::{
    AfterFailure, BuildAttempts, Claim, Claimable, Clock, EnvironmentContents, EnvironmentKey,
    EnvironmentRecord, Failure, Heartbeat, LAST_USE_KNOWN_TO, NewEnvironment, Result, StoreError,
};

impl Store {
    /// Returns the environment of the key of `new`. Records `new` as queued where the key has none yet; where another host has it, with
    /// the same id.
    ///
    /// # Errors
    /// Its configuration is archived or deleted, or the database cannot be used.
    pub fn ensure_environment(
        &self,
        new: &NewEnvironment,
        now: Timestamp,
    ) -> Result<EnvironmentRecord> {
        self.observed(Call::EnsureEnvironment, Some(now), |store| {
            // Nearly always it is recorded already, and reading needs no write lock.
            match store.environment_of(&new.key)? {
                Some(known) if known.configuration_archived => {
                    return Err(archived(&known.configuration_name));
                }
                Some(known) => return Ok(known),
                None => {}
            }
            store.write_at(now, |transaction| ensure(transaction, new, now))
        })
    }

    /// The environment of a key.
    pub fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| read::of_key(connection, key))
    }

    /// Returns the environment of an id or of an unambiguous prefix.
    ///
    /// # Errors
    /// It does not exist, the prefix is ambiguous, or the database cannot be used.
    pub fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord> {
        let id = self.resolve(Table::Environments, workspace, id)?;
        self.read(|connection| read::by_id(connection, &id))?
            .ok_or_else(|| StoreError::not_found("environment", &id))
    }

    /// All environments of a workspace, last used first.
    pub fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>> {
        self.read(|connection| read::list(connection, workspace))
    }

    /// The environments of all workspaces.
    pub fn all_environments(&self) -> Result<Vec<EnvironmentRecord>> {
        self.read(read::everywhere)
    }

    /// Claims one environment for building: in its folder, or in the folder `elsewhere` where the lease of its last builder
    /// ended, for that may still be at work in it. `None`: its state is not the one that is `claimable`.
    pub fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        claimable: Claimable,
        elsewhere: &Path,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>> {
        self.observed(
            Call::ClaimEnvironment(id, claim, claimable),
            Some(now),
            |store| {
                store.demand_in_place()?;
                store.write_at(now, |transaction| {
                    build::claim(transaction, id, claim, claimable, elsewhere, now)
                })
            },
        )
    }

    /// Returns the due environment that has waited longest to be built; where `after` is given, of those that come after
    /// it. Where `process` is given, of those that this worker takes.
    pub fn next_environment(
        &self,
        now: Timestamp,
        process: Option<&str>,
        after: Option<&EnvironmentRecord>,
    ) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| read::next(connection, now, process, after))
    }

    /// Gives an environment that is being built another folder, because a process that lost its claim may still be at work
    /// in the one that it has. False: the lease was lost and nothing changed.
    pub fn move_environment(
        &self,
        id: &str,
        claim: &Claim,
        folder: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::MoveEnvironment(id, claim), Some(now), |store| {
            let sql = "UPDATE environments SET folder = relative(?3), updated_at = ?4 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'";
            let values = params![id, claim.token, path_text(folder), now.0];
            store.write_at(now, |transaction| changes(transaction, sql, values))
        })
    }

    /// Renews a builder's lease.
    pub fn heartbeat_environment(
        &self,
        id: &str,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Heartbeat> {
        self.observed(Call::HeartbeatEnvironment(id, claim), Some(now), |store| {
            let sql = "UPDATE environments SET claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'";
            let values = params![id, claim.token, now.plus(claim.lease).0];
            Ok(
                match store.write_one(|connection| changes(connection, sql, values))? {
                    true => Heartbeat::Renewed {
                        cancel_requested: false,
                    },
                    false => Heartbeat::Lost,
                },
            )
        })
    }

    /// Building → ready. False: the lease was lost and nothing changed.
    pub fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::CompleteEnvironment(id, claim), Some(now), |store| {
            store.write_at(now, |transaction| {
                build::complete(transaction, id, claim, contents, now)
            })
        })
    }

    /// Building → failed or queued, as `after` says. False: the lease was lost and nothing changed.
    pub fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        after: AfterFailure,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::FailEnvironment(id, claim), Some(now), |store| {
            store.write_at(now, |transaction| {
                build::leave(transaction, id, &claim.token, failure, after, now)
            })
        })
    }

    /// It was asked for. Failed → queued, its attempts counted anew, due from `due` on; one that is queued already is due then
    /// at the latest. False: it is neither. The same happens to it on the other hosts, unless one of them has it or builds it.
    pub fn ask_for_environment(&self, id: &str, due: Timestamp, now: Timestamp) -> Result<bool> {
        self.observed(Call::AskForEnvironment(id), Some(now), |store| {
            // What it failed at stays recorded until the next attempt begins: it says why the environment waits. Of one that waits, its
            // last change stays when it failed.
            let sql = "UPDATE environments/*pg_of_hosts*/ SET status = 'queued', attempt_count = CASE status WHEN 'failed' THEN 0 ELSE attempt_count END,
                     trouble_count = CASE status WHEN 'failed' THEN 0 ELSE trouble_count END,
                     available_at = CASE WHEN status = 'failed' OR available_at > ?2 THEN ?2 ELSE available_at END,
                     updated_at = CASE status WHEN 'failed' THEN ?3 ELSE updated_at END
                 WHERE id = ?1 AND status IN ('failed', 'queued') /*pg AND (host_id = current_setting('ade.host')
                     OR NOT EXISTS (SELECT 1 FROM environments_of_hosts o JOIN workers w ON w.host_id = o.host_id AND w.kind = 'worker'
                         WHERE o.id = $1 AND o.status IN ('ready', 'building')))*/";
            let values = params![id, due.0, now.0];
            store.write_at(
                now,
                |transaction| Ok(execute(transaction, sql, values)? > 0),
            )
        })
    }

    /// Building → queued, the attempt not counted: the build was cancelled. False: the lease was lost and nothing changed.
    pub fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool> {
        self.observed(Call::ReleaseEnvironment(id, claim), Some(now), |store| {
            // Due again at once, the attempt not counted; never below zero, because a build since may have reset the count.
            let sql = format!(
                "UPDATE environments SET status = 'queued', {UNCLAIM}, attempt_count = CASE WHEN attempt_count > 0 THEN attempt_count - 1 ELSE 0 END, available_at = ?3, updated_at = ?3
                 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
            );
            let values = params![id, claim.token, now.0];
            store.write_at(now, |transaction| changes(transaction, &sql, values))
        })
    }

    /// Ready → queued, to be built in `folder`: its files vanished, or a rebuild was asked for. `seen` is the environment
    /// as the caller read it. False: another process has built or requeued it since.
    pub fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.observed(Call::RequeueEnvironment(&seen.id), Some(now), |store| {
            // `ready_at` identifies a build: if the environment was built since, it differs, and if it is not ready, it is null,
            // which equals nothing.
            let sql = "UPDATE environments SET status = 'queued', folder = relative(?3), snapshot_path = relative(?4), attempt_count = 0, available_at = ?5, ready_at = NULL, updated_at = ?5
                 WHERE id = ?1 AND status = 'ready' AND ready_at = ?2";
            let ready_at = seen.ready_at.map(|ready_at| ready_at.0);
            let values = params![
                seen.id,
                ready_at,
                path_text(folder),
                path_text(snapshot),
                now.0
            ];
            store.write_at(now, |transaction| changes(transaction, sql, values))
        })
    }

    /// Building → queued, or failed where `attempts` are spent, for all environments whose builder's lease has expired.
    /// Returns how many.
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

    /// How many queued and running runs refer to an environment.
    pub fn live_runs_of_environment(&self, id: &str) -> Result<u64> {
        let sql = "SELECT count(*) FROM queue WHERE environment_id = ?1";
        self.read(|connection| count(connection, sql, [id]))
    }

    /// Returns the runs that wait for an environment, in the order in which they are claimed, `limit` at most.
    pub fn waiting_runs_of_environment(&self, id: &str, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT run_id FROM queue WHERE environment_id = ?1 AND status = 'queued'
             ORDER BY available_at, created_at, run_id LIMIT ?2";
        let run = |row: &Row<'_>| row.get(0);
        self.read(|connection| rows(connection, sql, params![id, limit], run))
    }

    /// Moves runs that wait for one environment to another one, because the former's engine is not available here. The
    /// former's record is deleted if it is still queued. False: only a part was moved, so that other processes need not wait
    /// for long; the caller asks again.
    pub fn move_waiting_runs(
        &self,
        from: &str,
        to: &EnvironmentRecord,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| move_waiting_runs(transaction, from, to, now))
    }

    /// Deletes the record of an environment that is ready or failed, that no queued or running run needs, and that was last
    /// used (or changed) before `cold_since`, where that is given; it is asked within the transaction. False: it must stay, or
    /// the clock cannot be trusted.
    pub fn delete_environment(&self, id: &str, cold_since: Option<&Clock<'_>>) -> Result<bool> {
        self.observed(
            Call::DeleteEnvironment(id, cold_since.is_some()),
            None,
            |store| store.write(|transaction| delete(transaction, id, cold_since)),
        )
    }
}

fn ensure(
    transaction: &Transaction<'_>,
    new: &NewEnvironment,
    now: Timestamp,
) -> driver::Result<EnvironmentRecord> {
    // Another process may have recorded it since the caller read.
    let key = &new.key;
    held(transaction, &key.configuration_id)?.demand_in_use()?;
    if let Some(known) = read::of_key(transaction, key)? {
        return Ok(known);
    }
    let id = of_other_host(transaction, key)?;
    let id = id.as_ref().unwrap_or(&new.id);
    execute(
        transaction,
        "INSERT INTO environments (id, workspace_id, configuration_id, engine_spec, deps_digest, status, folder, snapshot_path, available_at, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', relative(?6), relative(?7), ?8, ?8, ?8)
         ON CONFLICT DO NOTHING",
        params![id, key.workspace_id, key.configuration_id, key.engine_spec, key.deps_digest, path_text(&new.folder), path_text(&new.snapshot), now.0],
    )?;
    read::of_key(transaction, key)?.ok_or(driver::Error::NoRow)
}

/// The id of an environment that other hosts have. One host at a time records what none has, so that there is one id for each key.
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
    row(transaction, sql, values, |row| row.get(0))
}

/// Whoever records a run for an environment holds it: with this, none is recorded until the transaction ends.
fn lock(transaction: &Transaction<'_>, id: &str) -> driver::Result<()> {
    let sql = "SELECT 1 FROM environments WHERE id = ?1 FOR UPDATE";
    transaction.lock(sql, [id]).map(drop)
}

/// How many runs one transaction moves to another environment.
const MOVED_AT_ONCE: usize = 500;
/// How long an environment stays queued without being due when not all of its runs could be moved.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

fn move_waiting_runs(
    transaction: &Transaction<'_>,
    from: &str,
    to: &EnvironmentRecord,
    now: Timestamp,
) -> driver::Result<bool> {
    lock(transaction, from)?;
    let waiting = runs::waiting_in(transaction, from, MOVED_AT_ONCE)?;
    for run in &waiting {
        execute(
            transaction,
            "UPDATE queue SET environment_id = ?2 WHERE run_id = ?1",
            [run, &to.id],
        )?;
        execute(
            transaction,
            "UPDATE runs SET engine_spec = ?2, deps_digest = ?3 WHERE id = ?1",
            [run, &to.key.engine_spec, &to.key.deps_digest],
        )?;
    }
    if waiting.len() == MOVED_AT_ONCE {
        return Ok(false);
    }
    // A running run of the former may come back to the queue; then the former is kept for it, and is due again a little
    // later.
    execute(
        transaction,
        "DELETE FROM environments WHERE id = ?1 AND status = 'queued' AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = ?1)",
        [from],
    )?;
    execute(
        transaction,
        "UPDATE environments SET available_at = ?2 WHERE id = ?1 AND status = 'queued'",
        params![from, now.plus(LOOK_AGAIN).0],
    )?;
    Ok(true)
}

/// Deletes the record, unless the environment has come into use since it was judged: the statement repeats all conditions.
/// A run needs the environment if the queue names it, or if it names none and has the same key, since it will be given this
/// one.
fn delete(
    transaction: &Transaction<'_>,
    id: &str,
    cold_since: Option<&Clock<'_>>,
) -> driver::Result<bool> {
    let cold_since = match cold_since.map(|clock| clock()) {
        Some(None) => return Ok(false),
        asked => asked.flatten(),
    };
    lock(transaction, id)?;
    changes(
        transaction,
        "DELETE FROM environments WHERE id = ?1 AND status <> 'building'
         AND (CAST(?2 AS BIGINT) IS NULL OR coalesce(last_used_at + ?3, updated_at) < ?2)
         AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = environments.id)
         AND NOT EXISTS (SELECT 1 FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL
             AND r.workspace_id = environments.workspace_id AND r.configuration_id = environments.configuration_id
             AND r.engine_spec = environments.engine_spec AND r.deps_digest = environments.deps_digest)",
        params![
            id,
            cold_since.map(|since| since.0),
            milliseconds(LAST_USE_KNOWN_TO)
        ],
    )
}
