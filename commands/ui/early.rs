//! Prints messages without a [`super::terminal::Ui`]: panics, help, and errors in the command line.

use std::io::Write;

use ade::base::problem::code;
use anstream::{AutoStream, ColorChoice};
use clap::error::ErrorKind;

use super::terminal::Ui;
use super::tone::Color;
use super::{clean, output};
use crate::exit::{ExitStatus, Failure, REPORT};

/// Prints one message for a panic; the backtrace follows only with `RUST_BACKTRACE=full`.
#[expect(
    clippy::disallowed_methods,
    reason = "a panic cannot wait for settings"
)]
pub fn report_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full") {
            default(info);
        }
        let place = info
            .location()
            .map(|place| format!(" ({}:{})", place.file(), place.line()))
            .unwrap_or_default();
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("an unknown failure");
        let _ = writeln!(
            std::io::stderr(),
            "error: {}{place}\nhint: {REPORT}",
            clean(what)
        );
    }));
}

/// Prints the requested help, or clap's error for a wrong call. `page` turns clap's page into the one that is shown.
#[expect(
    clippy::disallowed_methods,
    reason = "this is a part of ui, which alone prints"
)]
pub fn answer(error: &clap::Error, page: impl Fn(&str) -> String) -> ExitStatus {
    let colored = || page(&error.render().ansi().to_string());
    let ui = early_ui();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = match AutoStream::choice(&std::io::stdout()) {
                ColorChoice::Never => page(&error.render().to_string()),
                _ => colored(),
            };
            output::print(text.as_bytes());
            return ExitStatus::Done;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = anstream::stderr().write_all(colored().as_bytes());
        }
        _ if ui.json() => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            let message = first.trim_start_matches("error: ");
            ui.failure(&Failure::usage(code::USAGE, message).hint("see --help"));
        }
        _ => {
            let _ = error.print();
        }
    }
    ExitStatus::Usage
}

/// Reports at the end of every command if some output was lost, and returns the exit status for it.
pub fn report_lost_output() -> ExitStatus {
    let Some(failure) = output::failure() else {
        return ExitStatus::Done;
    };
    early_ui().failure(&failure);
    failure.status
}

/// Returns a terminal for messages before the flags are known.
fn early_ui() -> Ui {
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    Ui::new(Color::Auto, is_json, false, 0)
}
