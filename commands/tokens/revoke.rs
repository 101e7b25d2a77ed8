//! `ade tokens revoke`: revokes a token.

use ade::api::access::tokens;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Revoke access tokens
///
/// Within a second, requests with the token are refused and its browsers are signed out.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade tokens revoke reports\n  ade tokens revoke 4f9a1c")]
pub struct Args {
    /// Names, ids, or the ends of ids from `ade tokens ls`
    #[arg(value_name = "TOKEN", required = true)]
    tokens: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let workspace = context.open_or_create()?;
    let mut revoked = Vec::new();
    for given in &args.tokens {
        let token = tokens::revoke(&workspace, given)?;
        if !context.ui.json() {
            let verb = context.ui.paint(Tone::Good, "Revoked");
            context.ui.line(format_args!("{verb} {}", token.name));
        }
        revoked.push(json!(token));
    }
    if context.ui.json() {
        context.ui.document(&revoked);
    }
    Ok(ExitStatus::Done)
}
