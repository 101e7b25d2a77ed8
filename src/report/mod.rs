//! A page for people about the findings of a run, or of a batch of runs, in the files that were sent.
//!
//! The page is one HTML file that needs no network and runs no script. It lists the issues, the columns with their fields and
//! the reasons, the readings of columns, and the notices. The sender's sheets themselves are shown by the marked copy and by
//! the console.
//!
//! - `file`: the data of a run; `run`, `batch`: the two kinds of pages; `sender`: that of a run for the sender of its file
//! - `issues`: the issues of a run; `list`: their list; `columns`: columns, readings and notices
//! - `difference`: the page about differences between runs
//! - `parts`: the parts that all pages share; `html`: pieces of HTML, dates and sentences, and the only code that writes
//!
//! # Promises
//! The same runs give the same bytes: nothing in a page depends on the clock. A page contains the values of issues and says
//! so; without values it contains neither them nor the messages of checks about them. It never contains values of failed
//! files, paths on a disk, names of machines and people, settings, or code of the configuration other than suggestions. The
//! list of issues is never in memory. The size of a page is bounded, also for a large file.

mod batch;
mod columns;
mod difference;
mod file;
mod html;
mod issues;
mod list;
mod parts;
mod run;
mod sender;

use std::io::Write;
use std::path::Path;

use crate::store::{RunRecord, Store};

pub use difference::write_difference;
use file::ReportFile;
use html::HtmlPage;
pub use parts::{Options, ReportError, SECURITY_POLICY};

/// Writes the page of one run, or of a batch of several, to a file, which appears whole or not at all.
///
/// # Errors
/// A run has not ended, the store or a list of issues cannot be read, or the file cannot be written.
pub fn write(
    store: &Store,
    runs: &[RunRecord],
    options: Options,
    target: &Path,
) -> Result<(), ReportError> {
    parts::in_file(target, |out| page(store, runs, options, out, target))
}

/// Writes the page to `out`. Errors call it `name`.
///
/// # Errors
/// The same as those of [`write()`].
pub fn page(
    store: &Store,
    runs: &[RunRecord],
    options: Options,
    out: &mut dyn Write,
    name: &Path,
) -> Result<(), ReportError> {
    let mut page = HtmlPage::new(out, name);
    match runs {
        [run] => {
            let file = ReportFile::load(store, run, 0, options.language)?;
            page.add(&match options.language {
                Some(language) => sender::page(&file, language, options),
                None => run::page(&file, options),
            })?;
        }
        runs => batch::write(&mut page, store, runs, options)?,
    }
    Ok(page.finish()?)
}
