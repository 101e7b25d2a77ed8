//! The library behind the `ade` command: everything that ADE does, with no terminal in it.
//!
//! A *configuration* (a small Python package) is applied to one input file by a *run*. Runs wait in a *queue*,
//! execute inside an *environment* (a cached virtual environment) and leave a normalized workbook, an event log and an
//! audit record. `commands/` is the only code that prints; this library returns values and reports what happens through
//! callbacks.
//!
//! # Where things are
//!
//! | module | what it contains |
//! |---|---|
//! | [`settings`] | every setting: name, type, default, source, meaning |
//! | [`layout`] | every path under the data directory |
//! | [`store`] | the queue and the records, SQLite behind one trait |
//! | [`configuration`] | what a configuration folder is: manifest, digests, snapshot |
//! | [`environment`] | one virtual environment: prepare, build, provide, collect |
//! | [`python`] | finding a Python and remembering the answer |
//! | [`engine`] | the packed engine, its protocol, and one process of it |
//! | [`run`] | one run from claim to recorded result |
//! | [`api`] | the HTTP API |
//! | [`cells`] | windows of cells of inputs and outputs, without Python |
//! | [`worker`] | the loop over the queue |
//! | [`fleet`] | processes that claim runs, and recovery of the runs of those that died |
//! | [`events`] | the event envelope, writing and following event logs |
//! | [`documents`] | inputs that clients store |
//! | [`configurations`] | the configurations that a workspace knows: drafts, published versions, the active one |
//! | [`tokens`] | who may use the HTTP API |
//! | [`identity`] | a database and its data directory know each other |
//! | [`workspace`] | one workspace, opened: settings, places and store |
//! | [`scaffold`] | what `ade init` writes |
//! | [`check`] | loading a configuration without running it |
//! | [`dev`] | what `ade dev` watches |
//! | [`doctor`] | checks whether this machine is ready |
//! | [`top`] | the queue at one moment |
//! | [`stats`] | how the work of a workspace goes, within a window of time |
//! | [`changes`] | what changed in a workspace since the last look |
//! | [`process`] | child processes, which never outlive the call that started them |
//! | [`machine`] | the operating system behind a trait: time, threads, files, locks |
//! | [`lease`] | a lease that is kept alive while the work under it goes on |
//! | [`problem`], [`clock`], [`cancel`], [`wake`], [`backoff`], [`lock`], [`digest`], [`files`], [`host`] | errors, time, cancelling, waking a worker, waits between attempts, locks between processes, SHA-256, whole-file writes, the machine's name |
//!
//! # States
//!
//! A run: `queued → running → succeeded | failed | cancelled`; from `running` back to `queued` when its lease was lost
//! or its failure can pass. An environment: `queued → building → ready | failed`; from `building` back to `queued` when
//! its lease was lost, its build was cancelled or its failure can pass; from `ready` back to `queued` when its folder
//! vanished.
//!
//! # Files
//!
//! All below the data directory, see [`layout::Layout`]. A file appears whole or not at all ([`files`]); an environment
//! is complete when its `.ready` is there; an event log is append-only.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::exit)]

pub mod api;
pub mod backoff;
pub mod cancel;
pub mod cells;
pub mod changes;
pub mod check;
pub mod clock;
pub mod configuration;
pub mod configurations;
pub mod counted;
pub mod dev;
pub mod digest;
pub mod doctor;
pub mod documents;
pub mod engine;
pub mod environment;
pub mod events;
pub mod files;
pub mod fleet;
pub mod host;
pub mod identity;
pub mod layout;
pub mod lease;
pub mod lock;
pub mod machine;
pub mod problem;
pub mod process;
pub mod python;
pub mod run;
pub mod sandbox;
pub mod scaffold;
pub mod settings;
pub mod stats;
pub mod store;
pub mod tokens;
pub mod top;
pub mod wake;
pub mod worker;
pub mod workspace;

/// The version of this `ade`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
