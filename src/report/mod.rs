//! A page for people: what a run, or a batch of runs, found in the files that were sent.
//!
//! It is one HTML file that needs no network and runs no script. It lists the issues, the columns with their fields and the reasons,
//! how columns were read, and the notices. The sender's sheets are shown by the marked copy and the console.
//!
//! - `file`: a run as a page shows it; `run`, `batch`: the two kinds of pages
//! - `issues`: the issues of a run; `list`: their list; `columns`: columns, readings and notices
//! - `difference`: the page of what differs between runs
//! - `parts`: what all pages have; `html`: pieces of HTML, days and sentences, and the one place that writes
//!
//! # Promises
//! The same runs give the same bytes: nothing in a page comes from a clock. A page holds the values of issues, and says so; without
//! values it has none, nor what checks say of them. It never holds values of files that failed, places on a disk, names of machines and
//! people, settings, or code of the configuration other than suggestions. The list of issues is never in memory. What is shown of a
//! large file is bounded.

mod batch;
mod columns;
mod difference;
mod file;
mod html;
mod issues;
mod list;
mod parts;
mod run;

use std::io::Write;
use std::path::Path;

use crate::store::{RunRecord, Store};

pub use difference::write_difference;
use file::File;
use html::Page;
pub use parts::{Options, ReportError, SECURITY_POLICY};

/// Writes the page of one run, or of a batch of several, to a file; it appears whole or not at all.
///
/// # Errors
/// A run has not ended, the store or a list of issues cannot be read, or the file not be written.
pub fn write(
    store: &Store,
    runs: &[RunRecord],
    options: Options,
    target: &Path,
) -> Result<(), ReportError> {
    parts::in_file(target, |out| page(store, runs, options, out, target))
}

/// Writes the page to where `out` goes. `name` is what errors call it.
///
/// # Errors
/// As [`write()`].
pub fn page(
    store: &Store,
    runs: &[RunRecord],
    options: Options,
    out: &mut dyn Write,
    name: &Path,
) -> Result<(), ReportError> {
    let mut page = Page::new(out, name);
    match runs {
        [run] => page.add(&run::page(&File::load(store, run, 0)?, options))?,
        runs => batch::write(&mut page, store, runs, options)?,
    }
    Ok(page.finish()?)
}
