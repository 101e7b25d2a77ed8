//! The queue of runs and all records, in a database.
//!
//! [`Store`] is the database, with a method for each read and each change. The methods are divided by subject: a file or a
//! folder for each subject holds its records, its methods and their SQL statements, which are written once for all databases.
//! `connections` holds the connections and basic operations that all of them use, `values` the conversions that statements
//! share, and `together` batches requests that threads make to a server at the same time. `driver/` runs the statements,
//! `sqlite/` and `postgres/` open a database, and `suite/` holds the tests that every backend must pass. `database` decides
//! which backend serves the database in the settings: [`open`], [`migrate`], [`status`], [`location`] and [`examine`]. The
//! schema's versions are in `schema`, SQLite's migrations in `sqlite/migrations.rs`. Tests of these promises observe each call
//! through `observer`.
//!
//! Promises of every backend:
//!
//! - Every call fails if the database cannot be used ([`StoreError`]); methods do not repeat this.
//! - Every change of state is guarded by the state it starts from. A claim returns a new token, and heartbeat, completion,
//!   failure and release all require that token: a process that lost its lease finds no row and changes nothing.
//! - A run's end, its attempt, its metrics, fields and columns are recorded in one transaction, replaced and never appended.
//! - The store reads no clock and makes no ids and no tokens. They are passed in, so that a test or a simulation can control
//!   them; if a decision must be made in the same transaction as the reading of the clock, a [`Clock`] is passed in. Only a
//!   migration records by itself when it was applied.
//! - An operation that fails has changed nothing. [`StoreError`] gives the reason why the database cannot be used: it is
//!   locked, out of reach, damaged or full.

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
pub use claim::{Claim, Clock, WorkerFilter};
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
    Delivery, DeliveryCounts, DeliveryFailure, DeliveryFilter, DeliveryKind, DeliveryRecord,
    DeliveryStatus, MAX_DELIVERY_WAIT, delivery_of,
};
pub use demands::{Demands, DeniedFinding, ErrorLimit};
pub use documents::DocumentRecord;
pub use environments::record::{
    BuildAttempts, BuildFailureOutcome, ClaimableState, EnvironmentContents, EnvironmentKey,
    EnvironmentRecord, EnvironmentStatus, InstalledPackage, LAST_USE_KNOWN_TO, NewEnvironment,
};
pub use error::{StoreError, no_version, not_published};
pub use failure::{FailurePosition, FailureRecord, NOT_BUILT};
pub use identity::Identity;
pub use ids::{IdKind, MIN_ID_DIGITS};
pub use leases::{ClaimLease, ClaimTarget, Holder};
pub use left_out::LeftOutFile;
pub use limits::{LimitExceeded, Limits, Owner, OwnerLimits};
pub use observer::{Call, Observer};
pub use pauses::Pause;
pub use queue_statistics::{EndedCount, LIMITS, LiveCount, Overview, QueueTotals, StoredBytes};
pub use results::{ColumnResult, FieldResult, FieldState, RunMetrics, RunResults};
pub use run_pages::RunPages;
pub use runs::record::{
    Attempt, AttemptUsage, CancelOutcome, Ending, FoundRuns, InputFile, NewRun, Priority,
    QueuePlace, Retry, RunCounts, RunFilter, RunOptions, RunRecord, RunStatus, SKIPPED,
    SheetChoice, Submission, SubmissionOutcome, Submitter, SubmitterKind, WaitReason, WaitingRun,
};
pub use schema::{
    AppliedMigration, DatabaseCheck, Migration, MigrationOutcome, MigrationState, MoveSummary,
    OpenMode, SchemaStatus, Tables,
};
pub use sqlite::{check, copy};
pub use tokens::{Scope, TokenRecord};
pub use workers::WorkerRecord;
#[cfg(test)]
pub(crate) use {postgres::tests::hosts, suite::places};

/// The result of every operation of the store.
pub type Result<T> = std::result::Result<T, StoreError>;
