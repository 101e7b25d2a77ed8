//! The worker that an argument names.

use ade::store::WorkerRecord;
use ade::workspace::Workspace;

use crate::context::Context;
use crate::exit::Failure;

/// The workspace, and the worker that is meant.
pub fn found(context: &Context, given: &str) -> Result<(Workspace, WorkerRecord), Failure> {
    let workspace = context.open_or_create()?;
    let worker = ade::workspace::fleet::find(&workspace, given)?;
    Ok((workspace, worker))
}
