//! The terminal for commands: chooses the stream, the format and the colour of each line.

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
use super::table::TerminalTable;
use super::tone::{Color, Tone};
use crate::exit::{ExitStatus, Failure};

/// The width of the names in front of facts.
const NAMES: usize = 15;
/// The extra indent of the rest of a broken line.
const FURTHER: usize = 2;

/// The streams of a command, and how it prints to them.
pub struct Ui {
    json: bool,
    quiet: bool,
    verbose: u8,
    /// The current folder when the command began.
    folder: Option<PathBuf>,
    out_color: bool,
    pub(super) err_color: bool,
    /// Whether progress may be drawn on standard error.
    pub draws: bool,
}

impl Ui {
    /// Inspects the streams, and the variables NO_COLOR, CLICOLOR_FORCE and TERM, which describe the terminal and are no
    /// settings.
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

    /// Returns whether data is printed as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Returns whether progress and notes are left out.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Returns how often `-v` was given.
    pub fn verbose(&self) -> u8 {
        self.verbose
    }

    /// Returns whether a person reads standard error as it is written.
    pub fn stderr_is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Returns a path as a user would type it: relative if it is below the current folder.
    pub fn path(&self, path: &Path) -> String {
        let folder = self.folder.as_deref();
        let typed = folder.map_or(path, |folder| typed_in(folder, path));
        typed.display().to_string()
    }

    /// Prints a line of data.
    pub fn line(&self, text: impl Display) {
        output::print(format!("{}\n", clean(&text.to_string())).as_bytes());
    }

    /// Prints a sentence as data, broken between words if it is too long for the terminal.
    pub fn prose(&self, text: impl Display) {
        self.line(fitted(&text.to_string(), self.width(), FURTHER));
    }

    /// Writes text without adding a line end.
    pub fn raw(&self, text: &[u8]) {
        output::print(text);
    }

    /// Prints a mark and words as data. On a terminal the words are broken at its width, with further lines below the first
    /// word; piped output is one line.
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

    /// Returns the width of the terminal that data goes to. `None`: it is no terminal.
    pub(super) fn width(&self) -> Option<usize> {
        std::io::stdout()
            .is_terminal()
            .then(|| usize::from(console::Term::stdout().size().1))
    }

    /// Returns the width of the terminal that progress goes to. `None`: it is no terminal.
    fn line_width(&self) -> Option<usize> {
        std::io::stderr()
            .is_terminal()
            .then(|| usize::from(console::Term::stderr().size().1))
    }

    /// Breaks a text of progress between words to fit the terminal.
    pub(super) fn fitted(&self, text: impl Display) -> String {
        fitted(&text.to_string(), self.line_width(), FURTHER)
    }

    /// Prints a whole JSON document, indented.
    pub fn document(&self, value: &impl Serialize) {
        self.line(serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// Begins a JSON array that is printed a few entries at a time, with the same result as [`Self::document`].
    pub fn array(&self) -> Array<'_> {
        Array {
            ui: self,
            is_empty: true,
        }
    }

    /// Prints one line of NDJSON.
    pub fn record(&self, value: &impl Serialize) {
        self.line(serde_json::to_string(value).unwrap_or_default());
    }

    /// Prints a table as data.
    pub fn table(&self, table: &TerminalTable) {
        for line in table.render(self.width(), |tone, text| self.paint(tone, text)) {
            self.line(line);
        }
    }

    /// Colours a text for standard output.
    pub fn paint(&self, tone: Tone, text: impl Display) -> String {
        if self.out_color && tone != Tone::Plain {
            painted(tone.colors(), text)
        } else {
            text.to_string()
        }
    }

    /// Colours a text for standard error.
    pub fn paint_err(&self, tone: Tone, text: impl Display) -> String {
        if self.err_color && tone != Tone::Plain {
            painted(tone.colors(), text)
        } else {
            text.to_string()
        }
    }

    /// Prints a line of progress.
    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            self.log(self.fitted(text));
        }
    }

    /// Returns whether somebody can answer a question.
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.stderr_is_terminal()
    }

    /// Asks whether to do something, and waits for the answer. If nobody can answer, as in a script, returns true without
    /// asking.
    pub fn is_agreed(&self, question: &str) -> bool {
        if !self.can_ask() {
            return true;
        }
        let answer = self.asked(&format!("{question} [y/N]"));
        matches!(answer.as_str(), "y" | "yes")
    }

    /// Asks a question and returns the typed answer in lower case. Empty: no answer, or nobody can answer.
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

    /// Prints a hint at what the user can do, as progress.
    pub fn hint(&self, text: impl Display) {
        self.say(format_args!(
            "{} {text}",
            self.paint_err(Tone::Name, "hint:")
        ));
    }

    /// Prints a line on standard error, even with `-q`.
    pub fn log(&self, text: impl Display) {
        let _ = writeln!(std::io::stderr().lock(), "{}", clean(&text.to_string()));
    }

    /// Prints a name and its value.
    pub fn fact(&self, name: &str, value: impl Display) {
        let name = self.paint(Tone::Dim, format!("{name:<14}"));
        let line = format!("{name} {value}");
        self.line(fitted(&line, self.width(), NAMES));
    }

    /// Prints a name and a text, which is broken at the width of the terminal. `mark`: a word in front of the text.
    pub fn print_text(&self, name: &str, mark: Option<(Tone, &str)>, text: &str) {
        let name = self.paint(Tone::Dim, format!("{name:<14}"));
        let front = mark.map_or(0, |(_, mark)| measure_text_width(mark) + 1);
        let mark = mark.map_or(String::new(), |(tone, mark)| {
            format!("{} ", self.paint(tone, mark))
        });
        // Broken as if the mark were part of the text, so that further lines begin below it.
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

    /// Prints several texts below one name, which only the first line shows.
    pub fn print_texts<T: AsRef<str>>(&self, name: &str, texts: impl IntoIterator<Item = T>) {
        for (number, text) in texts.into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            self.print_text(name, None, text.as_ref());
        }
    }

    /// Prints a blank line before each part of the output except the first.
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

    /// Calls `act` for each item. If one fails, its failure is printed and the others are still handled. Returns the highest
    /// exit status.
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

/// A JSON array in progress; see [`Ui::array`].
pub struct Array<'a> {
    ui: &'a Ui,
    is_empty: bool,
}

impl Array<'_> {
    /// Prints the next entries of the array.
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

    /// Prints the end of the array.
    pub fn end(self) {
        self.ui.line(if self.is_empty { "[]" } else { "\n]" });
    }
}
