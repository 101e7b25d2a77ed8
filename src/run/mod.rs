//! One run, from claim to recorded end.
//!
//! `ade run` and the worker share this code. The order of things:
//!
//! 1. [`crate::environment::prepare`] opens the configuration, keeps a snapshot of it and names the environment that it
//!    needs.
//! 2. [`stage`] copies the input into the run's folder, and [`input`] says which files a call means.
//! 3. The run is recorded: queued ([`enqueue`]), or under a claim of this process ([`inline`]).
//! 4. [`lifecycle`] takes a claimed run to its recorded end: environment, [`attempt`], [`verdict`], record.
//! 5. [`ends`] writes into the run's log how it ended.
//!
//! What a person does to runs: [`list`], [`show`], [`enqueue`] (files), [`submit`] (a stored document), [`cancel`], [`retry`], [`remove`], [`follow`] (a log, until
//! the run ends) and [`watch`] (again when a file changes); [`provide`] has an environment
//! ready for a command that runs nothing. Runs of a process that died come back by [`recover`]; [`waiting`] says why a
//! queued run does not run yet; with [`safe_mode`] none does. [`demands`] is what a caller asks of a run that ended, [`mod@summary`] one sentence about it.
//!
//! Failures that can pass (a lost lease, a killed engine, a hiccup of the installer) may be tried again; a failure of
//! the configuration or of the input is final at once.

mod artifact;
pub mod attempt;
pub mod cancel;
pub mod change;
pub mod demands;
pub mod ends;
pub mod enqueue;
pub mod error;
pub mod follow;
pub mod inline;
pub mod input;
pub mod issues;
pub mod json;
pub mod leftovers;
pub mod lifecycle;
pub mod list;
mod log;
pub mod names;
pub mod output;
pub mod provide;
pub mod queue_metrics;
pub mod recover;
pub mod remove;
pub mod request;
pub mod results;
pub mod retry;
pub mod safe_mode;
pub mod show;
pub mod stage;
pub mod submit;
pub mod summary;
pub mod verdict;
pub mod waiting;
pub mod watch;
