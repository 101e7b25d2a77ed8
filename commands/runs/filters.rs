//! The filters that choose several runs, and the question before many of them are changed.

use ade::base::clock::Timestamp;
use ade::run::views::chosen::{RunsWanted, instant};

use crate::exit::Failure;
use crate::ui::{Ui, plural};

/// The filters that choose runs, besides their status.
#[derive(clap::Args)]
pub struct Filters {
    /// Choose the runs of this configuration: its name, folder or id
    #[arg(long, conflicts_with = "run")]
    configuration: Option<String>,
    /// Choose the runs of inputs with this name, or of the file at this path
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    input: Option<String>,
    /// Choose the runs since a time or an age, such as 2026-11-20, 2026-11-20T10:00:00Z, 90s, 12h or 7d
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    since: Option<String>,
    /// Change the runs without asking
    #[arg(short, long, conflicts_with_all = ["run", "dry_run"])]
    yes: bool,
    /// Show which runs match, without changing them
    #[arg(long)]
    pub dry_run: bool,
}

/// The filters of which at least one is required if no run is named.
pub const FILTERS: [&str; 4] = ["status", "configuration", "input", "since"];

/// The maximum number of runs that filters may change without a question, if somebody can answer it.
pub const MAX_RUNS_UNASKED: usize = 10;

impl Filters {
    /// Returns the query for the runs that match, with this status if given.
    pub fn wanted<'a>(&'a self, status: Option<&'a str>) -> Result<RunsWanted<'a>, Failure> {
        let since = self.since.as_deref();
        let since = since.map(|text| instant("--since", text, Timestamp::now()));
        Ok(RunsWanted {
            status,
            configuration: self.configuration.as_deref(),
            input: self.input.as_deref(),
            since: since.transpose()?,
            limit: u32::MAX,
            ..RunsWanted::default()
        })
    }

    /// Asks whether this many runs may be changed, if necessary. `verb` names the change.
    pub fn is_agreed(&self, ui: &Ui, verb: &str, count: usize) -> bool {
        let is_asked = !self.dry_run && !self.yes && count > MAX_RUNS_UNASKED;
        let is_agreed =
            !is_asked || ui.is_agreed(&format!("{verb} {}?", plural(count as u64, "run")));
        if !is_agreed {
            ui.say("Nothing was changed");
        }
        is_agreed
    }
}
