//! Archives and deletes configurations and workspaces that nothing needs.
//!
//! A transaction that records something for a configuration or a workspace holds a lock on its row; a transaction that
//! archives or deletes it locks the row before it checks. So either the check sees the new record, or the new record is
//! refused.

use super::configurations::{activate, known_of, locked, set_default, workspace_of};
use super::driver::{self, Transaction, params};
use super::error::not_published;
use super::{ConfigurationChange, KnownConfiguration, Result, Store, StoreError, WorkspaceRecord};
use crate::base::clock::Timestamp;
use crate::base::counted::plural;
use crate::base::problem::{Error, code, typed};

/// The kinds of records that keep a workspace from being deleted, with the statements that count them.
const OF_WORKSPACE: [(&str, &str); 3] = [
    (
        "configuration",
        "SELECT count(*) FROM configurations WHERE workspace_id = ?1",
    ),
    (
        "document",
        "SELECT count(*) FROM documents WHERE workspace_id = ?1 AND deleted_at IS NULL",
    ),
    ("run", "SELECT count(*) FROM runs WHERE workspace_id = ?1"),
];

impl Store {
    /// Makes all requested changes of a configuration, or none. An archived configuration is no longer its workspace's
    /// default.
    ///
    /// # Errors
    /// There is no such configuration or version, it is to be archived while runs of it are queued or running, or it is to be
    /// the default and is archived or has no version that runs could use.
    pub fn change_configuration(
        &self,
        id: &str,
        change: &ConfigurationChange,
        now: Timestamp,
    ) -> Result<KnownConfiguration> {
        self.write_new(|transaction| {
            let known = locked(transaction, id)?;
            if let Some(name) = &change.name {
                let sql = "UPDATE configurations SET name = ?2, updated_at = ?3 WHERE id = ?1 AND name <> ?2";
                transaction.execute(sql, params![id, name, now])?;
            }
            match change.archived {
                Some(true) => archive(transaction, &known, now)?,
                Some(false) => {
                    let sql = "UPDATE configurations SET archived_at = NULL, updated_at = ?2 WHERE id = ?1 AND archived_at IS NOT NULL";
                    transaction.execute(sql, params![id, now])?;
                }
                None => {}
            }
            if let Some(version) = change.active_version {
                activate(transaction, &known, version, now)?;
            }
            if let Some(is_default) = change.default {
                if is_default {
                    let known = known_of(transaction, id)?;
                    known.demand_in_use()?;
                    if known.uploaded && known.version.is_none() {
                        return Err(StoreError::from(not_published(&known.record.name)).into());
                    }
                }
                set_default(transaction, id, is_default, now)?;
            }
            if let Some(most) = change.max_concurrency {
                let sql = "UPDATE configurations SET max_concurrency = ?2, updated_at = ?3 WHERE id = ?1 AND max_concurrency IS DISTINCT FROM ?2";
                transaction.execute(sql, params![id, most, now])?;
            }
            known_of(transaction, id)
        })
    }

    /// Deletes a configuration without runs, with its versions, its pause and the records of its environments; a dry run only
    /// checks whether this is possible.
    ///
    /// # Errors
    /// There is no such configuration, it has runs, or an environment of it is being built: then nothing was deleted.
    pub fn delete_configuration(&self, id: &str, dry_run: bool) -> Result<()> {
        self.write(|transaction| {
            let name = &locked(transaction, id)?.record.name;
            lock(transaction, "configurations", id)?;
            let runs = "SELECT count(*) FROM runs WHERE configuration_id = ?1";
            let runs = transaction.one::<u64>(runs, [id])?;
            if runs > 0 {
                let hint = format!("`ade configs archive {}` hides it and keeps its runs", typed(name));
                return Err(in_use(name, &format!("has {}", plural(runs, "run")), hint));
            }
            let building = "SELECT count(*) FROM environments/*pg_of_hosts*/ WHERE configuration_id = ?1 AND status = 'building'";
            if transaction.one::<u64>(building, [id])? > 0 {
                let why = "has an environment that is being built";
                return Err(in_use(name, why, "try again when the build has ended"));
            }
            if dry_run {
                return Ok(());
            }
            for sql in [
                "DELETE FROM environments/*pg_of_hosts*/ WHERE configuration_id = ?1",
                "DELETE FROM pauses WHERE configuration_id = ?1",
                "DELETE FROM configurations WHERE id = ?1",
            ] {
                transaction.execute(sql, [id])?;
            }
            Ok(())
        })
    }

