//! Reads, exports and compares the current and the published files of a configuration.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use similar::TextDiff;
use utoipa::ToSchema;

use super::archive::{self, checked_path};
use super::draft::{self, ConfigurationFile, files_below, is_file, no_file};
use super::error;
use crate::base::digest;
use crate::base::files::{self, FileError, plain};
use crate::base::problem::Error;
use crate::configuration::{Configuration, ConfigurationError, ConfigurationSources};
use crate::store::{
    ConfigurationVersion, KnownConfiguration, RunRecord, StoreError, no_version, not_published,
};
use crate::system::lock::Lock;
use crate::workspace::{Workspace, whole_snapshot};

/// The maximum size in bytes of files that are compared line by line.
const MAX_TEXT_BYTES: u64 = 256 * 1024;
/// The maximum number of bytes of all patches in one comparison.
const MAX_PATCH_BYTES: usize = 4 * 1024 * 1024;
/// The time during which patches are made as short as possible. After that they are correct but may be longer than needed.
const SHORTENING: Duration = Duration::from_secs(3);

/// One of the sets of files of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationSide {
    /// The draft of an uploaded configuration.
    Draft,
    /// The folder of a configuration that was not uploaded.
    Folder,
    /// The files of the active version.
    Active,
    /// The files of the version with this number.
    Version(u32),
}

impl ConfigurationSide {
    /// Returns the side of a configuration that is edited.
    pub fn edited(known: &KnownConfiguration) -> Self {
        if known.uploaded {
            Self::Draft
        } else {
            Self::Folder
        }
    }

    /// Returns the side to export: the version of this number if given, the edited side on request, otherwise the active
    /// version, if there is one.
    pub fn exported(known: &KnownConfiguration, version: Option<u32>, is_edited: bool) -> Self {
        match (version, &known.version) {
            (Some(number), _) => Self::Version(number),
            (None, Some(_)) if !is_edited => Self::Active,
            _ => Self::edited(known),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Draft => "draft".to_owned(),
            Self::Folder => "folder".to_owned(),
            Self::Active => "active".to_owned(),
            Self::Version(number) => number.to_string(),
        }
    }
}

