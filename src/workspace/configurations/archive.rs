//! Unpacks an uploaded archive, a ZIP or a gzip-compressed tar, and packs one.
//!
//! The archive is not trusted. A name that leads out of the folder, a link, a device or a repeated name ends the unpacking.
//! Entries and bytes are limited, and counted as they are unpacked, whatever the archive declares. Memory does not grow with
//! the archive, because entries are read one by one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use zip::read::{Config, ZipReadOptions};
use zip::unstable::read::ZipIterable;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::error::{self, bad_path};
use crate::base::digest;
use crate::base::digest::CopyError;
use crate::base::files::FileError;
use crate::base::problem::Error;

/// The maximum number of entries of an archive, and of files of a draft.
const MAX_ARCHIVE_FILES: usize = 2000;
/// The maximum size of a file in bytes, unpacked.
pub const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;
/// The maximum size of all files in bytes, unpacked.
const MAX_TOTAL_BYTES: u64 = 128 * 1024 * 1024;
/// The maximum length of a path in bytes, and the maximum number of its parts.
const MAX_PATH_BYTES: usize = 400;
const MAX_PATH_PARTS: usize = 20;

/// The maximum size in bytes of a tar header that holds a name.
const MAX_TAR_HEADER_BYTES: u64 = 64 * 1024;
/// The maximum number of bytes that a tar adds to its files: a header, a long name and the padding of the last block for each.
const TAR_FRAME: u64 = MAX_ARCHIVE_FILES as u64 * 4096;

/// Checks the path of a file in a configuration's folder.
///
/// # Errors
/// The path leads elsewhere, or is not valid.
pub fn checked_path(path: &str) -> Result<PathBuf, Error> {
    match fault_of(path) {
        None => Ok(PathBuf::from(path)),
        Some(why) => Err(bad_path(path, why)),
    }
}

fn fault_of(path: &str) -> Option<&'static str> {
    let parts = || path.split('/');
    if path.is_empty() {
        Some("it is empty")
    } else if path.starts_with('/') {
        Some("it is absolute")
    } else if path.contains('\\') || path.chars().any(char::is_control) {
        Some("it has a backslash or a control character")
    } else if parts().any(|part| part == "..") {
        Some("it leads out of the folder")
    } else if parts().any(|part| part.is_empty() || part == ".") {
        Some("a part of it is empty or only a dot")
    } else if path.len() > MAX_PATH_BYTES
        || parts().count() > MAX_PATH_PARTS
        || parts().any(|part| part.len() > 200)
    {
        Some("it is too long or has too many folders")
    } else {
        None
    }
}

/// Refuses more files or bytes than a draft may have. `what` names their owner.
pub(super) fn demand_room(what: &str, files: usize, bytes: u64) -> Result<(), Error> {
    match files > MAX_ARCHIVE_FILES {
        true => Err(error::too_large(
            what,
            format_args!("{MAX_ARCHIVE_FILES} files"),
        )),
        false if bytes > MAX_TOTAL_BYTES => Err(error::too_large(
            what,
            format_args!("{MAX_TOTAL_BYTES} bytes"),
        )),
        false => Ok(()),
    }
}

/// Unpacks an archive into an existing, empty folder.
///
/// # Errors
/// The file is no archive, an entry is refused, or the folder cannot be written to.
pub fn unpack(archive: &mut File, into: &Path) -> Result<(), Error> {
    let mut magic = [0; 4];
    let known = archive.read(&mut magic).and_then(|read| {
        archive.seek(SeekFrom::Start(0))?;
        Ok(&magic[..read])
    });
    let known = known.map_err(FileError::on("read", "the archive".as_ref()))?;
    let mut unpacking = ArchiveUnpacker {
        into,
        entries: 0,
        bytes: 0,
        files: 0,
    };
    if known.starts_with(b"PK") {
        unzip(archive, &mut unpacking)?;
    } else if known.starts_with(&[0x1f, 0x8b]) {
        untar(archive, &mut unpacking)?;
    } else {
        return Err(error::archive(
            "it is neither a ZIP nor compressed with gzip",
        ));
    }
    if unpacking.files == 0 {
        return Err(error::archive("it holds no file"));
    }
    Ok(())
}

