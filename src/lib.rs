//! The library behind the `ade` command: everything that ADE does, without the terminal.
//!
//! A *run* applies a *configuration* (a small Python package) to one input file. Runs wait in a *queue*, execute in an
//! *environment* (a cached virtual environment) and leave a normalized workbook, an event log and an audit record. Only
//! `commands/` prints; this library returns values and reports events through callbacks.
//!
//! # Modules
//!
//! | module | what it contains |
//! |---|---|
//! | [`api`] | the HTTP API, its tokens and its views of a workspace |
//! | [`worker`] | the loop over the queue |
//! | [`checks`] | checks that find trouble before a run does: `ade doctor`, `ade check`, `ade dev` |
//! | [`report`] | pages about the results of runs, to read in a browser, print or mail |
//! | [`run`] | one run, from the call to its recorded end; its inputs; views of runs |
//! | [`environment`] | one virtual environment: its Python, build, provision and collection |
//! | [`workspace`] | an opened workspace: matching database and folder, live processes, known configurations |
//! | [`configuration`] | a configuration's folder: manifest, digests, snapshot; the files that `ade init` writes |
//! | [`engine`] | the packed engine, its protocol, one process of it, its sandbox |
//! | [`events`] | writing and following event logs |
//! | [`cells`] | windows of cells of inputs and outputs, without Python |
//! | [`shape`] | the shape of the tables in a file, and the steps to one record per row, without Python |
//! | [`issues`] | the issues of a run, read from its list |
//! | [`painting`] | the sender's workbook with its issues marked at their cells |
//! | [`docs`] | the documentation that every `ade` carries, and searching it |
//! | [`store`] | the queue and the records: SQLite or PostgreSQL behind traits |
//! | [`settings`] | all settings, and all paths that follow from them ([`crate::settings::paths`]) |
//! | [`system`] | the operating system: machine, processes, locks, leases |
//! | [`base`] | errors, time, whole files, digests; depends on no other module |
//!
//! # States
//!
//! A run: `queued → running → succeeded | failed | cancelled`; from `running` back to `queued` if its lease was lost or its
//! failure can pass. An environment: `queued → building → ready | failed`; from `building` back to `queued` if its lease was
//! lost, its build was cancelled or its failure can pass; from `ready` back to `queued` if its folder vanished.
//!
//! # Files
//!
//! All files are below the data directory, see [`crate::settings::paths::Paths`]. A file appears whole or not at all
//! ([`base::files`]); an environment is complete when its `.ready` exists; an event log is append-only.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::exit)]

pub mod api;
pub mod base;
pub mod cells;
pub mod checks;
pub mod configuration;
pub mod docs;
pub mod engine;
pub mod environment;
pub mod events;
pub mod issues;
pub mod painting;
pub mod report;
pub mod run;
pub mod settings;
pub mod shape;
pub mod store;
pub mod system;
pub mod worker;
pub mod workspace;

/// The version of this `ade`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
