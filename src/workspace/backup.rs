//! A backup of a data directory in one file, while workers go on: `ade backup`. What it holds is put back by
//! [`restore`](super::restore).
//!
//! The file is a tar archive, compressed as gzip does, of what the data directory has below it: first [`About`], then the database as
//! it was at one moment and has checked itself, then files that its records name: documents, configurations with their snapshots, and of each run its
//! input, its log and its audit record; its outputs where that is asked for. Environments and the cache are made again. Files are
//! read after the database, so that what it names is there, unless it was deleted since.

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
use crate::base::problem::{Error, Kind, code};
use crate::settings::Settings;
use crate::settings::paths::{DATABASE, IDENTITY, Paths, RunFolder};
use crate::store::{self, Location, Tables};

/// The name of the first entry.
pub(super) const ABOUT: &str = "backup.json";
/// Which form the archive has.
pub(super) const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Its form.
    pub(super) format: u32,
    /// The `ade` that made it.
    pub ade_version: String,
    /// The newest migration of its database.
    pub schema_version: i64,
    /// When it was made.
    pub made_at: String,
    /// Whether it has the outputs of runs.
    pub outputs: bool,
    /// Each table of its database with the number of its rows; one of an older `ade` does not say.
    #[serde(default)]
    pub tables: Tables,
}

/// What was backed up.
#[derive(Clone, Debug, Serialize)]
pub struct BackedUp {
    /// Where.
    pub file: PathBuf,
    /// How many files it holds, with the database.
    pub files: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Whether it has the outputs of runs.
    pub outputs: bool,
}

/// Backs up the data directory that the settings name into a file, which appears whole and, once it was checked, replaces an earlier
/// one.
///
/// # Errors
/// The data directory is not in one piece, its database cannot be used, or the file cannot be written.
pub fn backup(
    settings: &Settings,
    paths: &Paths,
    file: &Path,
    outputs: bool,
) -> Result<BackedUp, Error> {
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
    let about = About {
        format: FORMAT,
        ade_version: crate::VERSION.to_owned(),
        schema_version: schema.applied.last().map_or(0, |applied| applied.version),
        made_at: Timestamp::now().to_string(),
        outputs,
        tables,
    };
    let mut archive = Archive::new(beside.as_file_mut());
    let written = archive
        .write(paths, &about, &copied)
        .and_then(|()| archive.finish());
    let files = written.map_err(failed())?;
    let bytes = beside
        .as_file()
        .metadata()
        .map_or(0, |written| written.len());
    // It stays private: it holds what senders sent.
    beside.as_file().sync_all().map_err(failed())?;
    // Nothing replaces an earlier backup that could not be restored.
    look_through(beside.as_file(), file, None)?;
    let settled = beside.persist(file).map_err(|error| error.error);
    settled.map_err(failed())?;
    files::sync_folder(folder);
    Ok(BackedUp {
        file: file.to_owned(),
        files,
        bytes,
        outputs,
    })
}

/// Returns where the database is.
///
/// # Errors
/// The settings put something outside of the data directory.
pub(super) fn demand_whole(settings: &Settings, paths: &Paths) -> Result<PathBuf, Error> {
    let location = store::location(settings, &paths.database())?;
    let Location::File(database) = location else {
        let message = format!("the database {} is on a server", location.shown().display());
        return Err(Error::usage(code::SETTINGS_INVALID, message)
            .hint("back it up with pg_dump, and the files with the means of their store: docs/how-to/several-hosts.md"));
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
                .hint("a backup is of a data directory in one piece: back the parts up with the means of their disks"))
        }
        None => Ok(database),
    }
}

/// The archive while it is written.
struct Archive<'a> {
    tar: tar::Builder<GzEncoder<BufWriter<&'a mut File>>>,
    files: u64,
}

impl<'a> Archive<'a> {
    fn new(file: &'a mut File) -> Self {
        let packed = GzEncoder::new(BufWriter::new(file), Compression::fast());
        let mut tar = tar::Builder::new(packed);
        tar.mode(tar::HeaderMode::Complete);
        Self { tar, files: 0 }
    }

    fn write(&mut self, paths: &Paths, about: &About, database: &Path) -> io::Result<()> {
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

    /// A folder or a file and all that is below it, without some. What is deleted meanwhile is not there.
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

    /// A file as long as it is now: a log may grow meanwhile.
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
        // Its entry is as long as its head says, whatever becomes of the file.
        let bytes = bytes.chain(io::repeat(0)).take(size);
        self.tar.append_data(&mut header, below, bytes)?;
        self.files += 1;
        Ok(())
    }

    /// Returns how many files there are.
    fn finish(mut self) -> io::Result<u64> {
        self.tar.finish()?;
        self.tar.into_inner()?.finish()?.flush()?;
        // What it says of itself is no file of the data directory.
        Ok(self.files - 1)
    }
}

/// What a folder holds, in the order of the names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = files::entries(folder);
    let mut entries: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    entries.sort_unstable();
    entries
}

/// Calls `each` with the entries of an archive, from its begin to its end.
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
    let message = format!("{} is no whole backup: {reason}", file.display());
    Error::new(Kind::Database, code::INPUT_UNREADABLE, message)
        .hint("nothing was changed; use another backup, or make one")
}

/// Reads a backup whole, and writes its database where that is asked for. Returns what it says of itself, and how many files it has.
pub(super) fn look_through(
    opened: &File,
    file: &Path,
    to: Option<&Path>,
) -> Result<(About, u64), Error> {
    let damaged = |reason: String| damaged(file, &reason);
    let mut about: Option<About> = None;
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
            let words = format!("it has an entry {}", path.display());
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
            return Err(Error::new(Kind::Database, code::DATABASE_NEWER, message)
                .hint("nothing was changed; use that ade, or a newer one"));
        }
    }
    match (looked, to) {
        // It is not what is read that is at fault.
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
