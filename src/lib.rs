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
//! | [`api`] | the HTTP API, with its tokens and its looks at a workspace |
//! | [`worker`] | the loop over the queue |
//! | [`checks`] | what finds trouble before a run does: `ade doctor`, `ade check`, `ade dev` |
//! | [`report`] | pages of what runs found, to be read in a browser, printed or mailed |
//! | [`run`] | one run, from a call to its recorded end; its inputs, and runs as people see them |
//! | [`environment`] | one virtual environment: its Python, its build, its provision, its collection |
//! | [`workspace`] | one workspace, opened: database and folder match, who is alive in it, the configurations it knows |
//! | [`configuration`] | a configuration's folder: manifest, digests, snapshot; what `ade init` writes |
//! | [`engine`] | the packed engine, its protocol, one process of it, its sandbox |
//! | [`events`] | event logs, written and followed |
//! | [`cells`] | windows of cells of inputs and outputs, without Python |
//! | [`shape`] | what the tables of a file are, and what would make them one record a row, without Python |
//! | [`issues`] | the issues of a run, read from its list |
//! | [`painting`] | the sender's workbook with its issues marked at their cells |
//! | [`docs`] | the documents that every `ade` carries, and what is found in them |
//! | [`store`] | the queue and the records, SQLite behind traits |
//! | [`settings`] | every setting, and every path that follows from them ([`crate::settings::paths`]) |
//! | [`system`] | the operating system: machine, processes, locks, leases |
//! | [`base`] | errors, time, whole files, digests; needs nothing of the others |
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
//! All below the data directory, see [`crate::settings::paths::Paths`]. A file appears whole or not at all ([`base::files`]); an environment
//! is complete when its `.ready` is there; an event log is append-only.

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