/// Packs files of a folder, given by their relative paths, into an archive for [`unpack`]. Returns the archive at its
/// beginning.
///
/// # Errors
/// [`unpack`] would refuse the archive: there are too many files, one is too large, or has an invalid name. Or a file is behind
/// a link that leads out of the folder, cannot be read, or the archive cannot be written.
pub(super) fn pack<'a>(
    folder: &Path,
    files: impl Iterator<Item = &'a str>,
    archive: File,
) -> Result<File, Error> {
    let unwritable = |error: io::Error| FileError::on("write", "the archive".as_ref())(error);
    let mut zip = ZipWriter::new(archive);
    let root = fs::canonicalize(folder).map_err(FileError::on("read", folder))?;
    let (mut count, mut bytes) = (0, 0);
    for file in files {
        let path = folder.join(checked_path(file)?);
        let real = fs::canonicalize(&path).map_err(FileError::on("read", &path))?;
        if !real.starts_with(&root) {
            return Err(bad_path(file, "it is a link that leads out of the folder"));
        }
        let content = File::open(&real).map_err(FileError::on("read", &path))?;
        let mut content = content.take(MAX_FILE_BYTES + 1);
        let begun = zip.start_file(file, SimpleFileOptions::default().unix_permissions(0o644));
        begun.map_err(|error| unwritable(error.into()))?;
        let size = io::copy(&mut content, &mut zip).map_err(unwritable)?;
        (count, bytes) = (count + 1, bytes + size);
        if size > MAX_FILE_BYTES {
            return Err(error::too_large(file, format!("{MAX_FILE_BYTES} bytes")));
        }
        demand_room("the configuration", count, bytes)?;
    }
    let mut archive = zip.finish().map_err(|error| unwritable(error.into()))?;
    archive.rewind().map_err(unwritable)?;
    Ok(archive)
}

fn unzip(archive: &mut File, unpacking: &mut ArchiveUnpacker<'_>) -> Result<(), Error> {
    let damaged = |error: zip::result::ZipError| {
        error::archive(format!("it is an incomplete or damaged ZIP ({error})"))
    };
    let contents = archive
        .try_clone()
        .map_err(FileError::on("read", "the archive".as_ref()))?;
    let mut contents = BufReader::new(contents);
    let mut zip = ZipIterable::try_new(BufReader::new(archive), Config::default())
        .map_err(damaged)?
        .enforce_header_consistency(true);
    if zip.len() > MAX_ARCHIVE_FILES {
        return Err(too_many());
    }
    for entry in zip.files().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = text_of(entry.name_raw())?;
        let is_folder = entry.is_dir();
        if entry.encrypted() {
            return Err(about(&name, "is encrypted"));
        }
        if let Some(mode) = entry.unix_mode() {
            // On other systems, the modes in archives may lack a file type.
            let expected = if is_folder {
                libc::S_IFDIR
            } else {
                libc::S_IFREG
            };
            let kind = mode & libc::S_IFMT;
            if kind != 0 && kind != expected {
                return Err(about(&name, "is a link or a special file"));
            }
        }
        if is_folder {
            unpacking.folder(&name)?;
            continue;
        }
        // Both readers share one position in the file, so each seeks before it reads.
        let mut content = entry
            .with_reader(&mut contents, ZipReadOptions::new())
            .map_err(|error| about(&name, &format!("cannot be read ({error})")))?;
        unpacking.file(&name, &mut content)?;
    }
    Ok(())
}

fn untar(archive: &mut File, unpacking: &mut ArchiveUnpacker<'_>) -> Result<(), Error> {
    use tar::EntryType;
    let damaged = |error: io::Error| {
        error::archive(format!("it is an incomplete or damaged .tar.gz ({error})"))
    };
    let limited = LimitedReader {
        inner: MultiGzDecoder::new(BufReader::new(archive)),
        left: MAX_TOTAL_BYTES + TAR_FRAME,
    };
    let mut tar = tar::Archive::new(limited);
    // A name that does not fit into a header comes before it, in an entry of its own. Reading raw entries keeps such a name out
    // of memory, however long it claims to be.
    let mut long = None;
    for entry in tar.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        if let EntryType::GNULongName | EntryType::XHeader = kind {
            if entry.size() > MAX_TAR_HEADER_BYTES {
                return Err(error::archive("a name in it is too long"));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(damaged)?;
            long = long_name(kind, bytes).or(long);
            continue;
        }
        let name = match long.take() {
            Some(name) => text_of(&name)?,
            None => text_of(&entry.path_bytes())?,
        };
        match kind {
            EntryType::Directory => unpacking.folder(&name)?,
            EntryType::Regular | EntryType::Continuous => unpacking.file(&name, &mut entry)?,
            // Git records the commit here.
            EntryType::XGlobalHeader => unpacking.count()?,
            _ => return Err(about(&name, "is a link or a special file")),
        }
    }
    Ok(())
}

/// Returns a long name that comes before a header: all of `bytes` for GNU tar, the `path` extension, if any, for POSIX tar.
fn long_name(kind: tar::EntryType, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    if kind.is_gnu_longname() {
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        return Some(bytes);
    }
    let mut extensions = tar::PaxExtensions::new(&bytes).flatten();
    let path = extensions.find(|extension| extension.key_bytes() == b"path");
    path.map(|extension| extension.value_bytes().to_vec())
}

/// A reader that fails after a maximum number of bytes.
struct LimitedReader<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it unpacks to too many bytes")),
        }
        Ok(read)
    }
}

