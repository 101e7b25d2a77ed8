//! Writes the zip archive of a workbook as a stream of parts.
//!
//! Any free thread deflates each piece of a part separately, and the results are joined in order: a deflate stream may be cut
//! at any flushed block. Sizes and checksums are written into the local headers afterwards, for readers that do not support
//! data descriptors.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Compress, Compression, FlushCompress};

use crate::cells::parts::processors;

/// The compression level. Level 1 is a third faster, but its files are a third larger.
const LEVEL: u32 = 2;
const MAXIMUM_THREADS: usize = 4;
/// The size from which a piece is packed in a thread; smaller pieces are packed at once.
const WORTHWHILE_BYTES: usize = 1 << 16;
/// The date 1980-01-01, the first in zip archives. A fixed date makes files with equal content equal.
const DATE: u16 = (1 << 5) | 1;

/// Writes an archive to a file.
pub struct PackageWriter {
    file: BufWriter<File>,
    position: u64,
    entries: Vec<PackageEntry>,
    open: Option<PackageEntry>,
    workers: Option<Workers>,
    own: Compress,
}

struct PackageEntry {
    name: String,
    header_at: u64,
    is_large: bool,
    checksum: crc32fast::Hasher,
    packed: u64,
    unpacked: u64,
}

/// A piece of a part before and after packing.
struct PackedPiece {
    bytes: Vec<u8>,
    packed: Vec<u8>,
    checksum: crc32fast::Hasher,
}

type PackedPieceReceiver = Receiver<PackedPiece>;

struct Workers {
    tasks: SyncSender<(Vec<u8>, Sender<PackedPiece>)>,
    waiting: std::collections::VecDeque<PackedPieceReceiver>,
    limit: usize,
}

impl PackageWriter {
    /// Starts an archive at the beginning of a file.
    pub fn new(file: File) -> Self {
        Self {
            file: BufWriter::with_capacity(1 << 18, file),
            position: 0,
            entries: Vec::new(),
            open: None,
            workers: None,
            own: Compress::new(Compression::new(LEVEL), false),
        }
    }

