//! `ade openapi-types`: the API's types for TypeScript.

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the API's types for TypeScript
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade openapi-types > src/ade.ts")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let document = serde_json::from_str(&ade::api::description()).unwrap_or_default();
    let types = ade::api::description::typescript::types(&document);
    context.ui.raw(types.as_bytes());
    Ok(ExitStatus::Done)
}
