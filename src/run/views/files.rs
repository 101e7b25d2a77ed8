//! What a run has left in its folder, and for how long that is kept.

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

/// What a file of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// The copy of the input that it read.
    Input,
    /// The normalized workbook.
    Output,
    /// A table of it in another shape (`also_write`).
    Table,
    /// The list of issues.
    Issues,
    /// Which rows of input and output belong together.
    RowMap,
    /// The input with its issues marked.
    Annotated,
    /// The audit record.
    Artifact,
    /// Its events.
    Log,
    /// What the engine was asked to do.
    Request,
    /// Something else that the configuration's code has written.
    Other,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// Its file name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
    /// How many bytes it has.
    pub size_bytes: u64,
}

/// The shapes of tables beside a workbook.
const SHAPES: [&str; 3] = ["csv", "parquet", "jsonl"];
/// Code of a configuration may write any number of files; so many are listed.
const MOST: usize = 1000;

/// The files in a run's folder as it is now, by what they are and their names. None of a run whose files were collected.
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
    for path in written.take(MOST).map(paths) {
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

/// What a file in the folder of the output is.
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

/// `None`: there is none, or it is a folder or a link.
fn file(path: &Path, kind: FileKind) -> Option<RunFile> {
    let found = path.symlink_metadata().ok()?;
    found.is_file().then(|| RunFile {
        name: name_of(path),
        path: path.to_owned(),
        kind,
        size_bytes: found.len(),
    })
}

/// When collection may delete the files of a run. `None`: it has not ended, it has none any more, or they are kept for ever.
pub fn kept_until(run: &RunRecord, kept: Option<Duration>) -> Option<Timestamp> {
    let ended = run
        .completed_at
        .filter(|_| run.artifacts_deleted_at.is_none())?;
    Some(ended.plus(kept?))
}
