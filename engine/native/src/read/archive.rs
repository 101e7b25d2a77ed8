//! Reads zip archives, the container of every `.xlsx` file.
//!
//! It supports only the features that workbooks need, and tolerates files from many programs: zip64, data descriptors (the
//! central directory counts; local headers only give the position of the data), bytes before the archive, names with
//! backslashes or in another case. Parts are read as streams, if necessary from several threads at once. No memory is allocated
//! from sizes that the file merely declares.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use foldhash::HashMap;

use super::foreign;
use crate::error::{Result, SourceError};

const END_OF_DIRECTORY: &[u8; 4] = b"PK\x05\x06";
const END_OF_DIRECTORY_64_LOCATOR: &[u8; 4] = b"PK\x06\x07";
const END_OF_DIRECTORY_64: &[u8; 4] = b"PK\x06\x06";
const DIRECTORY_ENTRY: &[u8; 4] = b"PK\x01\x02";
const END_BYTES: usize = 22;
/// The maximum size of a central directory; no workbook has a larger one.
const MAXIMUM_DIRECTORY_BYTES: u64 = 64 << 20;

/// A file in the archive.
#[derive(Debug, Clone)]
struct ZipEntry {
    method: u16,
    encrypted: bool,
    checksum: u32,
    compressed: u64,
    header_at: u64,
}

/// An archive whose directory was read.
#[derive(Debug)]
pub struct ZipArchive {
    path: String,
    file: Arc<File>,
    length: u64,
    entries: HashMap<String, ZipEntry>,
    folded: HashMap<String, String>,
    most_unpacked: u64,
}

impl ZipArchive {
    /// Opens an archive and reads its directory.
    ///
    /// # Errors
    /// If the file cannot be read, is no archive, or its directory is damaged.
    pub fn open(path: &str) -> Result<Self> {
        let file = File::open(path).map_err(SourceError::io(path))?;
        let length = file.metadata().map_err(SourceError::io(path))?.len();
        let mut archive = Self {
            path: path.to_owned(),
            file: Arc::new(file),
            length,
            entries: HashMap::default(),
            folded: HashMap::default(),
            most_unpacked: u64::MAX,
        };
        archive.read_directory()?;
        Ok(archive)
    }

    /// Returns the path of the archive, as given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Sets the maximum unpacked size of a part. Larger parts fail while they are read.
    pub fn limit_parts(&mut self, most_unpacked: u64) {
        self.most_unpacked = most_unpacked;
    }

    /// Returns the approximate number of bytes that the directory takes, assuming short names.
    pub fn heap_bytes(&self) -> usize {
        self.entries.len() * 2 * (size_of::<(String, ZipEntry)>() + 64)
    }

    /// Returns the stored name of a part: exactly this name, or else the same name in another spelling.
    pub fn find(&self, name: &str) -> Option<&str> {
        if let Some((stored, _)) = self.entries.get_key_value(name) {
            return Some(stored);
        }
        self.folded.get(&fold(name)).map(String::as_str)
    }

    /// Opens a part as a stream of unpacked bytes. Its checksum is verified at its end.
    ///
    /// # Errors
    /// If the archive does not contain the part, or the part is encrypted or packed by an unknown method.
    pub fn open_part(&self, name: &str) -> Result<PartReader> {
        let entry = self
            .find(name)
            .and_then(|stored| self.entries.get(stored))
            .ok_or_else(|| SourceError::part(name, "it is missing"))?;
        if entry.encrypted {
            return Err(foreign::encrypted(&self.path));
        }
        let mut header = [0u8; 30];
        read_at(&self.file, entry.header_at, &mut header)
            .map_err(|_| SourceError::part(name, "its data is missing from the archive"))?;
        if header[..4] != foreign::ARCHIVE_START {
            return Err(SourceError::part(
                name,
                "its data is not where the archive says",
            ));
        }
        let data_at =
            entry.header_at + 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        let raw = FileRange {
            file: self.file.clone(),
            position: data_at,
            left: entry.compressed,
        };
        let raw = BufReader::with_capacity(1 << 16, raw);
        let unpacked = match entry.method {
            0 => PartStream::Stored(raw),
            8 => PartStream::Deflated(flate2::bufread::DeflateDecoder::new(raw)),
            method => {
                return Err(SourceError::part(
                    name,
                    format!("it is compressed with an unknown method ({method})"),
                ));
            }
        };
        Ok(PartReader {
            unpacked,
            expected: entry.checksum,
            checksum: crc32fast::Hasher::new(),
            left: self.most_unpacked,
            done: false,
        })
    }

