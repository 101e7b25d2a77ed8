//! The only code that prints; lints (clippy.toml) refuse it everywhere else.
//!
//! Data goes to standard output, narration to standard error; every line makes sense without colour. A reader that
//! closes the pipe early (`ade runs ls | head`) is not an error.

#![expect(
    clippy::disallowed_methods,
    reason = "standard output and standard error are refused elsewhere so that all printing is here"
)]

mod batch;
mod early;
mod ended;
mod environment;
mod format;
mod lines;
mod narration;
mod notices;
mod progress;
mod results;
mod screen;
mod server_log;
mod table;
mod terminal;
mod tone;

pub use batch::File;
pub use early::{answer, report_panics};
pub use environment::EnvironmentNarration;
pub use format::{ago, bytes, duration, plural, thousands};
pub use narration::{Narration, Skipped};
pub use progress::Narrator;
pub use results::{fields_that_are, rows};
pub use screen::Screen;
pub use server_log::ServerLog;
pub use table::{Align, Table};
pub use terminal::Ui;
pub use tone::{Color, Tone};
