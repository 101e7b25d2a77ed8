//! What is printed without a [`super::terminal::Ui`]: panics, help, and errors in the command line.

use std::io::Write;

use ade::base::problem::code;
use clap::error::ErrorKind;

use super::clean;
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

/// Prints the help of `ade` itself as `page` makes it of clap's, or what else clap has to say.
pub fn answer_with(error: &clap::Error, page: impl Fn(&str) -> String) -> ExitStatus {
    let text = || page(&error.render().ansi().to_string());
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let _ = anstream::stdout().write_all(text().as_bytes());
            ExitStatus::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = anstream::stderr().write_all(text().as_bytes());
            ExitStatus::Usage
        }
        _ => answer(error),
    }
}

/// Prints clap's error for a wrong call, or the help that was asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "this is a part of ui, which alone prints"
)]
pub fn answer(error: &clap::Error) -> ExitStatus {
    let asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if asked_for {
        let _ = error.print();
        return ExitStatus::Done;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let failure =
            Failure::usage(code::USAGE, first.trim_start_matches("error: ")).hint("see --help");
        let _ = writeln!(std::io::stderr(), "{}", failure.to_json());
    } else {
        let _ = error.print();
    }
    ExitStatus::Usage
}