/// The state of an unpacking.
struct ArchiveUnpacker<'a> {
    into: &'a Path,
    entries: usize,
    bytes: u64,
    files: usize,
}

impl ArchiveUnpacker<'_> {
    fn count(&mut self) -> Result<(), Error> {
        self.entries += 1;
        if self.entries > MAX_ARCHIVE_FILES {
            return Err(too_many());
        }
        Ok(())
    }

    /// Returns the path for an entry. `None` if it is no part of the configuration.
    fn place(&mut self, name: &str) -> Result<Option<PathBuf>, Error> {
        self.count()?;
        // `tar` writes entries of the current folder as `./a`.
        let name = name.trim_end_matches('/');
        let name = name.strip_prefix("./").unwrap_or(name);
        if name == "." || is_of_the_system(name) {
            return Ok(None);
        }
        if let Some(why) = fault_of(name) {
            return Err(about(name, &format!("is refused: {why}")));
        }
        Ok(Some(self.into.join(name)))
    }

    fn folder(&mut self, name: &str) -> Result<(), Error> {
        let Some(path) = self.place(name)? else {
            return Ok(());
        };
        create_folder(&path, name)
    }

    fn file(&mut self, name: &str, content: &mut dyn Read) -> Result<(), Error> {
        let Some(path) = self.place(name)? else {
            return Ok(());
        };
        create_folder(path.parent().unwrap_or(self.into), name)?;
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path);
        let mut file = created.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => about(name, "is in it twice"),
            _ => FileError::on("write", &path)(error).into(),
        })?;
        let room = MAX_FILE_BYTES.min(MAX_TOTAL_BYTES - self.bytes);
        // One more byte distinguishes a file that is too large from one that just fits.
        let mut content = content.take(room + 1);
        let (_, size) = digest::copy(&mut content, &mut file).map_err(|error| match error {
            CopyError::Read(error) => about(name, &format!("cannot be unpacked ({error})")),
            CopyError::Write(error) => FileError::on("write", &path)(error).into(),
        })?;
        if size > room {
            return Err(if room == MAX_FILE_BYTES {
                about(name, &format!("has more than {MAX_FILE_BYTES} bytes"))
            } else {
                error::archive(format!("its files have more than {MAX_TOTAL_BYTES} bytes"))
            });
        }
        self.bytes += size;
        file.sync_all().map_err(FileError::on("write", &path))?;
        self.files += 1;
        Ok(())
    }
}

fn create_folder(path: &Path, name: &str) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            about(name, "is both a folder and a file")
        }
        _ => FileError::on("create the folder", path)(error).into(),
    })
}

/// Returns whether an entry is one that operating systems or Python add to folders.
fn is_of_the_system(name: &str) -> bool {
    name.split('/')
        .any(|part| part == "__MACOSX" || part == ".DS_Store" || part == "__pycache__")
}

fn text_of(name: &[u8]) -> Result<String, Error> {
    match std::str::from_utf8(name) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(about(
            &String::from_utf8_lossy(name),
            "has a name that is not UTF-8",
        )),
    }
}

fn about(name: &str, what: &str) -> Error {
    let shown: String = name.chars().take(100).collect();
    error::archive(format!("{shown:?} {what}"))
}

fn too_many() -> Error {
    error::archive(format!("it has more than {MAX_ARCHIVE_FILES} entries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_packed_where_they_stay_inside() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = |name: &str, to: &Path| {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        };
        fs::write(folder.path().join("a.py"), "a").unwrap();
        fs::write(other.path().join("key"), "secret").unwrap();
        link("inside.py", &folder.path().join("a.py"));
        link("outside.py", &other.path().join("key"));
        link("folder", other.path());
        let packed = |file: &str| {
            let files = ["a.py", file].into_iter();
            pack(folder.path(), files, tempfile::tempfile().unwrap()).map(drop)
        };
        assert!(packed("inside.py").is_ok());
        for outside in ["outside.py", "folder/key"] {
            let error = packed(outside).unwrap_err().to_string();
            assert!(error.contains("leads out of the folder"), "{error}");
        }
    }

    #[test]
    fn only_paths_that_stay_inside_are_taken() {
        for path in [
            "a",
            "src/ade_config/__init__.py",
            "größe/ü.csv",
            ".gitignore",
            "a..b/c",
        ] {
            assert_eq!(checked_path(path).unwrap(), Path::new(path));
        }
        let deep = "a/".repeat(MAX_PATH_PARTS) + "b";
        let long = format!("{}/b", "a".repeat(201));
        for path in [
            "",
            "/",
            "/a",
            "..",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "a\nb",
            "a\0b",
            deep.as_str(),
            long.as_str(),
        ] {
            assert!(checked_path(path).is_err(), "{path:?}");
        }
    }
}