/// An open file: the digest belongs to exactly the content that is read from it, even if the path is replaced meanwhile.
#[derive(Debug)]
pub struct OpenedFile {
    /// The file at its beginning.
    pub content: File,
    /// The path of the file.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

/// The files of one side, and their folder.
struct ConfigurationFiles {
    folder: PathBuf,
    files: Vec<ConfigurationFile>,
    /// Keeps the draft from being changed meanwhile.
    _turn: Option<Lock>,
}

/// Returns the version with this number.
///
/// # Errors
/// There is no such version, or the store cannot be used.
pub fn version(
    workspace: &Workspace,
    known: &KnownConfiguration,
    number: u32,
) -> Result<ConfigurationVersion, Error> {
    let versions = workspace.store.versions(&known.record.id)?;
    let found = versions
        .into_iter()
        .find(|version| version.version == number);
    found.ok_or_else(|| no_version(&known.record.name, number))
}

/// Lists the files of a side, sorted by path: all files of a draft, but of a folder only those that runs would use.
///
/// # Errors
/// There is no such side, or its files cannot be read.
pub fn files(
    workspace: &Workspace,
    known: &KnownConfiguration,
    side: ConfigurationSide,
) -> Result<Vec<ConfigurationFile>, Error> {
    match side {
        ConfigurationSide::Draft => {
            let (draft, _turn) = draft::take(workspace, known)?;
            files_below(&draft)
        }
        other => Ok(files_of(workspace, known, other)?.files),
    }
}

/// Opens a file of a side.
///
/// # Errors
/// There is no such side or no such file, or it cannot be read.
pub fn open(
    workspace: &Workspace,
    known: &KnownConfiguration,
    side: ConfigurationSide,
    path: &str,
) -> Result<OpenedFile, Error> {
    let relative = checked_path(path)?;
    let folder = if side == ConfigurationSide::Draft {
        draft::demand_uploaded(known)?;
        draft::draft_of(workspace, known)
    } else {
        let found = files_of(workspace, known, side)?;
        // A folder may have other files that nobody has chosen to show.
        if !found.files.iter().any(|file| file.path == path) {
            return Err(no_file(path));
        }
        found.folder
    };
    let path_of_it = folder.join(relative);
    // In a folder, links may be sources.
    if side != ConfigurationSide::Folder && !is_file(&path_of_it) {
        return Err(no_file(path));
    }
    opened(path_of_it)
}

/// Opens a file of the configuration as a run uses it.
///
/// # Errors
/// There is no such file, or it cannot be read.
pub fn open_of_run(run: &RunRecord, path: &str) -> Result<OpenedFile, Error> {
    let path_of_it = whole_snapshot(run).join(checked_path(path)?);
    match is_file(&path_of_it) {
        true => opened(path_of_it),
        false => Err(no_file(path)),
    }
}

/// Returns the name of the file that a configuration is exported to.
pub fn archive_name(configuration: &str) -> String {
    format!("{}.zip", plain(configuration).trim_start_matches('.'))
}

/// Writes the files of a side into an archive that [`draft::create`] accepts.
///
/// # Errors
/// There is no such side, its files cannot be read, or the archive cannot be written.
pub fn export(
    workspace: &Workspace,
    known: &KnownConfiguration,
    side: ConfigurationSide,
    archive: File,
) -> Result<File, Error> {
    let mut files = files_of(workspace, known, side)?;
    if side == ConfigurationSide::Draft {
        files.files = files_below(&files.folder)?;
    }
    let paths = files.files.iter().map(|file| &*file.path);
    archive::pack(&files.folder, paths, archive)
}

/// Exports a side to a file, which appears whole and replaces an earlier one. Returns its size.
///
/// # Errors
/// See [`export`].
pub fn export_to(
    workspace: &Workspace,
    known: &KnownConfiguration,
    side: ConfigurationSide,
    target: &Path,
) -> Result<u64, Error> {
    let failed = || |error| FileError::on("write", target)(error).of_target("-o");
    let beside = files::unfinished(files::folder_of(target)).map_err(failed())?;
    let archive = beside.reopen().map_err(failed())?;
    let archive = export(workspace, known, side, archive)?;
    let size = archive.metadata().map_err(failed())?.len();
    files::settle(beside, target).map_err(failed())?;
    Ok(size)
}

fn opened(path: PathBuf) -> Result<OpenedFile, Error> {
    use std::io::Seek;
    let mut content = File::open(&path).map_err(FileError::on("read", &path))?;
    let digested = digest::of_open(&mut content);
    let (sha256, _) = digested.map_err(FileError::on("read", &path))?;
    content.rewind().map_err(FileError::on("read", &path))?;
    Ok(OpenedFile {
        content,
        path,
        sha256: sha256.to_string(),
    })
}

/// Returns the files of a side that count as sources of the configuration.
fn files_of(
    workspace: &Workspace,
    known: &KnownConfiguration,
    side: ConfigurationSide,
) -> Result<ConfigurationFiles, Error> {
    let record = &known.record;
    match side {
        ConfigurationSide::Draft => {
            let (draft, turn) = draft::take(workspace, known)?;
            // A draft that cannot be published has no sources yet, so all of its files are compared.
            let files = match Configuration::open(&draft).and_then(|found| found.sources()) {
                Ok(sources) => files_in(&sources),
                Err(_) => files_below(&draft)?,
            };
            Ok(ConfigurationFiles {
                folder: draft,
                files,
                _turn: Some(turn),
            })
        }
        ConfigurationSide::Folder => {
            let unusable = |error| error::unusable(&error, &record.path);
            let configuration = Configuration::open(&record.path).map_err(unusable)?;
            let written = [workspace.paths.data()];
            let sources = configuration.sources_except(&written).map_err(unusable)?;
            Ok(ConfigurationFiles {
                folder: configuration.root.clone(),
                files: files_in(&sources),
                _turn: None,
            })
        }
        ConfigurationSide::Active => {
            let active = known.version.as_ref();
            let active = active.ok_or_else(|| not_published(&record.name))?;
            files_of(workspace, known, ConfigurationSide::Version(active.version))
        }
        ConfigurationSide::Version(number) => {
            let snapshot = version(workspace, known, number)?.snapshot;
            workspace
                .fetch_snapshot(&snapshot)
                .map_err(StoreError::from)?;
            let frozen = Configuration::open_snapshot(&snapshot, &record.path)
                .map_err(|error| error::unusable(&error, &snapshot))?;
            let folder = frozen.folder_in(&snapshot);
            Ok(ConfigurationFiles {
                files: files_below(&folder)?,
                folder,
                _turn: None,
            })
        }
    }
}

pub(super) fn files_in(sources: &ConfigurationSources) -> Vec<ConfigurationFile> {
    let file = |(path, size_bytes, sha256): (&Path, u64, String)| ConfigurationFile {
        path: path.to_string_lossy().into_owned(),
        size_bytes,
        sha256,
    };
    sources.each().map(file).collect()
}

/// Returns whether the draft or folder differs from the active version. `None` if none is active, or the files cannot be read.
pub fn is_changed(workspace: &Workspace, known: &KnownConfiguration) -> Option<bool> {
    let active = known.version.as_ref()?;
    let (folder, _turn) = if known.uploaded {
        let (draft, turn) = draft::take(workspace, known).ok()?;
        (draft, Some(turn))
    } else {
        (known.record.path.clone(), None)
    };
    let written = [workspace.paths.data()];
    let opened = Configuration::open(&folder);
    match opened.and_then(|found| found.sources_except(&written)) {
        Ok(sources) => Some(sources.digest != active.source_digest),
        // The published files are a configuration, and these are not.
        Err(
            ConfigurationError::NotAConfiguration { .. } | ConfigurationError::BadManifest { .. },
        ) => Some(true),
        Err(_) => None,
    }
}

/// The differences between two sides of a configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationDiff)]
pub struct Differences {
    /// The name of the side: `draft`, `folder`, or the number of a version.
    from: String,
    to: String,
    /// The files that differ, sorted by path.
    files: Vec<FileDifference>,
}

/// A file that differs between two sides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationFileDiff)]
pub struct FileDifference {
    path: String,
    status: FileChangeKind,
    /// The digest on the first side; null if the file was added.
    from_sha256: Option<String>,
    /// The digest on the second side; null if the file was removed.
    to_sha256: Option<String>,
    /// The lines that differ, as a unified diff; null if the file is not UTF-8 or exceeds 256 KiB, or if all patches together
    /// exceed 4 MiB.
    patch: Option<String>,
}

/// The kind of a file's change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ConfigurationFileChange)]
pub enum FileChangeKind {
    /// Only the second side has the file.
    Added,
    /// Only the first side has the file.
    Removed,
    /// Both have the file, with other bytes.
    Changed,
}

/// Compares two sides, file by file.
///
/// # Errors
/// There is no such side, or its files cannot be read.
pub fn differences(
    workspace: &Workspace,
    known: &KnownConfiguration,
    from: ConfigurationSide,
    to: ConfigurationSide,
) -> Result<Differences, Error> {
    let (from, to) = (resolved(known, from), resolved(known, to));
    let before = files_of(workspace, known, from)?;
    let mut differences = Differences {
        from: from.name(),
        to: to.name(),
        files: Vec::new(),
    };
    // The lock of a draft can be taken only once.
    if from == to {
        return Ok(differences);
    }
    let after = files_of(workspace, known, to)?;
    let mut paths: Vec<&str> = before.files.iter().map(|file| &*file.path).collect();
    paths.extend(after.files.iter().map(|file| &*file.path));
    paths.sort_unstable();
    paths.dedup();
    let (mut room, until) = (MAX_PATCH_BYTES, Instant::now() + SHORTENING);
    for path in paths {
        let (old, new) = (before.file(path), after.file(path));
        let Some(status) = change(old, new) else {
            continue;
        };
        let patch = before.text(old).zip(after.text(new));
        let patch = patch.map(|(old, new)| patch_of(path, status, &old, &new, until));
        let patch = patch.filter(|patch| patch.len() <= room);
        room -= patch.as_ref().map_or(0, String::len);
        differences.files.push(FileDifference {
            path: path.to_owned(),
            status,
            from_sha256: old.map(|file| file.sha256.clone()),
            to_sha256: new.map(|file| file.sha256.clone()),
            patch,
        });
    }
    Ok(differences)
}

fn resolved(known: &KnownConfiguration, side: ConfigurationSide) -> ConfigurationSide {
    match (side, &known.version) {
        (ConfigurationSide::Active, Some(version)) => ConfigurationSide::Version(version.version),
        _ => side,
    }
}

fn change(
    old: Option<&ConfigurationFile>,
    new: Option<&ConfigurationFile>,
) -> Option<FileChangeKind> {
    match (old, new) {
        (None, _) => Some(FileChangeKind::Added),
        (_, None) => Some(FileChangeKind::Removed),
        (Some(old), Some(new)) => (old.sha256 != new.sha256).then_some(FileChangeKind::Changed),
    }
}

impl ConfigurationFiles {
    fn file(&self, path: &str) -> Option<&ConfigurationFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Returns the text of a file; empty for an absent file. `None` if it cannot be compared line by line.
    fn text(&self, file: Option<&ConfigurationFile>) -> Option<String> {
        let Some(file) = file else {
            return Some(String::new());
        };
        if file.size_bytes > MAX_TEXT_BYTES {
            return None;
        }
        let bytes = std::fs::read(self.folder.join(&file.path)).ok()?;
        // The file may have changed since it was listed.
        let is_it = digest::sha256(&bytes).to_string() == file.sha256;
        String::from_utf8(bytes).ok().filter(|_| is_it)
    }
}

fn patch_of(path: &str, status: FileChangeKind, old: &str, new: &str, until: Instant) -> String {
    let (from, to) = (format!("a/{path}"), format!("b/{path}"));
    let nowhere = "/dev/null";
    let (from, to) = match status {
        FileChangeKind::Added => (nowhere, &*to),
        FileChangeKind::Removed => (&*from, nowhere),
        FileChangeKind::Changed => (&*from, &*to),
    };
    let lines = TextDiff::configure().deadline(until).diff_lines(old, new);
    lines.unified_diff().header(from, to).to_string()
}
