//! The files in the folder of a run, and how long they are kept.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::base::files::name_of;
use crate::run::results::{annotated, output};
use crate::settings::paths::RunFolder;
use crate::store::RunRecord;

/// The kind of a run's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// The copy of the input that the run read.
    Input,
    /// The normalized workbook of the run.
    Output,
    /// A table of the workbook in another shape (`also_write`).
    Table,
    /// The list of issues.
    Issues,
    /// The record of which rows of input and output correspond.
    RowMap,
    /// The input with its issues marked.
    Annotated,
    /// The audit record of the run.
    Artifact,
    /// The event log of the run.
    Log,
    /// The request to the engine.
    Request,
    /// Any other file that the configuration's code has written.
    Other,
}

/// A file in the folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// The name of the file.
    pub name: String,
    /// The path of the file.
    pub path: PathBuf,
    /// The kind of the file.
    pub kind: FileKind,
    /// The size of the file in bytes.
    pub size_bytes: u64,
}

/// The shapes of tables next to a workbook.
const SHAPES: [&str; 3] = ["csv", "parquet", "jsonl"];
/// The maximum number of listed files, because code of a configuration may write any number.
const MAX_LISTED_FILES: usize = 1000;

/// Returns the files that are in a run's folder now, by kind and name. If the run's files were collected, there are none.
pub fn files_of(run: &RunRecord) -> Vec<RunFile> {
    if run.artifacts_deleted_at.is_some() {
        return Vec::new();
    }
    let folder = RunFolder::at(&run.run_dir);
    let mut files: Vec<RunFile> = [
        (folder.staged(&run.input_name), FileKind::Input),
        (folder.artifact(), FileKind::Artifact),
        (folder.events(), FileKind::Log),
        (folder.request(), FileKind::Request),
    ]
    .iter()
    .filter_map(|(path, kind)| file(path, *kind))
    .collect();
    let paths = |entry: DirEntry| entry.path();
    let written = folder.output().read_dir().into_iter().flatten().flatten();
    for path in written.take(MAX_LISTED_FILES).map(paths) {
        files.extend(file(&path, kind_of(run, &folder, &path)));
    }
    let painted = folder.painted().read_dir().into_iter().flatten().flatten();
    let is_lock = |path: &Path| name_of(path).starts_with('.');
    for path in painted.map(paths).filter(|path| !is_lock(path)) {
        files.extend(file(&path, FileKind::Annotated));
    }
    files.sort_by(|one, other| (one.kind as u8, &one.name).cmp(&(other.kind as u8, &other.name)));
    files
}

/// Returns the kind of a file in the folder of the output.
fn kind_of(run: &RunRecord, folder: &RunFolder, path: &Path) -> FileKind {
    if run.output_path.as_deref() == Some(path) {
        return FileKind::Output;
    }
    let known = [
        (folder.issues(&run.input_name), FileKind::Issues),
        (folder.rows(&run.input_name), FileKind::RowMap),
        (annotated::place_of(run), FileKind::Annotated),
    ];
    if let Some((_, kind)) = known.iter().find(|(known, _)| known == path) {
        return *kind;
    }
    let workbook = folder.normalized(&run.input_name);
    let mut shapes = SHAPES.iter();
    if shapes.any(|shape| output::is_shape(&workbook, shape, path)) {
        FileKind::Table
    } else {
        FileKind::Other
    }
}

/// Returns the file; `None`: it does not exist, or is a folder or a link.
fn file(path: &Path, kind: FileKind) -> Option<RunFile> {
    let found = path.symlink_metadata().ok()?;
    found.is_file().then(|| RunFile {
        name: name_of(path),
        path: path.to_owned(),
        kind,
        size_bytes: found.len(),
    })
}

/// Returns the time from which collection may delete the files of a run. `None`: it has not ended, it has no files any more,
/// or they are kept for ever.
pub fn kept_until(run: &RunRecord, kept: Option<Duration>) -> Option<Timestamp> {
    let ended = run
        .completed_at
        .filter(|_| run.artifacts_deleted_at.is_none())?;
    Some(ended.plus(kept?))
}
