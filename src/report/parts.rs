//! The parts that all pages share: their frame, how they are made, and the errors.

use std::io::Write;
use std::path::Path;

use maud::{Markup, PreEscaped, Render, html};

use super::html::{clipped, day, value};
use crate::base::clock::Timestamp;
use crate::base::counted::{plural, thousands};
use crate::base::files::{self, FileError};
use crate::base::problem::{ErrorFacts, Problem};
use crate::engine::RowCounts;
use crate::issues::Language;
use crate::run::results::demands::NothingFound;
use crate::run::results::issues::NoList;
use crate::store::StoreError;

/// The policy for what a page may load and do: only its own styles. The page states it, and so does the server of the page.
pub const SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// The options for making a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the page contains cell values.
    pub values: bool,
    /// The language of the page for the sender; `None`: the page is for everybody who has to do with the run, in English.
    pub language: Option<Language>,
}

/// The reason why a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A run has not ended, or its list of issues cannot be read.
    #[error(transparent)]
    List(#[from] NoList),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The page cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for ReportError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::List(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts_of_target("--html"),
        }
    }
}

/// The outcome of a run, as people see it, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileResult {
    /// The run failed or was cancelled.
    Failed,
    /// The run found no table, no field or no row.
    Nothing(NothingFound),
    /// The run has errors.
    Errors,
    /// The run has warnings or infos.
    Warnings,
    /// Some fields were not found; nothing else is wrong.
    Lacking,
    /// Nothing is known to be wrong.
    Clean,
}

/// Writes a page to a file, which appears whole or not at all.
///
/// # Errors
/// The error of `write`, or the file cannot be written.
pub fn in_file(
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let failed = || FileError::on("write", target);
    let mut beside = files::unfinished(files::folder_of(target)).map_err(failed())?;
    write(beside.as_file_mut())?;
    files::settle(beside, target).map_err(failed())?;
    Ok(())
}

/// Returns the beginning of a page. `kind` names its kind, `ended` is its time; `head` has the title and the first sentences.
pub fn open(
    title: &str,
    kind: &str,
    ended: Option<Timestamp>,
    options: Options,
    head: &Markup,
) -> Markup {
    let language = options.language.unwrap_or_default();
    let holds = match options.values {
        true => "holds cell values",
        false => "without cell values",
    };
    html! {
        (PreEscaped(format!("<!doctype html>\n<html lang=\"{}\">", language.code())))
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta http-equiv="Content-Security-Policy" content=(SECURITY_POLICY);
            meta name="referrer" content="no-referrer";
            meta name="robots" content="noindex";
            meta name="color-scheme" content="light dark";
            title { (clipped(title, 200)) }
            style { "\n" (PreEscaped(STYLE)) }
        }
        (PreEscaped("\n<body>"))
        a class="skip" href="#main" { (language.say("Skip to the content")) }
        "\n"
        header {
            div class="mast" {
                svg viewBox="0 0 18 18" aria-hidden="true" {
                    path class="m1" d="M1.5 3.5h4M2.8 9h2.7M.8 14.5h4.7" {}
                    path class="m2" d="M9.5 3.5h7M9.5 9h7M9.5 14.5h7" {}
                }
                b { "ADE" }
                span class="kind" { (kind) }
                span {
                    @if let Some(ended) = ended { (day(ended)) " UTC · " }
                    (language.say(holds))
                }
            }
            (head)
        }
        (PreEscaped("<main id=\"main\">"))
    }
}

/// Returns the end of a page: facts about it, and what it contains and what it does not.
pub fn close(title: &str, about: &Markup, options: Options) -> Markup {
    html! {
        (PreEscaped("</main>"))
        footer id="about" {
            h2 { (title) }
            (about)
            p {
                @if options.values { "This page may hold cell values." }
                @else { "This page holds no cell values: it names cells, headers and rules." }
                " It is one file, needs no network and runs no script. It does not hold paths on a disk, names of machines or of "
                "people who ran it, settings, or the code of the configuration."
            }
        }
        (PreEscaped("</body></html>\n"))
    }
}

/// Returns a link to a part of a page, with the number of its items.
pub fn link(name: &str, title: &str, count: Option<u64>) -> Markup {
    html! {
        a href={ "#" (name) } {
            (value(clipped(title, 40)))
            @if let Some(count) = count { span class="n" { (thousands(count)) } }
        }
    }
}

/// Returns a figure of a page, with its components.
pub fn figure(title: &str, number: impl Render, of: impl Render) -> Markup {
    html! { dl class="stat" { dt { (title) } dd { (number) } dd { (of) } } }
}

/// Returns the strip with the figures of a page.
pub fn figures(all: &Markup) -> Markup {
    html! { section class="strip" aria-label="In figures" { (all) } }
}

/// Returns a section, with a sentence next to its title.
pub fn section(name: &str, title: impl Render, sentence: impl Render, body: &Markup) -> Markup {
    html! {
        section id=(name) aria-labelledby={ "h-" (name) } {
            div class="h" { h2 id={ "h-" (name) } { (title) } p { (sentence) } }
            (body)
        }
    }
}

/// Returns the number of items that are not shown, if there are any.
pub fn further(count: usize, one: &str) -> Markup {
    html! { @if count > 0 { p class="after" { "and " (plural(count as u64, one)) } } }
}

/// Returns the sign for how a run ended.
pub fn glyph(ended: FileResult) -> Markup {
    let (class, drawing) = match ended {
        FileResult::Failed => (
            "bad",
            r#"<circle cx="8" cy="8" r="7" fill="currentColor"/><path class="x" d="m5.5 5.5 5 5m0-5-5 5"/>"#,
        ),
        FileResult::Lacking => (
            "warn",
            r#"<circle class="s" cx="8" cy="8" r="6.2"/><path d="M8 1.8a6.2 6.2 0 0 0 0 12.4z" fill="currentColor"/>"#,
        ),
        FileResult::Nothing(_) | FileResult::Errors | FileResult::Warnings => (
            "warn",
            r#"<path class="s" d="M8 2 14.4 13.4H1.6z"/><path class="s" d="M8 6.3v3.2M8 11.4v.1"/>"#,
        ),
        FileResult::Clean => (
            "ok",
            r#"<circle class="s" cx="8" cy="8" r="6.2"/><path class="s" d="m5.3 8.2 1.9 1.9 3.5-4"/>"#,
        ),
    };
    html! { svg class={ "g " (class) } viewBox="0 0 16 16" aria-hidden="true" { (PreEscaped(drawing)) } }
}

/// Describes the rows: `12 of 14 rows written`
pub fn rows_written(rows: &RowCounts) -> String {
    let read = plural(rows.read, "row");
    format!("{} of {read} written", thousands(rows.written))
}

/// Describes the issues: `2 errors, 1 warning`
pub fn by_severity([errors, warnings, infos]: [u64; 3]) -> String {
    let mut words = vec![plural(errors, "error"), plural(warnings, "warning")];
    words.extend((infos > 0).then(|| plural(infos, "info")));
    words.join(", ")
}
