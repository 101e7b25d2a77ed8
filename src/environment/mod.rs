//! One virtual environment, from the choice of a Python to the `.ready` file that marks it as complete.
//!
//! - [`needed`] finds out which environment a configuration needs, [`python`] which Python.
//! - [`provide`] returns it, or has it built by exactly one process; it marks environments as used, and has one built again
//!   where its folder is gone.
//! - `building` builds: uv, venv, engine, dependencies, bytecode, verification, record. It builds in place and writes `.ready`
//!   last, so that [`is_ready`] need not look further.
//! - [`write_lock`] writes `ade.lock`, from which exactly the same is installed again.
//! - [`collection`] deletes environments that no run needs, and what runs left.
//!
//! The environment holds the engine and what the configuration depends on. The configuration itself is not installed:
//! runs import a snapshot of it, and a `.pth` file makes its folder importable for its author.

mod building;
pub mod collection;
pub mod json;
pub mod needed;
pub mod provide;
pub mod python;
pub mod write_lock;

pub use building::installer::{FoundUv, UvSearch, find_uv};
pub use building::{
    BuildError, BuildEvent, BuildRequest, EngineSource, PackageAction, Step, is_ready, provision,
};
