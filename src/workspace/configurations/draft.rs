//! Drafts: the files of an uploaded configuration while they are edited, until they are published.
//!
//! Processes that change or publish a draft take turns by means of a lock of the operating system. A whole draft is unpacked
//! beside the current one and exchanged with it in one step. A single file is written beside its path and renamed.

use std::fs;
use std::io::{self, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::archive::{self, MAX_FILE_BYTES, checked_path, demand_room};
use super::error::{bad_name, bad_path, too_large};
use super::precondition::Precondition;
use super::spool::Spool;
use crate::base::digest;
use crate::base::digest::Hasher;
use crate::base::files;
use crate::base::files::{FileError, PartialFolder, UNFINISHED};
use crate::base::problem::{Error, code};
use crate::configuration::scaffold::{self, NewFile};
use crate::configuration::{Configuration, ConfigurationError};
use crate::store::{ConfigurationRecord, KnownConfiguration};
use crate::system::lock::Lock;
use crate::workspace::Workspace;

/// The maximum length of a configuration's name in characters.
const MAX_NAME_CHARS: usize = 100;

/// A file of a configuration: of its draft, its folder, or one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// The path in the configuration, with `/` between folders.
    pub path: String,
    /// The size of the file in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

/// The initial content of a draft.
pub enum DraftContent {
    /// The files of an uploaded archive.
    Archive(Spool),
    /// A list of files, possibly empty.
    Files(Vec<NewFile>),
}

/// Creates an uploaded configuration. Its name is the given one, else the one in its manifest, else that of the archive's only
/// folder.
///
/// # Errors
/// The archive is refused, there is no name, or the files cannot be written or recorded.
pub fn create(
    workspace: &Workspace,
    name: Option<&str>,
    content: DraftContent,
) -> Result<KnownConfiguration, Error> {
    if let Some(name) = name {
        checked_name(name)?;
    }
    let id = workspace.machine.new_id();
    let draft = workspace.paths.draft(workspace.id(), &id);
    let folder = folder_of(&draft);
    let recorded = fill(folder, &draft, content).and_then(|top| {
        let named = name.map(str::to_owned).or_else(|| project_name(&draft));
        let named = named.or_else(|| top.filter(|top| checked_name(top).is_ok()));
        let record = ConfigurationRecord {
            id: id.clone(),
            workspace_id: workspace.id().to_owned(),
            name: named.ok_or_else(bad_name)?,
            path: draft.clone(),
        };
        let store = &workspace.store;
        store.add_uploaded_configuration(&record, workspace.machine.now())?;
        Ok(store.configuration(&id)?)
    });
    if recorded.is_err() {
        // No record names these files.
        let _ = fs::remove_dir_all(folder);
    }
    recorded
}

/// Replaces the whole draft. Returns its files.
///
/// # Errors
/// The draft does not meet `precondition`, the archive is refused (the draft stays as it was), or the files cannot be written.
pub fn replace(
    workspace: &Workspace,
    known: &KnownConfiguration,
    content: DraftContent,
    precondition: &Precondition,
) -> Result<Vec<ConfigurationFile>, Error> {
    let (draft, _turn) = take(workspace, known)?;
    let there = if precondition.needs_digest() {
        Some(digest_of(&files_below(&draft)?))
    } else {
        let is_empty = listed(&draft)?.is_empty();
        (!is_empty).then(String::new)
    };
    precondition.demand("the draft", there.as_deref())?;
    fill(folder_of(&draft), &draft, content)?;
    files_below(&draft)
}

/// Writes a file of the draft, or of a folder that may be edited. Returns the file, and whether it is new.
///
/// # Errors
/// The path is refused, the old content does not meet `precondition`, the draft would be too large, or the file cannot be
/// written.
pub fn write(
    workspace: &Workspace,
    (known, folders): (&KnownConfiguration, Folders),
    path: &str,
    mut content: Spool,
    precondition: &Precondition,
) -> Result<(ConfigurationFile, bool), Error> {
    let relative = checked_path(path)?;
    if content.size_bytes() > MAX_FILE_BYTES {
        return Err(too_large("the file", MAX_FILE_BYTES));
    }
    let (draft, _turn) = edited(workspace, known, folders)?;
    let target = draft.join(&relative);
    demand(precondition, path, &target)?;
    let is_new = !is_file(&target);
    let (mut count, mut bytes) = (1, content.size_bytes());
    // A user's own folder contains files that are no part of the configuration.
    let others = match known.uploaded {
        true => listed(&draft)?,
        false => Vec::new(),
    };
    for (_, size) in others.iter().filter(|(other, _)| *other != relative) {
        count += 1;
        bytes += size;
    }
    demand_room("the draft", count, bytes)?;
    let folder = target.parent().unwrap_or(&draft);
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => occupied(path),
        _ => FileError::on("create the folder", folder)(error).into(),
    })?;
    if target.is_dir() {
        return Err(occupied(path));
    }
    let writing = |error: io::Error| Error::from(FileError::on("write", &target)(error));
    let beside = if known.uploaded {
        folder_of(&draft)
    } else {
        folder
    };
    let mut beside = files::unfinished(beside).map_err(writing)?;
    io::copy(content.rewound()?, beside.as_file_mut()).map_err(writing)?;
    beside.as_file_mut().rewind().map_err(writing)?;
    let (sha256, size_bytes) = digest::of_open(beside.as_file_mut()).map_err(writing)?;
    let before = fs::metadata(&target).map(|found| found.permissions());
    let readable = before.unwrap_or_else(|_| fs::Permissions::from_mode(0o644));
    beside
        .as_file()
        .set_permissions(readable)
        .map_err(writing)?;
    beside.as_file().sync_all().map_err(writing)?;
    beside
        .persist(&target)
        .map_err(|error| writing(error.error))?;
    sync_up(folder, &draft);
    let file = ConfigurationFile {
        path: path.to_owned(),
        size_bytes,
        sha256: sha256.to_string(),
    };
    Ok((file, is_new))
}

