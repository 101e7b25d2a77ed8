//! One virtual environment, from the choice of a Python to the `.ready` file that marks it as complete.
//!
//! - [`prepare`] finds out which environment a configuration needs.
//! - [`ask`] has a worker build it.
//! - [`provide`] returns it, or has it built by exactly one process ([`builder`]).
//! - [`provision`] builds: uv, venv, engine, dependencies, bytecode, verification, record (`build`, with the
//!   uv in `installer`). It builds in place and writes `.ready` last, so that [`is_ready`] need not look further.
//! - [`lock`] writes `ade.lock`, from which exactly the same is installed again.
//! - [`in_use`] marks it as used by a live process.
//! - [`rebuild`] has it built again where its folder is gone.
//! - [`gc`] deletes environments that no run needs.
//! - [`find_uv`] finds the uv that a build uses.
//!
//! The environment holds the engine and what the configuration depends on. The configuration itself is not installed:
//! runs import a snapshot of it, and a `.pth` file makes its folder importable for its author.

pub mod ask;
mod attempt;
mod build;
pub mod builder;
mod cache;
pub mod find;
mod fitting;
pub mod gc;
pub mod in_use;
mod installer;
pub mod json;
pub mod lock;
mod measure;
pub mod prepare;
pub mod provide;
pub mod rebuild;
pub mod remove;

pub use build::{
    BuildError, BuildEvent, BuildRequest, Built, EngineSource, PackageAction, Step, is_ready,
    provision,
};
pub use installer::{FoundUv, UvSearch, find_uv};
