//! `ade openapi`: the description of the API.

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the API's OpenAPI document
///
/// A server has the same document at /api/v1/openapi.json.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade openapi > openapi.json")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    context.ui.raw(ade::api::description().as_bytes());
    Ok(ExitStatus::Done)
}
