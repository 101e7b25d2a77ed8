//! A page for people: what a run, or a batch of runs, found in the files that were sent.
//!
//! It is one HTML file that needs no network and runs no script. It shows the issues, the sender's sheets with the issues
//! where they are, what each column went to and why, what was left out, and when and with what it was read.
//!
//! - `facts`: what is known of a run; `notes`: what its notices say
//! - `issues`: the list of issues; `grid`: a sheet; `columns`: columns and fields
//! - `run`, `batch`: the two kinds of pages
//! - `html`: the one place that writes text; `names`: links within a page; `words`: times and sizes
//!
//! # Promises
//! The same runs give the same bytes: nothing in a page comes from a clock. It holds values of the sheets that were read, and says
//! so; without values it has no grids and no values. It never holds values of hidden sheets and of files that failed, places
//! on a disk, names of machines and people, settings, or code of the configuration other than suggestions. One sheet is in
//! memory at a time, and the list of issues never is. What is shown of a large file is bounded.

mod batch;
mod columns;
mod facts;
mod grid;
mod html;
mod issues;
mod names;
mod notes;
mod run;
mod words;

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::base::clock::Timestamp;
use crate::base::files::{self, FileError};
use crate::base::problem::{Facts, Problem};
use crate::run::results::issues::NoList;
use crate::store::{RunRecord, Store, StoreError};

use html::Html;
use run::Ended;

/// What a page may load and do: nothing but its own styles. The page says so itself; who serves it says so too.
pub const SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// How a page is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether it holds cell values.
    pub values: bool,
}

/// A page cannot be made.
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
    fn facts(&self) -> Facts {
        match self {
            Self::List(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
        }
    }
}

/// Writes the page of one run, or of a batch of several, to a file; it appears whole or not at all.
///
/// # Errors
/// A run has not ended, the store or a list of issues cannot be read, or the file not be written.
pub fn write(
    store: &dyn Store,
    runs: &[RunRecord],
    options: Options,
    target: &Path,
) -> Result<(), ReportError> {
    let failed = || FileError::on("write", target);
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut beside = files::unfinished(folder).map_err(failed())?;
    page(store, runs, options, beside.as_file_mut(), target)?;
    files::settle(beside, target).map_err(failed())?;
    Ok(())
}

/// Writes the page to where `out` goes. `name` is what errors call it.
///
/// # Errors
/// As [`write`].
pub fn page(
    store: &dyn Store,
    runs: &[RunRecord],
    options: Options,
    out: &mut dyn Write,
    name: &Path,
) -> Result<(), ReportError> {
    let mut out = BufWriter::new(out);
    let mut html = Html::new(&mut out);
    match runs {
        [run] => run::write(
            &mut html,
            &run::prepare(store, run, options, None)?,
            options,
        ),
        runs => batch::write(&mut html, store, runs, options)?,
    }
    html.finish().map_err(FileError::on("write", name))?;
    Ok(())
}

/// Begins a page.
fn open(html: &mut Html<'_>, title: &str) {
    html.mark("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
        .mark(SECURITY_POLICY)
        .mark("\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"robots\" content=\"noindex\"><meta name=\"color-scheme\" content=\"light dark\"><title>")
        .clipped(title, 200)
        .mark("</title><style>\n")
        .mark(STYLE)
        .mark("</style></head>\n<body><a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
}

/// Ends a page.
fn close(html: &mut Html<'_>) {
    html.mark("</body></html>\n");
}

/// Writes the line above the title: what it is, of when, and whether it holds values.
fn mast(html: &mut Html<'_>, kind: &'static str, ended: Option<Timestamp>, options: Options) {
    html.mark("<div class=\"mast\"><svg viewBox=\"0 0 18 18\" aria-hidden=\"true\"><path class=\"m1\" d=\"M1.5 3.5h4M2.8 9h2.7M.8 14.5h4.7\"/><path class=\"m2\" d=\"M9.5 3.5h7M9.5 9h7M9.5 14.5h7\"/></svg><b>ADE</b><span class=\"kind\">")
        .mark(kind)
        .mark("</span><span>");
    if let Some(ended) = ended {
        html.text(&words::day(ended)).mark(" UTC · ");
    }
    html.mark(if options.values {
        "holds cell values"
    } else {
        "without cell values"
    })
    .mark("</span></div>");
}

/// Writes the links to the parts of a page.
fn navigation(html: &mut Html<'_>, sections: &[(String, String, Option<u64>)]) {
    html.mark("<nav aria-label=\"In this report\">");
    for (name, title, count) in sections {
        html.mark("<a href=\"#")
            .text(name)
            .mark("\"><bdi>")
            .clipped(title, 40)
            .mark("</bdi>");
        if let Some(count) = count {
            html.mark("<span class=\"n\">")
                .count(*count)
                .mark("</span>");
        }
        html.mark("</a>");
    }
    html.mark("</nav>");
}

/// Begins a section; its sentence follows, and `</p></div>`.
fn section(html: &mut Html<'_>, name: &str, title: &'static str) {
    html.mark("<section id=\"")
        .text(name)
        .mark("\" aria-labelledby=\"h-")
        .text(name);
    html.mark("\"><div class=\"h\"><h2 id=\"h-")
        .text(name)
        .mark("\">")
        .mark(title)
        .mark("</h2><p>");
}

/// Writes the sign of how a run ended.
fn glyph(html: &mut Html<'_>, ended: Ended) {
    html.mark(match ended {
        Ended::Failed => "<svg class=\"g bad\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"7\" fill=\"currentColor\"/><path class=\"x\" d=\"m5.5 5.5 5 5m0-5-5 5\"/></svg>",
        Ended::Nothing | Ended::Errors | Ended::Warnings => "<svg class=\"g warn\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path class=\"s\" d=\"M8 2 14.4 13.4H1.6z\"/><path class=\"s\" d=\"M8 6.3v3.2M8 11.4v.1\"/></svg>",
        Ended::Clean => "<svg class=\"g ok\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle class=\"s\" cx=\"8\" cy=\"8\" r=\"6.2\"/><path class=\"s\" d=\"m5.3 8.2 1.9 1.9 3.5-4\"/></svg>",
    });
}

/// Writes what a page holds and what it does not.
fn what_it_holds(html: &mut Html<'_>, options: Options, grids: bool) {
    html.mark(match (options.values, grids) {
        (true, true) => "This page holds cell values of the sheets that it shows.",
        (true, false) => "This page may hold cell values.",
        (false, _) => "This page holds no cell values: it names cells, headers, rules and messages.",
    })
    .mark(" It is one file, needs no network and runs no script. It does not hold hidden sheets, places on a disk, names of machines or of people who ran it, settings, or the code of the configuration.");
}