/// Deletes a file of the draft, or of a folder that may be edited, and then its empty parent folders.
///
/// # Errors
/// There is no such file, it does not meet `precondition`, or it cannot be deleted.
pub fn delete(
    workspace: &Workspace,
    (known, folders): (&KnownConfiguration, Folders),
    path: &str,
    precondition: &Precondition,
) -> Result<(), Error> {
    let relative = checked_path(path)?;
    let (draft, _turn) = edited(workspace, known, folders)?;
    let target = draft.join(&relative);
    if !is_file(&target) {
        return Err(no_file(path));
    }
    demand(precondition, path, &target)?;
    fs::remove_file(&target).map_err(FileError::on("delete", &target))?;
    let mut folder = folder_of(&target);
    while folder != draft && fs::remove_dir(folder).is_ok() {
        folder = folder_of(folder);
    }
    files::sync_folder(folder);
    Ok(())
}

/// Checks a file that is to be replaced or deleted against the precondition. The caller holds the draft's lock.
fn demand(precondition: &Precondition, path: &str, target: &Path) -> Result<(), Error> {
    let there = if !is_file(target) {
        None
    } else if precondition.needs_digest() {
        let (sha256, _) = digest::of_file(target).map_err(FileError::on("read", target))?;
        Some(sha256.to_string())
    } else {
        Some(String::new())
    };
    precondition.demand(&format!("the file {path:?}"), there.as_deref())
}

/// Returns the files below a folder, sorted by path.
///
/// # Errors
/// A folder or a file cannot be read.
pub(super) fn files_below(folder: &Path) -> Result<Vec<ConfigurationFile>, Error> {
    let mut found = Vec::new();
    for (path, _) in listed(folder)? {
        let whole = folder.join(&path);
        let (sha256, size_bytes) =
            digest::of_file(&whole).map_err(FileError::on("read", &whole))?;
        found.push(ConfigurationFile {
            path: path.to_string_lossy().into_owned(),
            size_bytes,
            sha256: sha256.to_string(),
        });
    }
    Ok(found)
}

/// Returns the digest over the paths and contents of files.
pub(super) fn digest_of(files: &[ConfigurationFile]) -> String {
    let mut hasher = Hasher::new();
    for file in files {
        // A path contains no zero byte, and all digests have the same length.
        hasher.update(&file.path);
        hasher.update([0]);
        hasher.update(&file.sha256);
    }
    hasher.finish().to_string()
}

/// The permission to edit the files of a configuration that is a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folders {
    /// The user at this machine may edit them.
    Edited,
    /// They may not be changed.
    Kept,
}

/// Takes the lock for editing single files. Returns their folder, the draft's or the configuration's own, with the lock.
fn edited(
    workspace: &Workspace,
    known: &KnownConfiguration,
    folders: Folders,
) -> Result<(PathBuf, Lock), Error> {
    if known.uploaded || folders == Folders::Kept {
        return take(workspace, known);
    }
    let record = &known.record;
    let turn = Lock::take(&workspace.paths.draft_lock(&record.workspace_id, &record.id))?;
    Ok((record.path.clone(), turn))
}

