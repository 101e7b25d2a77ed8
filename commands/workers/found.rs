//! Finds the worker that an argument names.

use ade::store::WorkerRecord;
use ade::workspace::Workspace;
use ade::workspace::fleet;

use crate::context::Context;
use crate::exit::Failure;

#[derive(clap::Args)]
pub struct WorkerArgs {
    /// A worker's name, its id, or the last digits of it
    #[arg(value_name = "ID")]
    worker: String,
}

impl WorkerArgs {
    /// Returns the workspace and the named worker.
    pub fn find(&self, context: &Context) -> Result<(Workspace, WorkerRecord), Failure> {
        let workspace = context.open_or_create()?;
        let worker = fleet::find(&workspace, &self.worker)?;
        Ok((workspace, worker))
    }
}
