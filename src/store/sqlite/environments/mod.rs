//! Environments: queued → building → ready | failed, under leases of their own.

mod build;
mod read;

use std::path::Path;
use std::time::Duration;

use rusqlite::params;

#[cfg(test)]
pub(super) use build::HELD_BY;
pub(super) use build::reclaim;
#[cfg(test)]
pub(super) use read::NEXT;

use super::prefix::Table;
use super::values::{execute, path_text};
use super::{SqliteStore, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::sqlite::observed_time::observe;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{
    AfterFailure, BuildAttempts, Claim, Claimable, Clock, EnvironmentContents, EnvironmentKey,
    EnvironmentRecord, Environments, Failure, Heartbeat, LAST_USE_KNOWN_TO, NewEnvironment, Result,
};

impl Environments for SqliteStore {
    fn ensure_environment(
        &self,
        new: &NewEnvironment,
        now: Timestamp,
    ) -> Result<EnvironmentRecord> {
        // Nearly always it is recorded already, and reading needs no write lock.
        if let Some(known) = self.environment_of(&new.key)? {
            return Ok(known);
        }
        self.write_at(now, |transaction| ensure(transaction, new, now))
    }

    fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| read::of_key(connection, key))
    }

    fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord> {
        let id = self.resolve(Table::Environments, workspace, id)?;
        self.read(|connection| read::by_id(connection, &id))
    }

    fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>> {
        self.read(|connection| read::list(connection, workspace))
    }

    fn all_environments(&self) -> Result<Vec<EnvironmentRecord>> {
        self.read(read::everywhere)
    }

    fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        claimable: Claimable,
        elsewhere: &Path,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>> {
        self.demand_in_place()?;
        self.write_at(now, |transaction| {
            build::claim(transaction, id, claim, claimable, elsewhere, now)
        })
    }

    fn next_environment(
        &self,
        now: Timestamp,
        after: Option<&EnvironmentRecord>,
    ) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| read::next(connection, now, after))
    }

    fn move_environment(
        &self,
        id: &str,
        claim: &Claim,
        folder: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::move_to(transaction, id, claim, folder, now)
        })
    }

    fn heartbeat_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.write(|transaction| build::heartbeat(transaction, id, claim, now))
    }

    fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::complete(transaction, id, claim, contents, now)
        })
    }

    fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        after: AfterFailure,
        now: Timestamp,
    ) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::fail(transaction, id, claim, failure, after, now)
        })
    }

    fn ask_for_environment(
        &self,
        id: &str,
        by_hand: bool,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::ask_for(transaction, id, by_hand, due, now)
        })
    }

    fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::release(transaction, id, claim, now)
        })
    }

    fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.write_at(now, |transaction| {
            build::requeue(transaction, seen, folder, snapshot, now)
        })
    }

    fn expire_environment_leases(
        &self,
        attempts: &BuildAttempts<'_>,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.write(|transaction| match clock() {
            Some(now) => {
                observe(transaction, now)?;
                build::expire(transaction, attempts, now)
            }
            None => Ok(0),
        })
    }

    fn live_runs_of_environment(&self, id: &str) -> Result<u64> {
        self.read(|connection| read::live_runs(connection, id))
    }

    fn move_waiting_runs(
        &self,
        from: &str,
        to: &EnvironmentRecord,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| move_waiting_runs(transaction, from, to, now))
    }

    fn delete_environment(&self, id: &str, cold_since: Option<&Clock<'_>>) -> Result<bool> {
        self.write(|transaction| delete(transaction, id, cold_since))
    }
}

fn ensure(
    transaction: &Transaction<'_>,
    new: &NewEnvironment,
    now: Timestamp,
) -> rusqlite::Result<EnvironmentRecord> {
    // Another process may have recorded it since the caller read.
    let key = &new.key;
    if let Some(known) = read::of_key(transaction, key)? {
        return Ok(known);
    }
    execute(
        transaction,
        "INSERT INTO environments (id, workspace_id, configuration_id, engine_spec, deps_digest, status, folder, snapshot_path, available_at, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', relative(?6), relative(?7), ?8, ?8, ?8)",
        params![new.id, key.workspace_id, key.configuration_id, key.engine_spec, key.deps_digest, path_text(&new.folder), path_text(&new.snapshot), now.0],
    )?;
    read::by_id(transaction, &new.id)
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
) -> rusqlite::Result<bool> {
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
) -> rusqlite::Result<bool> {
    let cold_since = match cold_since.map(|clock| clock()) {
        Some(None) => return Ok(false),
        asked => asked.flatten(),
    };
    let changed = execute(
        transaction,
        "DELETE FROM environments WHERE id = ?1 AND status <> 'building'
         AND (?2 IS NULL OR coalesce(last_used_at + ?3, updated_at) < ?2)
         AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = environments.id)
         AND NOT EXISTS (SELECT 1 FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL
             AND r.workspace_id = environments.workspace_id AND r.configuration_id = environments.configuration_id
             AND r.engine_spec = environments.engine_spec AND r.deps_digest = environments.deps_digest)",
        params![
            id,
            cold_since.map(|since| since.0),
            milliseconds(LAST_USE_KNOWN_TO)
        ],
    )?;
    Ok(changed == 1)
}
