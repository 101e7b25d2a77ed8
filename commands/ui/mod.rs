//! The only code that prints.
//!
//! Data goes to standard output, narration to standard error; every line makes sense without colour. A reader that went
//! away (`ade runs ls | head`) is no error.

mod environment;
mod format;
mod progress;
mod table;

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use ade::files::describe;
use console::Style;
use serde::Serialize;

use crate::context::Color;
use crate::exit::Failure;

pub use environment::EnvironmentNarration;
pub use format::{ago, as_typed, bytes, duration, id, id_width, plural, thousands};
pub use progress::{Narrator, Task};
pub use table::{Align, Table};

/// The terminal as a command may use it.
pub struct Ui {
    json: bool,
    quiet: bool,
    verbose: u8,
    out_color: bool,
    err_color: bool,
    /// Progress may be drawn and redrawn on standard error.
    pub draws: bool,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Went well.
    Good,
    /// Wants a look.
    Warn,
    /// Went wrong.
    Bad,
    /// Can be passed over.
    Dim,
    /// Matters most.
    Strong,
    /// A path or id.
    Name,
}

impl Tone {
    fn style(self) -> Style {
        let style = Style::new().force_styling(true);
        match self {
            Self::Plain => style,
            Self::Good => style.green(),
            Self::Warn => style.yellow(),
            Self::Bad => style.red().bold(),
            Self::Dim => style.dim(),
            Self::Strong => style.bold(),
            Self::Name => style.cyan(),
        }
    }
}

impl Ui {
    /// Looks at the streams and at NO_COLOR and CLICOLOR_FORCE.
    #[expect(
        clippy::disallowed_methods,
        reason = "NO_COLOR and its kin belong to the terminal, not to the settings"
    )]
    pub fn new(color: Color, json: bool, quiet: bool, verbose: u8) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE")
            && std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let colored = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto => forced || (terminal && !dumb),
        };
        let (out, err) = (
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
        );
        Self {
            json,
            quiet,
            verbose,
            out_color: colored(out),
            err_color: colored(err),
            draws: err && !quiet && verbose == 0 && !dumb,
        }
    }

    /// Data is printed as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Narration is left out.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// How often `-v` was given.
    pub fn verbose(&self) -> u8 {
        self.verbose
    }

    /// A line of data.
    pub fn line(&self, text: impl Display) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// Text without a line end of its own.
    pub fn raw(&self, text: &[u8]) {
        let _ = std::io::stdout().lock().write_all(text);
    }

    /// A whole JSON document, indented for people who look at it.
    pub fn document(&self, value: &impl Serialize) {
        self.line(serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// One line of NDJSON.
    pub fn record(&self, value: &impl Serialize) {
        self.line(serde_json::to_string(value).unwrap_or_default());
    }

    /// A table of data.
    pub fn table(&self, table: &Table) {
        let width = std::io::stdout()
            .is_terminal()
            .then(|| usize::from(console::Term::stdout().size().1));
        for line in table.render(width, |tone, text| self.paint(tone, text)) {
            self.line(line);
        }
    }

    /// Text for standard output in its colour.
    pub fn paint(&self, tone: Tone, text: impl Display) -> String {
        if self.out_color && tone != Tone::Plain {
            tone.style().apply_to(text).to_string()
        } else {
            text.to_string()
        }
    }

    /// Text for standard error in its colour.
    pub fn paint_err(&self, tone: Tone, text: impl Display) -> String {
        if self.err_color && tone != Tone::Plain {
            tone.style().apply_to(text).to_string()
        } else {
            text.to_string()
        }
    }

    /// A line of narration.
    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// An error that ends the command, or one of several inputs.
    pub fn failure(&self, failure: &Failure) {
        let mut stderr = std::io::stderr().lock();
        if self.json {
            let _ = writeln!(stderr, "{}", failure.to_json());
            return;
        }
        let _ = writeln!(
            stderr,
            "{} {}",
            self.paint_err(Tone::Bad, "error:"),
            failure.message
        );
        if let Some(hint) = &failure.hint {
            let _ = writeln!(stderr, "{} {hint}", self.paint_err(Tone::Name, "hint:"));
        }
    }

    /// An input or output error of the command's own, in the words that the library uses.
    pub fn io_words(&self, error: &std::io::Error) -> String {
        describe(error)
    }
}
