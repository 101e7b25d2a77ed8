//! Backs up a data directory into one file, while workers continue: `ade backup`. [`restore`](super::restore) restores it.
//!
//! The file is a gzip-compressed tar archive with paths relative to the data directory. It holds first [`BackupManifest`], then the
//! database as it was at one moment, after it checked itself, and then the files that its records name: documents,
//! configurations with their snapshots, and each run's input, log and audit record, with outputs on request. Environments and
//! the cache are left out because they can be made again. Files are read after the database, so they are there unless they were
//! deleted in between.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, ProblemKind, code};
use crate::settings::Settings;
use crate::settings::paths::{DATABASE, IDENTITY, Paths, RunFolder};
use crate::store::{self, Location, Tables};

/// The name of the archive's first entry.
pub(super) const ABOUT: &str = "backup.json";
/// The version of the archive's form.
pub(super) const FORMAT: u32 = 1;

/// The backup's description of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The version of the archive's form.
    pub(super) format: u32,
    /// The version of `ade` that made it.
    pub ade_version: String,
    /// The newest migration of its database.
    pub schema_version: i64,
    /// The time when it was made.
    pub made_at: String,
    /// Whether it contains the outputs of runs.
    pub outputs: bool,
    /// The tables of its database with their numbers of rows. Empty in backups by older versions of `ade`.
    #[serde(default)]
    pub tables: Tables,
}

/// A summary of a finished backup.
#[derive(Clone, Debug, Serialize)]
pub struct BackupSummary {
    /// The path of the backup.
    pub file: PathBuf,
    /// The number of files in it, including the database.
    pub files: u64,
    /// The size of the backup in bytes.
    pub bytes: u64,
    /// Whether it contains the outputs of runs.
    pub outputs: bool,
}

/// Backs up the data directory that the settings name. The file appears whole, and replaces an earlier one only after it was
/// checked.
///
/// # Errors
/// A setting puts a part outside of the data directory, the database cannot be used, or the file cannot be written.
pub fn backup(
    settings: &Settings,
    paths: &Paths,
    file: &Path,
    outputs: bool,
) -> Result<BackupSummary, Error> {
    let database = demand_whole(settings, paths)?;
    let folder = files::folder_of(file);
    let failed = || |error| FileError::on("write", file)(error).of_target("the backup");
    files::demand_no_device(file).map_err(failed())?;
    let schema = store::status(settings, &database)?;
    let mut beside = files::unfinished(folder).map_err(failed())?;
    let copy = tempfile::Builder::new()
        .prefix(files::UNFINISHED)
        .tempdir_in(folder)
        .map_err(failed())?;
    let copied = copy.path().join("database");
    let tables = store::copy(settings, &database, &copied)?;
    let about = BackupManifest {
        format: FORMAT,
        ade_version: crate::VERSION.to_owned(),
        schema_version: schema.applied.last().map_or(0, |applied| applied.version),
        made_at: Timestamp::now().to_string(),
        outputs,
        tables,
    };
    let mut archive = BackupArchive::new(beside.as_file_mut());
    let written = archive
        .write(paths, &about, &copied)
        .and_then(|()| archive.finish());
    let files = written.map_err(failed())?;
    let bytes = beside
        .as_file()
        .metadata()
        .map_or(0, |written| written.len());
    // The file stays private because it holds what senders sent.
    beside.as_file().sync_all().map_err(failed())?;
    // A backup that could not be restored must not replace an earlier one.
    look_through(beside.as_file(), file, None)?;
    let settled = beside.persist(file).map_err(|error| error.error);
    settled.map_err(failed())?;
    files::sync_folder(folder);
    Ok(BackupSummary {
        file: file.to_owned(),
        files,
        bytes,
        outputs,
    })
}

/// Returns the database's path after checking that everything is in the data directory.
///
/// # Errors
/// The settings put something outside of the data directory.
pub(super) fn demand_whole(settings: &Settings, paths: &Paths) -> Result<PathBuf, Error> {
    let location = store::location(settings, &paths.database())?;
    let Location::File(database) = location else {
        let message = format!("the database {} is on a server", location.shown().display());
        return Err(Error::usage(code::SETTINGS_INVALID, message)
            .hint("back the database up with pg_dump, and the files with the tools of your object store: docs/how-to/several-hosts.md"));
    };
    let data = paths.data();
    let mut parts = vec![database.clone()];
    parts.extend(paths.roots().map(Path::to_owned));
    let elsewhere = |part: &PathBuf| match part == &database {
        true => *part != data.join(DATABASE),
        false => !part.starts_with(data),
    };
    match parts.into_iter().find(elsewhere) {
        Some(outside) => {
            let (outside, data) = (outside.display(), data.display());
            let message = format!("{outside} lies outside of the data directory {data}");
            Err(Error::usage(code::SETTINGS_INVALID, message)
                .hint("`ade backup` needs everything in one data directory; back up the other parts with other tools"))
        }
        None => Ok(database),
    }
}

/// The archive while it is written.
struct BackupArchive<'a> {
    tar: tar::Builder<GzEncoder<BufWriter<&'a mut File>>>,
    files: u64,
}

impl<'a> BackupArchive<'a> {
    fn new(file: &'a mut File) -> Self {
        let packed = GzEncoder::new(BufWriter::new(file), Compression::fast());
        let mut tar = tar::Builder::new(packed);
        tar.mode(tar::HeaderMode::Complete);
        Self { tar, files: 0 }
    }

