//! `ade tokens ls`: lists tokens.

use ade::base::clock::Timestamp;
use ade::store::TokenRecord;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, ago};

/// List tokens, newest first, and whether they are valid
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade tokens ls\n  ade tokens ls --json | jq '.[].name'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let tokens = match context.open_if_present()? {
        Some(workspace) => workspace.store.tokens()?,
        None => Vec::new(),
    };
    if ui.json() {
        ui.document(&tokens);
    } else if tokens.is_empty() {
        ui.say("No tokens yet; `ade tokens create NAME` makes one");
    } else {
        ui.table(&table(&tokens, Timestamp::now()));
    }
    Ok(ExitStatus::Done)
}

fn table(tokens: &[TokenRecord], now: Timestamp) -> TerminalTable {
    let mut table = TerminalTable::new("ID  NAME  SCOPE  WORKSPACES  STATE  LAST USED", &[3, 1])
        .optional(&[3, 5]);
    for token in tokens {
        let end = token.id.len().saturating_sub(6);
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => (Tone::Dim, "revoked".to_owned()),
            (None, Some(ends)) if ends <= now => (Tone::Dim, "ended".to_owned()),
            (None, Some(ends)) => (Tone::Good, format!("valid until {ends}")),
            (None, None) => (Tone::Good, "valid".to_owned()),
        };
        let workspaces = token
            .workspaces
            .as_ref()
            .map_or("all".to_owned(), |ids| ids.join(", "));
        let used = token
            .last_used_at
            .map_or("never".to_owned(), |last| ago(last, now));
        table.row(vec![
            (Tone::Name, token.id[end..].to_owned()),
            (Tone::Plain, token.name.clone()),
            (Tone::Plain, token.scope.as_str().to_owned()),
            (Tone::Plain, workspaces),
            state,
            (Tone::Plain, used),
        ]);
    }
    table
}
