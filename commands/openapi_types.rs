//! `ade openapi-types`: how the API's types for TypeScript are made.

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Makes them of the document that `ade openapi` prints.
const COMMAND: &str = "ade openapi | npx --yes openapi-typescript@7 -o ade.d.ts\n";

/// Print the command that makes the API's types for TypeScript
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade openapi-types\n  ade openapi-types | sh")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    context.ui.raw(COMMAND.as_bytes());
    Ok(ExitStatus::Done)
}
