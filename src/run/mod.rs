//! One run, from claim to recorded end.
//!
//! `ade run` and the worker share this code. It works in this order:
//!
//! 1. [`crate::environment::needed`] opens the configuration, keeps a snapshot of it and determines the environment that it
//!    needs.
//! 2. [`inputs`] finds the files of a call, and copies each into its run's folder.
//! 3. [`calls`] records the run: queued, or under a claim of this process. Retries and removals are calls, too.
//! 4. [`execution`] takes a claimed run to its recorded end: environment, attempt, verdict, record.
//! 5. [`results`] derives the rows to record from the engine's findings, and checks them against the caller's demands.
//! 6. [`ending`] writes the end into the run's log, cancels runs, and recovers the runs of processes that died.
//! 7. [`on_end`] notifies the receivers that the operator configured of the end.
//!
//! [`shared_log`] carries logs between hosts. [`views`] presents runs to people: chosen, listed, shown, followed.
//!
//! Failures that can pass (a lost lease, a killed engine, a hiccup of the installer) may be tried again; a failure of the
//! configuration or of the input is final at once.

pub mod calls;
pub mod ending;
pub mod execution;
pub mod inputs;
pub mod on_end;
pub mod results;
pub mod shared_log;
pub mod views;
