//! Finds the run, or the runs, that a user names by an id or a part of one, by `latest`, or by a file.
//!
//! A path means that file: first by its bytes, wherever a copy of it is, then by its path, whatever happened to its bytes. A
//! plain name that is no file here means the file that was run under that name. If there were several such files, the user is
//! asked to choose.

use std::path::{Path, PathBuf};

use crate::base::digest;
use crate::base::files::name_of;
use crate::store::{IdKind, InputFile, RunFilter, RunPages, RunRecord, StoreError};
use crate::workspace::Workspace;

/// The maximum number of files with the same name in an error message.
const MAX_LISTED_FILES: usize = 4;

/// Returns whether a text gives the path of a file, not just its name.
fn is_path(given: &Path) -> bool {
    given.components().nth(1).is_some() || given.has_root()
}

/// Returns the path of a file, with links resolved as far as it exists.
pub fn place_of_file(given: &Path) -> String {
    let whole = std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
    let in_folder = || -> Option<PathBuf> {
        let folder = whole.parent()?.canonicalize().ok()?;
        Some(folder.join(whole.file_name()?))
    };
    let place = whole.canonicalize().ok().or_else(in_folder);
    place.unwrap_or(whole).to_string_lossy().into_owned()
}

/// Returns a filter for the runs of a path's file or, for a plain name, of all files with that name.
pub fn runs_of_input(given: &str) -> RunFilter {
    let path = Path::new(given);
    RunFilter {
        input: Some(name_of(path)),
        file: is_path(path).then(|| file_at(path)),
        limit: u32::MAX,
        ..RunFilter::default()
    }
}

fn file_at(path: &Path) -> InputFile {
    // A file that cannot be read still has its path.
    let sha256 = path.is_file().then(|| digest::of_file(path).ok()).flatten();
    InputFile {
        sha256: sha256.map(|(found, _)| found.to_string()),
        place: place_of_file(path),
    }
}

impl Workspace {
    /// Returns the recorded run that `given` names: by its id or a part of it, as `latest`, or as the newest run of a file.
    ///
    /// # Errors
    /// There is no such run, several runs match, or the store cannot be used.
    pub fn find_run(&self, given: &str) -> Result<RunRecord, StoreError> {
        let path = Path::new(given);
        match self.store.run(self.id(), given) {
            Err(StoreError::NotFound { .. }) if is_path(path) || path.is_file() => {
                self.newest_of_file(path)
            }
            Err(not_found @ StoreError::NotFound { .. }) if !given.is_empty() => {
                self.newest_of_name(given)?.ok_or(not_found)
            }
            found => found,
        }
    }

    /// Returns the runs that read the bytes of a file, or had their input at its path, newest first.
    pub fn runs_of_file(&self, path: &Path) -> impl Iterator<Item = Result<RunRecord, StoreError>> {
        self.newest_first(RunFilter {
            file: Some(file_at(path)),
            ..runs_of_input(&name_of(path))
        })
    }

    fn newest_first(
        &self,
        filter: RunFilter,
    ) -> impl Iterator<Item = Result<RunRecord, StoreError>> {
        let workspace_id = self.id().to_owned();
        let filter = RunFilter {
            workspace_id,
            ..filter
        };
        let pages = RunPages::new(&self.store, filter);
        pages.flat_map(|page| match page {
            Ok(runs) => runs.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn newest_of_file(&self, path: &Path) -> Result<RunRecord, StoreError> {
        let file = file_at(path);
        let name = name_of(path);
        let filter = RunFilter {
            file: Some(file.clone()),
            ..runs_of_input(&name)
        };
        let (mut by_bytes, mut by_place) = (None, None);
        for run in self.newest_first(filter) {
            let run = run?;
            match (file.has_bytes_of(&run), file.has_place_of(&run)) {
                (true, true) => return Ok(run),
                (true, false) => by_bytes = by_bytes.or(Some(run)),
                _ => by_place = by_place.or(Some(run)),
            }
        }
        if let Some(run) = by_bytes.or(by_place) {
            return Ok(run);
        }
        let others = self.newest_first(runs_of_input(&name)).next();
        Err(StoreError::NoRunOfFile {
            is_there: path.exists(),
            path: path.to_owned(),
            others: others.transpose()?.map(|_| name),
        })
    }

    fn newest_of_name(&self, name: &str) -> Result<Option<RunRecord>, StoreError> {
        let mut files: Vec<(InputFile, RunRecord)> = Vec::new();
        for run in self.newest_first(runs_of_input(name)) {
            let run = run?;
            let is_known =
                |(file, _): &(InputFile, _)| file.has_bytes_of(&run) || file.has_place_of(&run);
            if files.iter().any(is_known) {
                continue;
            }
            let place = run.options.input_place.clone().unwrap_or_default();
            let sha256 = Some(run.input_sha256.clone());
            files.push((InputFile { sha256, place }, run));
            if files.len() > MAX_LISTED_FILES {
                break;
            }
        }
        if files.len() < 2 {
            return Ok(files.pop().map(|(_, run)| run));
        }
        let has_more = files.len() > MAX_LISTED_FILES;
        files.truncate(MAX_LISTED_FILES);
        let ids: Vec<&str> = files.iter().map(|(_, run)| run.id.as_str()).collect();
        let ids = self.store.short_ids(IdKind::Runs, self.id(), &ids)?;
        let told = files.iter().zip(ids).map(|((file, run), id)| {
            let at = run.created_at.to_string().replace('T', " ");
            let place = match (&run.document_id, file.place.as_str()) {
                (Some(document), _) => format!("document {document}"),
                (None, "") => "an unrecorded folder".to_owned(),
                (None, place) => place.to_owned(),
            };
            format!("{id} ({}) of {place}", at.get(..16).unwrap_or(&at))
        });
        Err(StoreError::SeveralFiles {
            name: name.to_owned(),
            runs: told.collect(),
            has_more,
        })
    }
}
