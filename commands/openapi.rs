//! `ade openapi` prints the description of the API; `ade openapi-types` prints the command that makes TypeScript types from it.

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the API's OpenAPI document
///
/// A server has it at /api/v1/openapi.json.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade openapi > openapi.json")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    context.ui.raw(ade::api::description().as_bytes());
    Ok(ExitStatus::Done)
}

/// The command that makes types from the output of `ade openapi`.
const MAKE_TYPES: &str = "ade openapi | npx --yes openapi-typescript@7 -o ade.d.ts\n";

/// Print the command that makes TypeScript types for the API
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade openapi-types\n  ade openapi-types | sh")]
pub struct TypesArgs {}

pub fn types(_: &TypesArgs, context: &Context) -> Outcome {
    context.ui.raw(MAKE_TYPES.as_bytes());
    Ok(ExitStatus::Done)
}