/// Takes the lock for reading or changing the whole draft. Returns its folder with the lock.
pub(super) fn take(
    workspace: &Workspace,
    known: &KnownConfiguration,
) -> Result<(PathBuf, Lock), Error> {
    demand_uploaded(known)?;
    let record = &known.record;
    let lock = workspace.paths.draft_lock(&record.workspace_id, &record.id);
    let turn = Lock::take(&lock)?;
    let draft = draft_of(workspace, known);
    // Only the holder of the lock writes beside the draft, so unfinished files are leftovers.
    let folder = folder_of(&draft);
    files::remove_leftovers(folder, Duration::ZERO);
    for entry in files::entries(folder) {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok((draft, turn))
}

/// Returns the name in the manifest of the configuration in a folder.
pub(super) fn project_name(folder: &Path) -> Option<String> {
    let configuration = Configuration::open(folder).ok()?;
    let name = configuration.manifest.project?.name?;
    checked_name(&name).ok().map(|()| name)
}

pub(super) fn draft_of(workspace: &Workspace, known: &KnownConfiguration) -> PathBuf {
    let record = &known.record;
    workspace.paths.draft(&record.workspace_id, &record.id)
}

/// Refuses a configuration that is a folder.
///
/// # Errors
/// The configuration is a folder.
pub fn demand_uploaded(known: &KnownConfiguration) -> Result<(), Error> {
    if known.uploaded {
        return Ok(());
    }
    let name = &known.record.name;
    Err(Error::usage(
        code::NOT_UPLOADED,
        format!(
            "configuration {name:?} was not uploaded, so it has no draft: its files are in a folder"
        ),
    )
    .hint("edit the files in that folder; publishing makes a version from them"))
}

/// Checks the name of a configuration or a workspace.
///
/// # Errors
/// It is empty, too long or more than one line.
pub fn checked_name(name: &str) -> Result<(), Error> {
    let is_empty = name.trim().is_empty();
    if is_empty || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(bad_name());
    }
    Ok(())
}

/// Unpacks an archive, or writes files, beside the draft and puts them in its place. Returns the name of the folder that
/// contained everything, if there was one.
fn fill(folder: &Path, draft: &Path, content: DraftContent) -> Result<Option<String>, Error> {
    files::create_folder(folder)?;
    let beside = PartialFolder::in_folder(folder);
    files::create_folder(beside.path())?;
    match content {
        DraftContent::Archive(mut archive) => archive::unpack(archive.rewound()?, beside.path())?,
        DraftContent::Files(files) => drop(scaffold::write(beside.path(), &files)?),
    }
    let placing = |error| FileError::on("move into place", draft)(error);
    let top = top_folder(beside.path());
    let whole = match &top {
        Some(top) if top.join("__init__.py").exists() => {
            // The folder is the package itself, and its name matters, so it moves to `src`, where it is found under this name.
            let source = beside.path().join("src");
            let name = top.file_name().unwrap_or_default();
            files::create_folder(&source)?;
            fs::rename(top, source.join(name)).map_err(placing)?;
            beside.path()
        }
        Some(top) => top.as_path(),
        None => beside.path(),
    };
    sync_below(whole);
    if draft.exists() {
        exchange(whole, draft).map_err(placing)?;
    } else {
        fs::rename(whole, draft).map_err(placing)?;
    }
    files::sync_folder(folder);
    Ok(top.map(|top| files::name_of(&top)))
}

/// Returns the only entry of a folder if it is the configuration and the folder itself is not. Many archives have such a top
/// folder.
fn top_folder(folder: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    let only = entries.next()?.path();
    let is_around = entries.next().is_none() && only.is_dir() && !holds_configuration(folder);
    (is_around && holds_configuration(&only)).then_some(only)
}

fn holds_configuration(folder: &Path) -> bool {
    !matches!(
        Configuration::open(folder),
        Err(ConfigurationError::NotAConfiguration { .. })
    ) || folder.join("pyproject.toml").is_file()
}

/// Exchanges two folders in one step, so that there is a whole draft at every moment. The old draft is then in the new one's
/// temporary folder and is deleted with it.
#[cfg(target_os = "linux")]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // The file system does not support it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => in_two_steps(new, old),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
use in_two_steps as exchange;

fn in_two_steps(new: &Path, old: &Path) -> io::Result<()> {
    let aside = PartialFolder::in_folder(folder_of(old));
    fs::rename(old, aside.path())?;
    fs::rename(new, old)
}

/// Returns the regular files below a folder with their sizes, sorted by path.
pub(super) fn listed(draft: &Path) -> Result<Vec<(PathBuf, u64)>, Error> {
    let mut found = Vec::new();
    let mut waiting = vec![draft.to_owned()];
    while let Some(folder) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(FileError::on("read", &folder)(error).into()),
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let path = entry.path();
            if metadata.is_dir() {
                waiting.push(path);
            } else if metadata.is_file()
                && let Ok(relative) = path.strip_prefix(draft)
            {
                found.push((relative.to_owned(), metadata.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Makes the entries of folders durable. The files themselves are durable already.
fn sync_below(folder: &Path) {
    for entry in files::entries(folder) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sync_below(&entry.path());
        }
    }
    files::sync_folder(folder);
}

/// Makes the entries of a folder and of its parents durable, up to the draft.
fn sync_up(folder: &Path, draft: &Path) {
    for above in folder.ancestors() {
        files::sync_folder(above);
        if above == draft {
            break;
        }
    }
}

pub(super) fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

pub(super) fn no_file(path: &str) -> Error {
    Error::usage(code::NOT_FOUND, format!("there is no file {path:?}"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn occupied(path: &str) -> Error {
    bad_path(path, "the draft has a file or a folder there")
}