    fn write(&mut self, paths: &Paths, about: &BackupManifest, database: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(about)?;
        self.entry(Path::new(ABOUT), 0o600, text.len() as u64, &*text)?;
        self.file(database, Path::new(DATABASE))?;
        self.file(&paths.identity(), Path::new(IDENTITY))?;
        let data = paths.data();
        let mut roots: Vec<&Path> = paths.roots().into();
        roots.sort_unstable();
        roots.dedup();
        for workspace in roots.into_iter().flat_map(entries) {
            for part in ["documents", "configs"] {
                self.tree(data, &workspace.join(part), &[])?;
            }
            for run in entries(&workspace.join("runs")) {
                let left_out = RunFolder::at(&run).left_out_of_backup(about.outputs);
                self.tree(data, &run, &left_out)?;
            }
        }
        Ok(())
    }

    /// Adds a folder or file with everything below it, except `left_out`. Skips what is deleted meanwhile.
    fn tree(&mut self, data: &Path, path: &Path, left_out: &[PathBuf]) -> io::Result<()> {
        let (Ok(found), Ok(below)) = (fs::symlink_metadata(path), path.strip_prefix(data)) else {
            return Ok(());
        };
        let is_unfinished = files::name_of(path).starts_with(files::UNFINISHED);
        if is_unfinished || left_out.iter().any(|left| left == path) {
            return Ok(());
        }
        if found.is_file() {
            return self.file(path, below);
        }
        if found.is_dir() {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Directory);
            header.set_mode(found.permissions().mode());
            header.set_size(0);
            self.tar.append_data(&mut header, below, io::empty())?;
            for entry in entries(path) {
                self.tree(data, &entry, left_out)?;
            }
        }
        Ok(())
    }

    /// Adds a file with its current length: a log may grow meanwhile.
    fn file(&mut self, path: &Path, below: &Path) -> io::Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let found = file.metadata()?;
        self.entry(below, found.permissions().mode(), found.len(), file)
    }

    fn entry(&mut self, below: &Path, mode: u32, size: u64, bytes: impl Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_size(size);
        // The entry must be as long as its header says, even if the file shrinks.
        let bytes = bytes.chain(io::repeat(0)).take(size);
        self.tar.append_data(&mut header, below, bytes)?;
        self.files += 1;
        Ok(())
    }

    /// Returns the number of files in the archive.
    fn finish(mut self) -> io::Result<u64> {
        self.tar.finish()?;
        self.tar.into_inner()?.finish()?.flush()?;
        // [`BackupManifest`] is no file of the data directory.
        Ok(self.files - 1)
    }
}

/// Returns the entries of a folder, sorted by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = files::entries(folder);
    let mut entries: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    entries.sort_unstable();
    entries
}

/// Calls `each` with every entry of an archive, in order.
pub(super) fn read(
    mut file: &File,
    mut each: impl FnMut(&Path, &mut dyn Read, &tar::Header) -> io::Result<()>,
) -> io::Result<()> {
    io::Seek::rewind(&mut file)?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let header = entry.header().clone();
        each(&path, &mut entry, &header)?;
    }
    // The checksum comes after the end of the archive.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map(drop)
}

pub(super) fn damaged(file: &Path, reason: &str) -> Error {
    let message = format!("{} is not a complete backup: {reason}", file.display());
    Error::new(ProblemKind::Database, code::INPUT_UNREADABLE, message)
        .hint("nothing was changed; use another backup")
}

/// Reads a whole backup, and writes its database to `to` if given. Returns its description and its number of files.
pub(super) fn look_through(
    opened: &File,
    file: &Path,
    to: Option<&Path>,
) -> Result<(BackupManifest, u64), Error> {
    let damaged = |reason: String| damaged(file, &reason);
    let mut about: Option<BackupManifest> = None;
    let mut has_database = false;
    let mut files = 0;
    let looked = read(opened, |path, bytes, header| {
        if about.is_none() && path == Path::new(ABOUT) {
            let mut text = String::new();
            bytes.take(1 << 16).read_to_string(&mut text)?;
            about = Some(serde_json::from_str(&text)?);
            return Ok(());
        }
        let kind = header.entry_type();
        if about.is_none() || !files::stays_below(path) || !(kind.is_file() || kind.is_dir()) {
            let words = format!("it has an unexpected entry, {}", path.display());
            return Err(io::Error::other(words));
        }
        files += u64::from(kind.is_file());
        let is_database = path == Path::new(DATABASE);
        has_database |= is_database;
        match to.filter(|_| is_database) {
            Some(to) => io::copy(bytes, &mut File::create(to)?).map(drop),
            None => io::copy(bytes, &mut io::sink()).map(drop),
        }
    });
    if let Some(about) = &about {
        let newest = store::newest_schema();
        if about.format > FORMAT || about.schema_version > newest {
            let (file, by) = (file.display(), &about.ade_version);
            let message = format!("{file} was made by a newer ade ({by})");
            return Err(
                Error::new(ProblemKind::Database, code::DATABASE_NEWER, message)
                    .hint("nothing was changed; use that version of ade, or a newer one"),
            );
        }
    }
    match (looked, to) {
        // If the disk is full, the backup is not at fault.
        (Err(error), Some(to)) if error.kind() == io::ErrorKind::StorageFull => {
            return Err(FileError::on("write", to)(error).into());
        }
        (looked, _) => looked.map_err(|error| damaged(error.to_string()))?,
    }
    match about {
        Some(about) if has_database => Ok((about, files)),
        _ => Err(damaged("it has no database".to_owned())),
    }
}
