//! The only code that prints; lints (clippy.toml) refuse it everywhere else.
//!
//! Data goes to standard output, narration to standard error; every line makes sense without colour. A reader that
//! closes the pipe early (`ade runs ls | head`) is not an error.

#![expect(
    clippy::disallowed_methods,
    reason = "standard output and standard error are refused elsewhere so that all printing is here"
)]

mod early;
mod environment;
mod format;
mod progress;
mod screen;
mod table;
mod terminal;
mod tone;

pub use early::{answer, report_panics};
pub use environment::EnvironmentNarration;
pub use format::{ago, bytes, duration, id, id_width, plural, thousands};
pub use progress::{Narrator, Task};
pub use screen::Screen;
pub use table::{Align, Table};
pub use terminal::Ui;
pub use tone::{Color, Tone};
