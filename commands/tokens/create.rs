//! `ade tokens create`: creates an API token.

use std::time::Duration;

use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::store::Scope;
use clap::ValueEnum;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Create an access token for the API, and print it
///
/// Programs send it as `Authorization: Bearer TOKEN`; people sign in to the web console with it. It is printed only once.
/// Commands of `ade` on this machine need no token.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade tokens create reports --scope run --days 90\n  ade tokens create dashboard --scope read --for finance\n  TOKEN=$(ade tokens create ci --scope run --quiet)"
)]
pub struct Args {
    /// A name for the token, such as its program or person
    #[arg(value_name = "NAME")]
    name: String,
    /// The scope of the token; each scope includes those above it
    #[arg(long, value_enum, value_name = "SCOPE", default_value = "run")]
    scope: ScopeName,
    /// Allow access only to this workspace; may be repeated [default: all workspaces]
    #[arg(long = "for", value_name = "WORKSPACE")]
    workspaces: Vec<String>,
    /// Let the token expire after this many days [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeName {
    /// See runs, results, documents and configurations
    Read,
    /// Upload documents, submit, cancel and retry runs
    Run,
    /// Change configurations, workspaces and environments, and read settings
    Admin,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let workspace = context.open_or_create()?;
    let new = NewToken {
        name: args.name.clone(),
        scope: match args.scope {
            ScopeName::Read => Scope::Read,
            ScopeName::Run => Scope::Run,
            ScopeName::Admin => Scope::Admin,
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
            "This token is shown only now. Scope {}, valid {ends}.",
            record.scope.as_str()
        );
        ui.say(ui.paint_err(Tone::Dim, about));
    }
    Ok(ExitStatus::Done)
}
