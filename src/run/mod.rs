//! One run, from claim to recorded end.
//!
//! `ade run` and the worker share this code. The order of things:
//!
//! 1. [`crate::environment::needed`] opens the configuration, keeps a snapshot of it and names the environment that it
//!    needs.
//! 2. [`inputs`] says which files a call means, and copies each into its run's folder.
//! 3. [`calls`] records the run: queued, or under a claim of this process. Retries and removals are calls, too.
//! 4. [`execution`] takes a claimed run to its recorded end: environment, attempt, verdict, record.
//! 5. [`results`] are the rows of what the engine found, and what a caller asks of them.
//! 6. [`ending`] writes into the run's log how it ended, cancels, and brings back the runs of processes that died.
//! 7. [`on_end`] tells whom the operator named that it has ended.
//!
//! [`shared_log`] carries logs between hosts. [`views`] are runs as people see them: chosen, listed, shown, followed.
//!
//! Failures that can pass (a lost lease, a killed engine, a hiccup of the installer) may be tried again; a failure of
//! the configuration or of the input is final at once.

pub mod calls;
pub mod ending;
pub mod execution;
pub mod inputs;
pub mod on_end;
pub mod results;
pub mod shared_log;
pub mod views;
