//! `ade tokens create`: make a token.

use std::time::Duration;

use ade::store::Scope;
use ade::tokens::{self, NewToken};
use clap::ValueEnum;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Make a token and print it
///
/// The token is shown this once; the database holds its digest only. A program sends it as `Authorization: Bearer TOKEN`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade tokens create reports --scope run --days 90\n  ade tokens create dashboard --scope read --for finance\n  TOKEN=$(ade tokens create ci --scope run --quiet)"
)]
pub struct Args {
    /// What the token is for
    #[arg(value_name = "NAME")]
    name: String,
    /// What it allows: to look; also to submit runs; also to change configurations and settings
    #[arg(long, value_enum, value_name = "SCOPE", default_value = "run")]
    scope: Word,
    /// The workspaces that it is for; without this flag, all
    #[arg(long = "for", value_name = "WORKSPACE")]
    workspaces: Vec<String>,
    /// Days that it is valid; without this flag, until it is revoked
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Word {
    Read,
    Run,
    Admin,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let workspace = context.open_or_create()?;
    let new = NewToken {
        name: args.name.clone(),
        scope: match args.scope {
            Word::Read => Scope::Read,
            Word::Run => Scope::Run,
            Word::Admin => Scope::Admin,
        },
        workspaces: (!args.workspaces.is_empty()).then(|| args.workspaces.clone()),
        valid_for: args
            .days
            .map(|days| Duration::from_secs(u64::from(days) * 86_400)),
    };
    let (text, record) = tokens::create(&workspace, &new)?;
    let ui = &context.ui;
    if ui.json() {
        let mut object = json!(record);
        object["token"] = json!(text);
        ui.document(&object);
    } else {
        ui.line(&text);
        let ends = record
            .expires_at
            .map_or("until it is revoked".to_owned(), |end| {
                format!("until {end}")
            });
        let about = format!(
            "Shown this once. Scope {}, valid {ends}.",
            record.scope.as_str()
        );
        ui.say(ui.paint_err(Tone::Dim, about));
    }
    Ok(ExitStatus::Done)
}
