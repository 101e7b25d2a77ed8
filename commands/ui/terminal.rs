//! The terminal as commands use it: which stream a line goes to, in which form, and in which colour.

use std::fmt::Display;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use ade::store::RunRecord;
use console::measure_text_width;
use serde::Serialize;
use serde_json::{Value, json};

use super::clean::{clean, painted};
use super::format::{broken, fitted, merged, typed_in};
use super::output;
use super::table::Table;
use super::tone::{Color, Tone};
use crate::exit::{ExitStatus, Failure};

/// The columns of the names in front of facts.
const NAMES: usize = 15;
/// So much further right a line goes on that was broken.
const FURTHER: usize = 2;

/// See the module.
pub struct Ui {
    json: bool,
    quiet: bool,
    verbose: u8,
    /// The current folder, when the command began.
    folder: Option<PathBuf>,
    out_color: bool,
    pub(super) err_color: bool,
    /// Progress may be drawn and redrawn on standard error.
    pub draws: bool,
}

impl Ui {
    /// Looks at the streams, and at the variables NO_COLOR, CLICOLOR_FORCE and TERM, which belong to the terminal and not
    /// to the settings.
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
            folder: std::env::current_dir().ok(),
            out_color: colored(out),
            err_color: colored(err),
            draws: err && !quiet && verbose == 0 && !dumb,
        }
    }

    /// Data is printed as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Progress and notes are left out.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// How often `-v` was given.
    pub fn verbose(&self) -> u8 {
        self.verbose
    }

    /// A person reads standard error as it is written.
    pub fn stderr_is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// A path as a person would type it: relative where it lies below the current folder.
    pub fn path(&self, path: &Path) -> String {
        let folder = self.folder.as_deref();
        let typed = folder.map_or(path, |folder| typed_in(folder, path));
        typed.display().to_string()
    }

    /// A line of data.
    pub fn line(&self, text: impl Display) {
        output::print(format!("{}\n", clean(&text.to_string())).as_bytes());
    }

    /// A line of data in words, broken between them if it is too long for the terminal.
    pub fn prose(&self, text: impl Display) {
        self.line(fitted(&text.to_string(), self.width(), FURTHER));
    }

    /// Text without a line end of its own.
    pub fn raw(&self, text: &[u8]) {
        output::print(text);
    }

    /// A line of data in words: a mark in front, and the words broken at the width of a terminal, each further line below
    /// the first word. Where the output is piped the line is whole.
    pub fn words(&self, indent: &str, mark: Option<(Tone, &str)>, tone: Tone, text: &str) {
        let width = self.width();
        let lead = mark.map_or(0, |(_, mark)| measure_text_width(mark) + 1) + indent.len();
        let mark = mark.map_or(String::new(), |(tone, mark)| {
            format!("{} ", self.paint(tone, mark))
        });
        let room = width.map(|width| width.saturating_sub(lead));
        for (number, line) in broken(text, room).iter().enumerate() {
            let line = self.paint(tone, line);
            if number == 0 {
                self.line(format_args!("{indent}{mark}{line}"));
            } else {
                self.line(format_args!("{:lead$}{line}", ""));
            }
        }
    }

    /// The columns of the terminal that data goes to. `None`: it goes elsewhere.
    pub(super) fn width(&self) -> Option<usize> {
        std::io::stdout()
            .is_terminal()
            .then(|| usize::from(console::Term::stdout().size().1))
    }

    /// The columns of the terminal that progress goes to. `None`: it goes elsewhere.
    fn line_width(&self) -> Option<usize> {
        std::io::stderr()
            .is_terminal()
            .then(|| usize::from(console::Term::stderr().size().1))
    }

    /// A text of progress, broken between words where a terminal would break words.
    pub(super) fn fitted(&self, text: impl Display) -> String {
        fitted(&text.to_string(), self.line_width(), FURTHER)
    }

    /// A whole JSON document, indented.
    pub fn document(&self, value: &impl Serialize) {
        self.line(serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// A JSON document that is an array, of which some entries at a time are printed: as [`Self::document`] prints it whole.
    pub fn array(&self) -> Array<'_> {
        Array {
            ui: self,
            is_empty: true,
        }
    }

    /// One line of NDJSON.
    pub fn record(&self, value: &impl Serialize) {
        self.line(serde_json::to_string(value).unwrap_or_default());
    }

    /// A table of data.
    pub fn table(&self, table: &Table) {
        for line in table.render(self.width(), |tone, text| self.paint(tone, text)) {
            self.line(line);
        }
    }

    /// Text for standard output in its colour.
    pub fn paint(&self, tone: Tone, text: impl Display) -> String {
        if self.out_color && tone != Tone::Plain {
            painted(tone.colors(), text)
        } else {
            text.to_string()
        }
    }

    /// Text for standard error in its colour.
    pub fn paint_err(&self, tone: Tone, text: impl Display) -> String {
        if self.err_color && tone != Tone::Plain {
            painted(tone.colors(), text)
        } else {
            text.to_string()
        }
    }

    /// A line of progress.
    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            self.log(self.fitted(text));
        }
    }

    /// Somebody can answer a question.
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.stderr_is_terminal()
    }

    /// Asks whether something is to be done, and waits for the answer. Where nobody can answer, such as in a script, it is not
    /// asked, and done.
    pub fn is_agreed(&self, question: &str) -> bool {
        if !self.can_ask() {
            return true;
        }
        let answer = self.asked(&format!("{question} [y/N]"));
        matches!(answer.as_str(), "y" | "yes")
    }

    /// What a person types below a question, in small letters. Empty: nothing, or there is nobody.
    pub fn asked(&self, question: &str) -> String {
        let mut answer = String::new();
        if self.can_ask() {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "{} ", clean(question));
            let _ = stderr.flush();
            let _ = std::io::stdin().lock().read_line(&mut answer);
        }
        answer.trim().to_lowercase()
    }

    /// A line of progress that says what one can do.
    pub fn hint(&self, text: impl Display) {
        self.say(format_args!(
            "{} {text}",
            self.paint_err(Tone::Name, "hint:")
        ));
    }

    /// A line on standard error, which `-q` does not silence.
    pub fn log(&self, text: impl Display) {
        let _ = writeln!(std::io::stderr().lock(), "{}", clean(&text.to_string()));
    }

    /// A line with a name and its value.
    pub fn fact(&self, name: &str, value: impl Display) {
        let name = self.paint(Tone::Dim, format!("{name:<14}"));
        let line = format!("{name} {value}");
        self.line(fitted(&line, self.width(), NAMES));
    }

    /// A line with a name and its value in words, which are broken at the width of a terminal. `mark`: a word in front of them.
    pub fn told(&self, name: &str, mark: Option<(Tone, &str)>, text: &str) {
        let name = self.paint(Tone::Dim, format!("{name:<14}"));
        let front = mark.map_or(0, |(_, mark)| measure_text_width(mark) + 1);
        let mark = mark.map_or(String::new(), |(tone, mark)| {
            format!("{} ", self.paint(tone, mark))
        });
        // Broken as if the mark were a part of the words, so that further lines begin below it.
        let filler = "x".repeat(front.saturating_sub(1));
        let whole = if front > 0 {
            format!("{filler} {text}")
        } else {
            text.to_owned()
        };
        let room = self.width().map(|width| width.saturating_sub(NAMES));
        for (number, line) in broken(&whole, room).iter().enumerate() {
            if number == 0 {
                let line = line.get(front..).unwrap_or_default();
                self.line(format_args!("{name} {mark}{line}").to_string().trim_end());
            } else {
                self.line(format_args!("{:NAMES$}{line}", ""));
            }
        }
    }

    /// Lines in words below one name, which the first of them has.
    pub fn told_all<T: AsRef<str>>(&self, name: &str, texts: impl IntoIterator<Item = T>) {
        for (number, text) in texts.into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            self.told(name, None, text.as_ref());
        }
    }

    /// A blank line between the parts of what is printed: before each but the first.
    pub fn gap(&self, number: usize) {
        if number > 0 {
            self.line("");
        }
    }

    /// Prints what was done to a run.
    pub fn done(&self, run: &RunRecord, data: Value, tone: Tone, words: &str) {
        if self.json {
            let object = json!({"id": run.id, "status": run.status});
            self.record(&merged(object, data));
        } else {
            self.line(format_args!(
                "{} {} {}",
                self.paint(Tone::Name, &run.id),
                run.input_name,
                self.paint(tone, words)
            ));
        }
    }

    /// Calls `act` for each of several things. A failure is printed, and the others are still handled. Returns the
    /// highest exit status.
    pub fn each<T>(
        &self,
        things: &[T],
        mut act: impl FnMut(&T) -> Result<(), Failure>,
    ) -> ExitStatus {
        let mut status = ExitStatus::Done;
        for thing in things {
            if let Err(failure) = act(thing) {
                self.failure(&failure);
                status = status.max(failure.status);
            }
        }
        status
    }

    /// Prints an error that ends the command or the handling of one input.
    pub fn failure(&self, failure: &Failure) {
        if self.json {
            return self.log(failure.to_json());
        }
        let error = self.paint_err(Tone::Bad, "error:");
        self.log(self.fitted(format!("{error} {}", failure.message)));
        if let Some(hint) = &failure.hint {
            let hint = format!("{} {hint}", self.paint_err(Tone::Name, "hint:"));
            self.log(self.fitted(hint));
        }
    }
}

/// See [`Ui::array`].
pub struct Array<'a> {
    ui: &'a Ui,
    is_empty: bool,
}

impl Array<'_> {
    /// Prints some entries.
    pub fn entries(&mut self, entries: &[impl Serialize]) {
        let mut text = String::new();
        for entry in entries {
            text.push_str(if self.is_empty { "[" } else { "," });
            self.is_empty = false;
            for line in serde_json::to_string_pretty(entry)
                .unwrap_or_default()
                .lines()
            {
                text.push_str("\n  ");
                text.push_str(line);
            }
        }
        self.ui.raw(clean(&text).as_bytes());
    }

    /// Prints its end.
    pub fn end(self) {
        self.ui.line(if self.is_empty { "[]" } else { "\n]" });
    }
}
