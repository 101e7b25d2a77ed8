//! One virtual environment, from finding a Python to the `.ready` that says it can be used.
//!
//! - [`find_python`] finds the Python, and remembers it.
//! - [`provision`] builds: installer, venv, engine, dependencies, bytecode, verification, record (`provision`, with the
//!   installers in `installer`). It builds in place and writes `.ready` last, so that [`is_ready`] is one look.
//! - [`BuildLock`] keeps a second builder of the same environment waiting.
//! - [`disk_usage`] measures, for listings and for collection.
//!
//! The environment holds the engine and what the configuration depends on. The configuration itself is not installed:
//! runs import a snapshot of it, and a `.pth` file makes its folder importable for the person who works on it.

mod bytecode;
mod child_env;
pub mod find;
pub mod gc;
mod installer;
mod lock;
mod measure;
mod provision;
mod python;
pub mod remove;
mod verify;

pub use installer::InstallerChoice;
pub use lock::{BuildLock, LockError};
pub use measure::{DiskUsage, disk_usage};
pub use provision::{
    BuildError, BuildEvent, BuildRequest, Built, EngineSource, PackageAction, Step, is_ready,
    provision,
};
pub use python::{Python, PythonError, PythonSearch, find_python};

/// The variable that `ade` sets for the engine. Where it is set, the configuration's own folder is not importable, so
/// that a run can't import anything but its snapshot.
pub const RUN_MARKER: &str = "ADE_ENGINE_RUN";
