//! What all pages have: their frame, how they are made, and why one cannot be.

use super::html::Html;
use super::words;
use crate::base::clock::Timestamp;
use crate::base::counted::plural;
use crate::base::files::FileError;
use crate::base::problem::{Facts, Problem};
use crate::run::results::issues::NoList;
use crate::store::StoreError;

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

/// How a run ended, as people see it; the worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It failed, or was cancelled.
    Failed,
    /// No table or no field was found.
    Nothing,
    /// There are errors.
    Errors,
    /// There are warnings or infos.
    Warnings,
    /// Some fields were not found, and nothing else is wrong.
    Lacking,
    /// Nothing is wrong, as far as it is known.
    Clean,
}

/// Begins a page.
pub fn open(html: &mut Html<'_>, title: &str) {
    html.mark("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
        .mark(SECURITY_POLICY)
        .mark("\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"robots\" content=\"noindex\"><meta name=\"color-scheme\" content=\"light dark\"><title>")
        .clipped(title, 200)
        .mark("</title><style>\n")
        .mark(STYLE)
        .mark("</style></head>\n<body><a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
}

/// Ends a page.
pub fn close(html: &mut Html<'_>) {
    html.mark("</body></html>\n");
}

/// Writes the line above the title: what it is, of when, and whether it holds values.
pub fn mast(html: &mut Html<'_>, kind: &'static str, ended: Option<Timestamp>, options: Options) {
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
pub fn navigation(html: &mut Html<'_>, sections: &[(String, String, Option<u64>)]) {
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
pub fn section(html: &mut Html<'_>, name: &str, title: &'static str) {
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

/// Writes how many more there are than are shown, if there are any.
pub fn further(html: &mut Html<'_>, count: usize, one: &str) {
    if count > 0 {
        let more = plural(count as u64, one);
        html.mark("<p class=\"after\">and ")
            .text(&more)
            .mark("</p>");
    }
}

/// Writes the sign of how a run ended.
pub fn glyph(html: &mut Html<'_>, ended: Ended) {
    html.mark(match ended {
        Ended::Failed => "<svg class=\"g bad\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"7\" fill=\"currentColor\"/><path class=\"x\" d=\"m5.5 5.5 5 5m0-5-5 5\"/></svg>",
        Ended::Lacking => "<svg class=\"g warn\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle class=\"s\" cx=\"8\" cy=\"8\" r=\"6.2\"/><path d=\"M8 1.8a6.2 6.2 0 0 0 0 12.4z\" fill=\"currentColor\"/></svg>",
        Ended::Nothing | Ended::Errors | Ended::Warnings => "<svg class=\"g warn\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path class=\"s\" d=\"M8 2 14.4 13.4H1.6z\"/><path class=\"s\" d=\"M8 6.3v3.2M8 11.4v.1\"/></svg>",
        Ended::Clean => "<svg class=\"g ok\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle class=\"s\" cx=\"8\" cy=\"8\" r=\"6.2\"/><path class=\"s\" d=\"m5.3 8.2 1.9 1.9 3.5-4\"/></svg>",
    });
}

/// Writes what a page holds and what it does not.
pub fn what_it_holds(html: &mut Html<'_>, options: Options, grids: bool) {
    html.mark(match (options.values, grids) {
        (true, true) => "This page holds cell values of the sheets that it shows.",
        (true, false) => "This page may hold cell values.",
        (false, _) => "This page holds no cell values: it names cells, headers and rules.",
    })
    .mark(" It is one file, needs no network and runs no script. It does not hold hidden sheets, places on a disk, names of machines or of people who ran it, settings, or the code of the configuration.");
}
