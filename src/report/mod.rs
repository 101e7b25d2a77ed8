//! A page for people: what a run, or a batch of runs, found in the files that were sent.
//!
//! It is one HTML file that needs no network and runs no script. It shows the issues, the sender's sheets with the issues
//! where they are, what each column went to and why, what was left out, and when and with what it was read.
//!
//! - `facts`: what is known of a run; `notes`: what its notices say; `prepared`: what is shown of it
//! - `issues`: the issues of a run, `list`: their list; `grid`: a sheet, `rows`: what its rows are; `columns`: columns and fields
//! - `run`, `batch`: the two kinds of pages; `parts`: what both have
//! - `difference`: the page of what differs between runs
//! - `html`: pieces of HTML, and the one place that writes; `names`: links within a page; `words`: times and sizes
//!
//! # Promises
//! The same runs give the same bytes: nothing in a page comes from a clock. It holds values of the sheets that were read, and says
//! so; without values it has no grids and no values. It never holds values of hidden sheets and of files that failed, places
//! on a disk, names of machines and people, settings, or code of the configuration other than suggestions. One sheet is in
//! memory at a time, and the list of issues never is. What is shown of a large file is bounded.

mod batch;
mod columns;
mod difference;
mod facts;
mod grid;
mod html;
mod issues;
mod list;
mod names;
mod notes;
mod parts;
mod prepared;
mod rows;
mod run;
mod words;

use std::io::Write;
use std::path::Path;

use crate::store::{RunRecord, Store};

pub use difference::write_difference;
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
        [run] => {
            let prepared = prepared::prepare(store, run, options, None)?;
            run::write(&mut page, &prepared, options)?;
        }
        runs => batch::write(&mut page, store, runs, options)?,
    }
    Ok(page.finish()?)
}