    /// Starts a part. `is_large` reserves room for 64-bit sizes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn start_part(&mut self, name: &str, is_large: bool) -> io::Result<()> {
        let entry = PackageEntry {
            name: name.to_owned(),
            header_at: self.position,
            is_large,
            checksum: crc32fast::Hasher::new(),
            packed: 0,
            unpacked: 0,
        };
        let header = entry.local_header();
        self.put(&header)?;
        self.open = Some(entry);
        Ok(())
    }

    /// Adds a piece to the part, and empties `bytes`.
    ///
    /// # Errors
    /// If the file cannot be written, or the packing threads have ended.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.len() < WORTHWHILE_BYTES {
            self.drain(0)?;
            let piece = pack(&mut self.own, std::mem::take(bytes));
            let mut spent = self.put_piece(piece)?;
            spent.clear();
            *bytes = spent;
            return Ok(());
        }
        if self.workers.is_none() {
            self.workers = Some(Workers::start());
        }
        let Some(workers) = &mut self.workers else {
            return Ok(());
        };
        let (answer, receiver) = channel();
        let capacity = bytes.capacity();
        let task = (std::mem::take(bytes), answer);
        if workers.tasks.send(task).is_err() {
            return Err(io::Error::other(
                "writing the workbook stopped unexpectedly; try again",
            ));
        }
        workers.waiting.push_back(receiver);
        let limit = workers.limit;
        *bytes = self
            .drain(limit)?
            .unwrap_or_else(|| Vec::with_capacity(capacity));
        bytes.clear();
        Ok(())
    }

    /// Ends the current part.
    ///
    /// # Errors
    /// If the file cannot be written, or the part is too large for the reserved sizes.
    pub fn end_part(&mut self) -> io::Result<()> {
        self.drain(0)?;
        // An empty last block ends the deflate stream.
        self.put(&[3, 0])?;
        let Some(mut entry) = self.open.take() else {
            return Ok(());
        };
        entry.packed += 2;
        if !entry.is_large
            && (entry.packed >= u64::from(u32::MAX) || entry.unpacked >= u64::from(u32::MAX))
        {
            return Err(io::Error::other(
                "a sheet became larger than 4 GiB; split the input",
            ));
        }
        let header = entry.local_header();
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(entry.header_at))?;
        file.write_all(&header)?;
        file.seek(SeekFrom::Start(self.position))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the central directory.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> io::Result<File> {
        let start = self.position;
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            self.put(&entry.directory_record())?;
        }
        let size = self.position - start;
        let count = entries.len() as u64;
        let mut end = Vec::new();
        if start >= u64::from(u32::MAX) {
            let record_at = self.position;
            end.extend_from_slice(b"PK\x06\x06");
            end.extend_from_slice(&44u64.to_le_bytes());
            end.extend_from_slice(&[45, 0, 45, 0]);
            end.extend_from_slice(&[0; 8]);
            for value in [count, count, size, start] {
                end.extend_from_slice(&value.to_le_bytes());
            }
            end.extend_from_slice(b"PK\x06\x07\0\0\0\0");
            end.extend_from_slice(&record_at.to_le_bytes());
            end.extend_from_slice(&1u32.to_le_bytes());
        }
        let count = (count as u16).to_le_bytes();
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        end.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        end.extend_from_slice(&[count, count].concat());
        end.extend_from_slice(&(size as u32).to_le_bytes());
        end.extend_from_slice(&start.to_le_bytes());
        end.extend_from_slice(&[0, 0]);
        self.put(&end)?;
        self.file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }

    /// Writes packed pieces until the workers have at most `limit`. Returns a buffer to reuse.
    fn drain(&mut self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut spent = None;
        while let Some(workers) = &mut self.workers
            && workers.waiting.len() > limit
            && let Some(answer) = workers.waiting.pop_front()
        {
            let piece = answer.recv().map_err(|_| {
                io::Error::other("writing the workbook stopped unexpectedly; try again")
            })?;
            spent = Some(self.put_piece(piece)?);
        }
        Ok(spent)
    }

    fn put_piece(&mut self, piece: PackedPiece) -> io::Result<Vec<u8>> {
        self.put(&piece.packed)?;
        if let Some(entry) = &mut self.open {
            entry.packed += piece.packed.len() as u64;
            entry.unpacked += piece.bytes.len() as u64;
            entry.checksum.combine(&piece.checksum);
        }
        Ok(piece.bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

impl Workers {
    fn start() -> Self {
        let threads = processors().min(MAXIMUM_THREADS);
        let (tasks, receiver) = sync_channel::<(Vec<u8>, Sender<PackedPiece>)>(threads);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..threads {
            let receiver = receiver.clone();
            let work = move || {
                let mut deflate = Compress::new(Compression::new(LEVEL), false);
                loop {
                    let task = receiver
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok((bytes, answer)) = task else { return };
                    // Nobody waits for the answer after writing failed.
                    drop(answer.send(pack(&mut deflate, bytes)));
                }
            };
            // If no thread can be started, nobody receives the first task, and writing fails with a message.
            drop(
                std::thread::Builder::new()
                    .name("ade-pack".to_owned())
                    .spawn(work),
            );
        }
        Self {
            tasks,
            waiting: std::collections::VecDeque::new(),
            limit: threads + 1,
        }
    }
}

/// Deflates a piece into whole blocks that end on a byte boundary.
fn pack(deflate: &mut Compress, bytes: Vec<u8>) -> PackedPiece {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&bytes);
    deflate.reset();
    let mut packed = Vec::with_capacity(bytes.len() / 4 + 64);
    loop {
        let read = deflate.total_in() as usize;
        let before = packed.len();
        let status = deflate.compress_vec(&bytes[read..], &mut packed, FlushCompress::Sync);
        let is_complete =
            deflate.total_in() as usize == bytes.len() && packed.len() < packed.capacity();
        if status.is_err() || is_complete {
            break;
        }
        if packed.len() == before || packed.len() == packed.capacity() {
            packed.reserve(packed.capacity().max(4096));
        }
    }
    PackedPiece {
        bytes,
        packed,
        checksum,
    }
}

impl PackageEntry {
    fn local_header(&self) -> Vec<u8> {
        let extra: u16 = if self.is_large { 20 } else { 0 };
        let mut header = [
            b"PK\x03\x04",
            self.common(self.is_large).as_slice(),
            &extra.to_le_bytes(),
            self.name.as_bytes(),
        ]
        .concat();
        if self.is_large {
            header.extend_from_slice(&[1, 0, 16, 0]);
            header.extend_from_slice(&self.unpacked.to_le_bytes());
            header.extend_from_slice(&self.packed.to_le_bytes());
        }
        header
    }

    /// Returns the fields that the local header and the directory share: from the required version to the length of the name.
    fn common(&self, sizes_are_elsewhere: bool) -> Vec<u8> {
        let version: u16 = if sizes_are_elsewhere { 45 } else { 20 };
        let size = |value: u64| match sizes_are_elsewhere {
            true => u32::MAX.to_le_bytes(),
            false => (value as u32).to_le_bytes(),
        };
        [
            version.to_le_bytes().as_slice(),
            &[0, 0, 8, 0, 0, 0],
            &DATE.to_le_bytes(),
            &self.checksum.clone().finalize().to_le_bytes(),
            &size(self.packed),
            &size(self.unpacked),
            &(self.name.len() as u16).to_le_bytes(),
        ]
        .concat()
    }

    fn directory_record(&self) -> Vec<u8> {
        let maximum = u64::from(u32::MAX);
        let needs_64 =
            self.packed >= maximum || self.unpacked >= maximum || self.header_at >= maximum;
        let (version, extra, header_at): (u16, u16, u32) = match needs_64 {
            true => (45, 28, u32::MAX),
            false => (20, 0, self.header_at as u32),
        };
        let mut record = [
            b"PK\x01\x02",
            version.to_le_bytes().as_slice(),
            &self.common(needs_64),
            &extra.to_le_bytes(),
            &[0; 10],
            &header_at.to_le_bytes(),
            self.name.as_bytes(),
        ]
        .concat();
        if needs_64 {
            record.extend_from_slice(&[1, 0, 24, 0]);
            for value in [self.unpacked, self.packed, self.header_at] {
                record.extend_from_slice(&value.to_le_bytes());
            }
        }
        record
    }
}
