//! The only code that prints; lints (clippy.toml) forbid it everywhere else.
//!
//! Data goes to standard output, progress to standard error; every line makes sense without colour. If data cannot be written,
//! every command fails (`output`). All output goes through [`clean`], so that no file name and no output of a configuration's
//! code controls the terminal.

#![expect(
    clippy::disallowed_methods,
    reason = "standard output and standard error are refused elsewhere so that all printing is here"
)]

mod batch;
mod clean;
mod early;
mod ended;
mod environment_progress;
mod explained;
mod format;
mod issue_lines;
mod live_lines;
mod log_writer;
mod notices;
mod output;
mod removal;
mod results;
mod run_progress;
mod screen;
mod server_log;
mod table;
mod terminal;
mod tone;
mod votes;

pub use batch::ListedFile;
use clean::clean;
pub use early::{answer, report_lost_output, report_panics};
pub use environment_progress::EnvironmentProgress;
pub use explained::{print_explanation, print_notice, print_rows};
pub use format::{ago, bytes, duration, first, languages, merged, pair, plural, thousands};
pub use issue_lines::IssueCounts;
pub use live_lines::LiveLines;
pub use removal::{Removal, deleted_and_freed, not_deleted};
pub use results::{fields_that_are, rows};
pub use run_progress::{RunProgress, SkippedFiles};
pub use screen::Screen;
pub use server_log::ServerLog;
pub use table::TerminalTable;
pub use terminal::Ui;
pub use tone::{Color, Tone};