    /// Changes the name of a workspace.
    ///
    /// # Errors
    /// There is no such workspace, or the database cannot be used.
    pub fn rename_workspace(&self, id: &str, name: &str) -> Result<WorkspaceRecord> {
        let sql = "UPDATE workspaces SET name = ?2 WHERE id = ?1";
        self.write_new(|transaction| {
            transaction.execute(sql, [id, name])?;
            workspace_of(transaction, id)
        })
    }

    /// Deletes an empty workspace, with its list of files that became no run; a dry run only checks whether this is possible.
    /// Returns the former workspace, and the number of such files.
    ///
    /// # Errors
    /// There is no such workspace, or it has configurations, documents or runs: then nothing was deleted.
    pub fn delete_workspace(&self, id: &str, dry_run: bool) -> Result<(WorkspaceRecord, u64)> {
        self.write(|transaction| {
            lock(transaction, "workspaces", id)?;
            let known = workspace_of(transaction, id)?;
            let mut has = Vec::new();
            for (what, sql) in OF_WORKSPACE {
                match transaction.one::<u64>(sql, [id])? {
                    0 => {}
                    found => has.push(plural(found, what)),
                }
            }
            if !has.is_empty() {
                let message = format!("workspace {id:?} has {}", has.join(", "));
                let error = Error::usage(code::IN_USE, message);
                return Err(StoreError::from(error.hint("delete these first")).into());
            }
            let left_out = "SELECT count(*) FROM left_out WHERE workspace_id = ?1";
            let left_out = transaction.one(left_out, [id])?;
            if !dry_run {
                // The record of a document is kept for its runs, and there are none.
                let documents = "DELETE FROM documents WHERE workspace_id = ?1";
                transaction.execute(documents, [id])?;
                transaction.execute("DELETE FROM workspaces WHERE id = ?1", [id])?;
            }
            Ok((known, left_out))
        })
    }
}

impl KnownConfiguration {
    /// Returns an error if the configuration is archived.
    ///
    /// # Errors
    /// The configuration is archived: no new records may use it.
    pub fn demand_in_use(&self) -> Result<()> {
        match self.archived_at {
            Some(_) => Err(archived(&self.record.name)),
            None => Ok(()),
        }
    }
}

/// Returns the error for an archived configuration.
pub(super) fn archived(name: &str) -> StoreError {
    let message = format!("configuration {name:?} is archived");
    let hint = format!("`ade configs restore {}` restores it", typed(name));
    Error::usage(code::CONFIGURATION_ARCHIVED, message)
        .hint(hint)
        .into()
}

fn in_use(name: &str, why: &str, hint: impl Into<String>) -> driver::Error {
    let message = format!("configuration {name:?} {why}");
    let error = Error::usage(code::IN_USE, message).hint(hint);
    StoreError::from(error).into()
}

/// Returns a configuration, and holds it so that it is neither archived nor deleted until the transaction ends.
pub(super) fn held(transaction: &Transaction<'_>, id: &str) -> driver::Result<KnownConfiguration> {
    let sql = "SELECT 1 FROM configurations WHERE id = ?1 FOR KEY SHARE";
    transaction.lock(sql, [id])?;
    known_of(transaction, id)
}

/// Locks a row: waits for transactions that record something for it, and keeps new ones out.
fn lock(transaction: &Transaction<'_>, table: &str, id: &str) -> driver::Result<()> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = ?1 FOR UPDATE");
    transaction.lock(&sql, [id]).map(drop)
}

fn archive(
    transaction: &Transaction<'_>,
    known: &KnownConfiguration,
    now: Timestamp,
) -> driver::Result<()> {
    let id = &known.record.id;
    lock(transaction, "configurations", id)?;
    let live = "SELECT count(*) FROM runs WHERE configuration_id = ?1 AND status IS NULL";
    let live = transaction.one::<u64>(live, [id])?;
    if live > 0 {
        let name = &known.record.name;
        let why = format!("has {} in the queue", plural(live, "run"));
        let hint = format!(
            "`ade runs ls --configuration {}` lists them; cancel them, or try again when they have ended",
            typed(name)
        );
        return Err(in_use(name, &why, hint));
    }
    let sql = "UPDATE configurations SET archived_at = ?2, is_default = 0, updated_at = ?2 WHERE id = ?1 AND archived_at IS NULL";
    transaction.execute(sql, params![id, now])
}