    /// Reads a whole part of at most `limit` bytes.
    ///
    /// # Errors
    /// The errors of [`open_part`](Self::open_part), and if the part cannot be unpacked or is longer than `limit`.
    pub fn read_part(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open_part(name)?
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| SourceError::part(name, error.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(SourceError::part(
                name,
                "it is unusually large, so ADE does not read it",
            ));
        }
        Ok(bytes)
    }

    fn read_directory(&mut self) -> Result<()> {
        if self.length == 0 {
            return Err(SourceError::Empty {
                path: self.path.clone(),
            });
        }
        let Some((end_at, end)) = self.find_end()? else {
            return Err(self.explain_missing_end());
        };
        let mut count = u64::from(u16_at(&end, 10));
        let mut size = u64::from(u32_at(&end, 12));
        let mut offset = u64::from(u32_at(&end, 16));
        // The directory ends where the end record (or its 64-bit form) starts: bytes before the archive shift all positions.
        let mut directory_end = end_at;
        if let Some(record) = self.find_end_64(end_at)? {
            count = u64_at(&record.1, 32);
            size = u64_at(&record.1, 40);
            offset = u64_at(&record.1, 48);
            directory_end = record.0;
        }
        let damaged = || SourceError::CutShort {
            path: self.path.clone(),
        };
        let start = directory_end.checked_sub(size).ok_or_else(damaged)?;
        let shift = start.checked_sub(offset).ok_or_else(damaged)?;
        if size > MAXIMUM_DIRECTORY_BYTES {
            return Err(SourceError::NotAWorkbook {
                path: self.path.clone(),
                reason: "it contains far too many files".to_owned(),
            });
        }
        let mut directory = vec![0u8; size as usize];
        read_at(&self.file, start, &mut directory).map_err(|_| damaged())?;
        let mut rest = directory.as_slice();
        for _ in 0..count {
            if rest.len() < 46 || &rest[..4] != DIRECTORY_ENTRY {
                return Err(SourceError::NotAWorkbook {
                    path: self.path.clone(),
                    reason: "its list of files is damaged".to_owned(),
                });
            }
            let (name, extra, comment) = (
                u16_at(rest, 28) as usize,
                u16_at(rest, 30) as usize,
                u16_at(rest, 32) as usize,
            );
            let total = 46 + name + extra + comment;
            if rest.len() < total {
                return Err(damaged());
            }
            let mut entry = ZipEntry {
                encrypted: u16_at(rest, 8) & 1 != 0,
                method: u16_at(rest, 10),
                checksum: u32_at(rest, 16),
                compressed: u64::from(u32_at(rest, 20)),
                header_at: u64::from(u32_at(rest, 42)),
            };
            let unpacked = u32_at(rest, 24);
            read_extra_64(&rest[46 + name..46 + name + extra], unpacked, &mut entry);
            entry.header_at = entry.header_at.saturating_add(shift);
            // Some programs on Windows write names with backslashes.
            let name = String::from_utf8_lossy(&rest[46..46 + name]).replace('\\', "/");
            self.folded.insert(fold(&name), name.clone());
            self.entries.insert(name, entry);
            rest = &rest[total..];
        }
        Ok(())
    }

    /// Returns the end record and its position. A comment of up to 64 KiB may follow it.
    fn find_end(&self) -> Result<Option<(u64, Vec<u8>)>> {
        let tail_length = self.length.min((END_BYTES + 0xFFFF) as u64);
        let tail_at = self.length - tail_length;
        let mut tail = vec![0u8; tail_length as usize];
        read_at(&self.file, tail_at, &mut tail).map_err(SourceError::io(&self.path))?;
        let found = memchr::memmem::rfind_iter(&tail, END_OF_DIRECTORY)
            .find(|&at| tail.len() - at >= END_BYTES);
        Ok(found.map(|at| (tail_at + at as u64, tail[at..at + END_BYTES].to_vec())))
    }

