//! Provides virtual environments, from the choice of a Python to the `.ready` file that marks an environment as complete.
//!
//! - [`needed`] finds out which environment a configuration needs, [`python`] which Python.
//! - [`provide`] returns the environment, or makes exactly one process build it. It also marks environments as used, and
//!   rebuilds those whose folder is gone.
//! - `building` builds: uv, venv, engine, dependencies, bytecode, verification, record. It builds in place and writes `.ready`
//!   last, so [`is_ready`] needs to check little else.
//! - [`write_lock`] writes `ade.lock`, from which exactly the same versions are installed again.
//! - [`collection`] deletes environments that no run needs, and what runs left.
//!
//! An environment contains the engine and the configuration's dependencies. The configuration itself is not installed: runs
//! import a snapshot of it, and a `.pth` file makes its folder importable for its author.

mod building;
pub mod collection;
pub mod json;
pub mod needed;
pub mod provide;
pub mod python;
pub mod write_lock;

pub use building::installer::{FoundUv, UvSearch, find_uv};
pub use building::{
    BuildError, BuildEvent, BuildRequest, BuildStepKind, EngineSource, PackageAction, is_ready,
    provision,
};
