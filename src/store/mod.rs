//! The queue and the records.
//!
//! [`Store`] is the database, with a method for each thing that is asked of it or done to it. They are divided by subject, a file or a
//! folder for each with its records, its methods and their statements of SQL, which are written once for every database. `connections`
//! holds what all of them read and write by, `values` what the statements share, and `together` sends what threads of a process ask a
//! server for at the same time. `driver/` runs the statements, `sqlite/` and `postgres/` open a database, and `suite/` holds the tests
//! that every backend must pass. Which backend serves the database that the settings name is decided in `database`: [`open`],
//! [`migrate`], [`status`], [`location`] and [`examine`]. The schema's versions are in `schema`, SQLite's own in `sqlite/migrations.rs`.
//! Whoever proves that these promises hold observes each call: `observer`.
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
mod connections;
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
mod left_out;
mod limits;
mod needed;
mod observed_time;
mod observer;
mod pauses;
mod postgres;
mod queue_statistics;
mod results;
mod run_logs;
mod run_pages;
mod runs;
mod schema;
mod sqlite;
#[cfg(test)]
mod suite;
mod together;
mod tokens;
mod values;
mod workers;

pub use crate::system::lease::Heartbeat;
pub use changes::{ChangeMark, EndedRun, EndedRuns, LiveRun, RunningRun};
pub use claim::{Claim, Clock, Only};
pub use collection::RunFiles;
pub use configurations::{
    ConfigurationActivity, ConfigurationChange, ConfigurationRecord, ConfigurationVersion,
    KnownConfiguration, Publication, WorkspaceRecord,
};
pub use connections::Store;
pub use copies::OutputCopy;
pub use database::{
    Location, examine, location, migrate, move_records, newest_schema, open, status,
};
pub use deliveries::{
    Delivery, DeliveryCounts, DeliveryFilter, DeliveryKind, DeliveryRecord, DeliveryStatus,
    LONGEST_WAIT, Undelivered, delivery_of,
};
pub use demands::{Demands, Denied, MostErrors};
pub use documents::DocumentRecord;
pub use environments::record::{
    AfterFailure, BuildAttempts, Claimable, EnvironmentContents, EnvironmentKey, EnvironmentRecord,
    EnvironmentStatus, LAST_USE_KNOWN_TO, NewEnvironment, Package,
};
pub use error::{StoreError, no_version, not_published};
pub use failure::{Failure, NOT_BUILT, Place};
pub use identity::Identity;
pub use ids::{Named, SHORTEST};
pub use leases::{ClaimLease, ClaimOn, Holder};
pub use left_out::LeftOut;
pub use limits::{Limits, Most, Over, Owner};
pub use observer::{Call, Observer};
pub use pauses::Pause;
pub use queue_statistics::{EndedCount, LIMITS, LiveCount, Overview, StoredBytes, Totals};
pub use results::{ColumnResult, FieldResult, FieldState, RunMetrics, RunResults};
pub use run_pages::RunPages;
pub use runs::record::{
    Attempt, CancelOutcome, Ending, FoundRuns, InputFile, NewRun, Priority, QueuePlace, Retry,
    RunCounts, RunFilter, RunOptions, RunRecord, RunStatus, SKIPPED, SheetChoice, Submission,
    Submitted, Submitter, SubmitterKind, Used, WaitingRun, WaitsFor,
};
pub use schema::{
    AppliedMigration, Examined, Migrated, Migration, MigrationState, Moved, Opening, SchemaStatus,
    Tables,
};
pub use sqlite::{check, copy};
pub use tokens::{Scope, TokenRecord};
pub use workers::WorkerRecord;
#[cfg(test)]
pub(crate) use {postgres::tests::hosts, suite::places};

/// The outcome of every operation here.
pub type Result<T> = std::result::Result<T, StoreError>;