    /// Returns the 64-bit end record and its position, if there is one.
    fn find_end_64(&self, end_at: u64) -> Result<Option<(u64, Vec<u8>)>> {
        let Some(locator_at) = end_at.checked_sub(20) else {
            return Ok(None);
        };
        let mut locator = [0u8; 20];
        if read_at(&self.file, locator_at, &mut locator).is_err()
            || &locator[..4] != END_OF_DIRECTORY_64_LOCATOR
        {
            return Ok(None);
        }
        // Its position is computed from that of the locator, because bytes before the archive shift it, too.
        let mut record = vec![0u8; 56];
        for at in [locator_at.checked_sub(56), Some(u64_at(&locator, 8))]
            .into_iter()
            .flatten()
        {
            if read_at(&self.file, at, &mut record).is_ok() && &record[..4] == END_OF_DIRECTORY_64 {
                return Ok(Some((at, record)));
            }
        }
        Err(SourceError::CutShort {
            path: self.path.clone(),
        })
    }

    /// Returns the reason why the file has no end record.
    fn explain_missing_end(&self) -> SourceError {
        let mut start = vec![0u8; self.length.min(foreign::START_BYTES) as usize];
        match read_at(&self.file, 0, &mut start) {
            Ok(()) => foreign::instead_of_archive(&self.path, &start),
            Err(error) => SourceError::io(&self.path)(error),
        }
    }
}

/// A part of the archive as a stream.
pub struct PartReader {
    unpacked: PartStream,
    expected: u32,
    checksum: crc32fast::Hasher,
    /// The number of bytes that may still follow.
    left: u64,
    done: bool,
}

enum PartStream {
    Stored(BufReader<FileRange>),
    Deflated(flate2::bufread::DeflateDecoder<BufReader<FileRange>>),
}

impl Read for PartReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        let count = match &mut self.unpacked {
            PartStream::Stored(reader) => reader.read(buffer),
            PartStream::Deflated(reader) => reader.read(buffer),
        }
        .map_err(|error| {
            io::Error::new(error.kind(), format!("it cannot be unpacked ({error})"))
        })?;
        if count == 0 {
            self.done = true;
            if self.checksum.clone().finalize() != self.expected {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its checksum is wrong",
                ));
            }
        }
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("it is too large when it is unpacked"))?;
        self.checksum.update(&buffer[..count]);
        Ok(count)
    }
}

/// A range of a file, read without moving the file's own position.
struct FileRange {
    file: Arc<File>,
    position: u64,
    left: u64,
}

impl Read for FileRange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.left.min(buffer.len() as u64) as usize;
        let count = read_some_at(&self.file, self.position, &mut buffer[..wanted])?;
        self.position += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_some_at(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_some_at(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

fn read_at(file: &File, mut position: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_some_at(file, position, buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                position += count as u64;
                buffer = &mut buffer[count..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads 64-bit sizes from an entry's extra fields, if the 32-bit ones refer to them.
fn read_extra_64(mut extra: &[u8], unpacked: u32, entry: &mut ZipEntry) {
    while extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), u16_at(extra, 2) as usize);
        let Some(mut field) = extra.get(4..4 + length) else {
            return;
        };
        if kind == 1 {
            let mut next = || {
                let value = field.get(..8).map(|bytes| u64_at(bytes, 0));
                field = field.get(8..).unwrap_or_default();
                value
            };
            if unpacked == u32::MAX {
                next();
            }
            if entry.compressed == u64::from(u32::MAX)
                && let Some(value) = next()
            {
                entry.compressed = value;
            }
            if entry.header_at == u64::from(u32::MAX)
                && let Some(value) = next()
            {
                entry.header_at = value;
            }
            return;
        }
        extra = &extra[4 + length..];
    }
}

fn fold(name: &str) -> String {
    name.trim_start_matches(['/', '\\'])
        .replace('\\', "/")
        .to_ascii_lowercase()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
