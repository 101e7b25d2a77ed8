//! Finds the files that a call means, and reports those that it leaves out.

use std::path::{Path, PathBuf};

use ade::base::problem::Error;
use ade::run::inputs::input::{self, MeantFiles, Search};
use ade::settings::paths::Paths;
use ade::store::Store;

use super::args::Args;
use crate::exit::Failure;
use crate::ui::{SkippedFiles, Ui, first};

/// Returns the files that a call means, and those among them that cannot be run.
pub fn find(
    args: &Args,
    paths: &Paths,
    is_copy: &dyn Fn(&Path) -> bool,
) -> Result<(MeantFiles, Vec<SkippedFiles>), Error> {
    let own = paths.own_folders().map(Path::to_owned);
    // A configuration's tests contain workbooks that are no inputs.
    let not_in = own.iter().chain([&args.config]);
    let not_in: Vec<PathBuf> = not_in.filter_map(|path| path.canonicalize().ok()).collect();
    let search = Search {
        recursive: args.recursive,
        not_in: &not_in,
        output_dir: args.output_dir.as_deref(),
        is_copy,
    };
    let mut found = input::expand(&args.input, &search)?;
    let skipped = match &args.output_dir {
        Some(_) => without_shared_outputs(&mut found),
        None => Vec::new(),
    };
    Ok((found, skipped))
}

/// Removes files whose results would go to the same workbook.
fn without_shared_outputs(found: &mut MeantFiles) -> Vec<SkippedFiles> {
    let (alone, refused) = input::with_distinct_outputs(std::mem::take(&mut found.inputs));
    found.inputs = alone;
    let skipped = refused.into_iter().map(|(files, error)| SkippedFiles {
        files,
        failure: Failure::from_problem(&error),
    });
    skipped.collect()
}

/// Returns whether a file is a marked copy; if the store does not answer, it is not.
pub fn is_copy(store: &Store, path: &Path) -> bool {
    store.is_copy(path).unwrap_or(false)
}

/// Reports files that look like inputs but are not.
pub fn report_left_out(ui: &Ui, found: &MeantFiles) {
    for below in &found.below {
        ui.say(format_args!(
            "note: {} is in a subfolder, and subfolders are not searched; add --recursive to include them",
            ui.path(below)
        ));
    }
    if found.outputs.is_empty() {
        return;
    }
    let names = found.outputs.iter().map(|path| ui.path(path));
    let (are, name_it) = match found.outputs.len() {
        1 => ("an output of an earlier run is", "name it alone"),
        _ => ("outputs of earlier runs are", "name one alone"),
    };
    ui.say(format_args!(
        "note: {are} left out: {}; {name_it} to normalize it again",
        first(3, names)
    ));
}
