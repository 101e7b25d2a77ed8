//! The queue and the records.
//!
//! [`Store`] is the interface to the database. It is divided by subject, a file for each with the subject's trait
//! and its records: [`Identities`], [`Configurations`], [`Documents`], [`Tokens`], [`Environments`], [`Runs`], [`Results`], [`RunLogs`], [`Copies`], [`Ids`],
//! [`Workers`], [`Leases`], [`ObservedTime`], [`Collection`], [`Changes`], [`Pauses`], [`Deliveries`] and [`QueueStatistics`]. [`SqlStore`] implements it with
//! statements that are written once: `sql/` mirrors these files, `driver/` runs the statements, `sqlite/` and `postgres/` open a database, and `suite/` holds the
//! tests that every backend must pass. Which backend serves the database that the settings name is decided in `database`:
//! [`open`], [`migrate`], [`status`], [`location`] and [`examine`]. The schema's versions are in `schema`, SQLite's own in
//! `sqlite/migrations.rs`.
//!
//! Promises of every backend:
//!
//! - Whatever calls the store fails where the database cannot be used ([`StoreError`]); that is said here, once.
//! - Every change of state is guarded by the state it starts from. A claim returns a new token, and heartbeat,
//!   completion, failure and release all require that token: a process that lost its lease finds no row and changes nothing.
//! - A run's end, its attempt, its metrics, fields and columns are recorded in one transaction, replaced and never
//!   appended.
//! - The store reads no clock and makes no ids and no tokens. They are passed in, so that a test or a simulation can hold
//!   them; where a decision must be made in the same transaction as the reading of the clock, a [`Clock`] is passed in. Only
//!   a migration notes by itself when it was applied.
//! - An operation that fails has changed nothing. [`StoreError`] says why the database cannot be used: it is locked, out of reach,
//!   damaged or full.

mod changes;
mod claim;
mod collection;
mod configurations;
mod copies;
mod database;
mod deliveries;
mod demands;
mod documents;
mod driver;
mod environments;
mod error;
mod failure;
mod hosts;
mod identity;
mod ids;
mod leases;
mod limits;
mod observed_time;
mod pauses;
mod postgres;
mod queue_statistics;
mod results;
mod run_logs;
mod run_pages;
mod runs;
mod schema;
mod sql;
mod sqlite;
#[cfg(test)]
mod suite;
mod tokens;
mod workers;

pub use crate::system::lease::Heartbeat;
pub use changes::{ChangeMark, Changes, EndedRun, EndedRuns, LiveRun, RunningRun};
pub use claim::{Claim, ClaimLease, ClaimOn, Clock};
pub use collection::{Collection, RunFiles};
pub use configurations::{
    ConfigurationActivity, ConfigurationRecord, ConfigurationVersion, Configurations,
    KnownConfiguration, Publication, WorkspaceRecord,
};
pub use copies::{Copies, OutputCopy};
pub use database::{
    Location, Tables, check, copy, examine, location, migrate, move_records, newest_schema, open,
    status,
};
pub use deliveries::{
    Deliveries, Delivery, DeliveryCounts, DeliveryFilter, DeliveryKind, DeliveryRecord,
    DeliveryStatus, LONGEST_WAIT, Undelivered, delivery_of,
};
pub use demands::{Demands, Denied, MostErrors};
pub use documents::{DocumentRecord, Documents};
pub use environments::{
    AfterFailure, BuildAttempts, Claimable, EnvironmentContents, EnvironmentKey, EnvironmentRecord,
    EnvironmentStatus, Environments, LAST_USE_KNOWN_TO, NewEnvironment, Package,
};
pub use error::StoreError;
pub use failure::{Failure, NOT_BUILT, Place};
pub use hosts::Hosts;
pub use identity::{Identities, Identity};
pub use ids::{Ids, Named, SHORTEST};
pub use leases::{Holder, Leases};
pub use limits::{Limits, Most, Over, Owner};
pub use observed_time::ObservedTime;
pub use pauses::{Pause, Pauses};
pub use queue_statistics::{
    EndedCount, LIMITS, LiveCount, Overview, QueueStatistics, StoredBytes, Totals,
};
pub use results::{ColumnResult, FieldResult, FieldState, Results, RunMetrics, RunResults};
pub use run_logs::RunLogs;
pub use run_pages::RunPages;
pub use runs::{
    Attempt, CancelOutcome, Ending, FoundRuns, InputFile, NewRun, Priority, QueuePlace, Retry,
    RunCounts, RunFilter, RunOptions, RunRecord, RunStatus, Runs, SKIPPED, SheetChoice, Submission,
    Submitted, Submitter, SubmitterKind, Used, WaitingRun, WaitsFor,
};
pub use schema::{
    AppliedMigration, Examined, Migrated, Migration, MigrationState, Moved, Opening, SchemaStatus,
};
pub use sql::SqlStore;
pub use tokens::{Scope, TokenRecord, Tokens};
pub use workers::{Only, WorkerRecord, Workers};
#[cfg(test)]
pub(crate) use {postgres::tests::hosts, suite::places};

/// The outcome of every operation here.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The queue and the records, all subjects together.
pub trait Store:
    Changes
    + Collection
    + Configurations
    + Copies
    + Deliveries
    + Documents
    + Environments
    + Hosts
    + Identities
    + Ids
    + Leases
    + ObservedTime
    + Pauses
    + QueueStatistics
    + Results
    + RunLogs
    + Runs
    + Tokens
    + Workers
    + Send
    + Sync
{
}
