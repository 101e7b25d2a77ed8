//! Archives: the sender's is read part by part, and parts without an edit are copied in packed form.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::painting::refusal::Trouble;

/// The maximum size of a part other than a sheet in bytes. The comments of a hundred thousand cells take a quarter of it.
pub const MAX_PART_BYTES: u64 = 256 << 20;
/// The maximum size of an edited sheet in bytes, because its text is held whole. A full sheet of 20 columns takes 800 MB.
pub const MAX_SHEET_BYTES: u64 = 1 << 30;
/// The size from which a part reserves a 64-bit size, because it may grow beyond what 32 bits can count.
const LARGE: u64 = 1 << 31;
/// The compression level. It is low because packing takes nearly all of the time of painting.
const LEVEL: i64 = 2;

/// The archive of the sender's workbook.
pub struct OoxmlPackage {
    zip: ZipArchive<BufReader<File>>,
    /// The stored names, in the archive's order.
    names: Vec<String>,
    /// The positions by folded name.
    positions: HashMap<String, usize>,
    /// The folded names of the original's parts and of new parts.
    taken: BTreeSet<String>,
}

impl OoxmlPackage {
    /// Opens an archive. If the file is none, `words` returns the error.
    pub fn open(file: File, words: impl FnOnce() -> Trouble) -> Result<Self, Trouble> {
        let Ok(mut zip) = ZipArchive::new(BufReader::new(file)) else {
            return Err(words());
        };
        let (mut names, mut positions) = (Vec::new(), HashMap::new());
        let has_twice = zip.has_duplicate_names();
        for index in 0..zip.len() {
            let entry = zip
                .by_index_raw(index)
                .map_err(|error| damaged("", error))?;
            let name = entry
                .name()
                .map_err(|error| damaged("", error))?
                .into_owned();
            if entry.encrypted() {
                return Err(Trouble::Encrypted);
            }
            if positions.insert(folded(&name), index).is_some() || has_twice {
                return Err(Trouble::part(&name, "is in the archive twice"));
            }
            names.push(name);
        }
        let taken = positions.keys().cloned().collect();
        Ok(Self {
            zip,
            names,
            positions,
            taken,
        })
    }

    /// Returns the names of all parts, in the archive's order.
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Returns whether the archive has a part, in any spelling.
    pub fn has(&self, part: &str) -> bool {
        self.positions.contains_key(&folded(part))
    }

    fn position(&self, part: &str) -> Result<usize, Trouble> {
        let position = self.positions.get(&folded(part)).copied();
        position.ok_or_else(|| Trouble::part(part, "is missing"))
    }

    /// Returns a part's name as it is stored. The name of a new part stays the same.
    pub fn stored(&self, part: &str) -> String {
        let position = self.position(part);
        position.map_or_else(|_| part.to_owned(), |position| self.names[position].clone())
    }

    /// Returns the unpacked size in bytes that the archive declares for a part.
    pub fn size(&mut self, part: &str) -> u64 {
        let entry = self.position(part).ok();
        let entry = entry.and_then(|position| self.zip.by_index_raw(position).ok());
        entry.map_or(0, |entry| entry.size())
    }

    /// Returns a name that no part has: `pattern` with a number in place of `#`.
    pub fn free_name(&mut self, pattern: &str) -> String {
        let names = (1..).map(|number: usize| pattern.replace('#', &number.to_string()));
        let mut free = names.filter(|name| self.taken.insert(folded(name)));
        // There are more numbers than names.
        free.next().unwrap_or_default()
    }

    /// Reserves a name. Returns whether it was free.
    pub fn reserve(&mut self, name: &str) -> bool {
        self.taken.insert(folded(name))
    }

    /// Unpacks a part as a stream.
    pub fn open_part(&mut self, part: &str) -> Result<impl Read + '_, Trouble> {
        let position = self.position(part)?;
        self.zip
            .by_index(position)
            .map_err(|error| damaged(part, error))
    }

    /// Unpacks a part of at most `most` bytes.
    pub fn bytes(&mut self, part: &str, most: u64) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::with_capacity(self.size(part).min(most.min(64 << 20)) as usize);
        self.open_part(part)?
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(part, error.into()))?;
        if bytes.len() as u64 > most {
            return Err(Trouble::TooLarge {
                part: part.to_owned(),
                most,
            });
        }
        Ok(bytes)
    }

    /// Reads a part as text. UTF-16 would be allowed (ECMA-376 part 2, "XML Usage"), but no known writer uses it.
    pub fn text_within(&mut self, part: &str, most: u64) -> Result<String, Trouble> {
        let bytes = self.bytes(part, most)?;
        String::from_utf8(bytes).map_err(|_| Trouble::part(part, "is not in UTF-8"))
    }

    /// Reads a part other than a sheet as text.
    pub fn text(&mut self, part: &str) -> Result<String, Trouble> {
        self.text_within(part, MAX_PART_BYTES)
    }

    /// Copies a part in packed form, with its time.
    pub fn copy(&mut self, part: &str, copy: &mut PackageCopy) -> Result<(), Trouble> {
        let position = self.position(part)?;
        let entry = self.zip.by_index_raw(position);
        let entry = entry.map_err(|error| damaged(part, error))?;
        copy.zip.raw_copy_file(entry).map_err(unwritable)
    }
}

fn damaged(part: &str, error: zip::result::ZipError) -> Trouble {
    match error {
        zip::result::ZipError::Io(error) if error.raw_os_error().is_some() => Trouble::Read(error),
        error => Trouble::part(part, format!("cannot be unpacked: {error}")),
    }
}

fn unwritable(error: zip::result::ZipError) -> Trouble {
    Trouble::Write(error.into())
}

/// Returns the error that a part cannot be edited because several sheets share it.
pub fn shared(part: &str) -> Trouble {
    Trouble::part(part, "belongs to two sheets")
}

/// Folds a part's name: case does not matter (ECMA-376 part 2, "Part Names"), and some writers use `\`.
pub fn folded(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.trim_start_matches('/').to_ascii_lowercase()
}

/// The archive of the painted copy.
pub struct PackageCopy {
    zip: ZipWriter<BufWriter<File>>,
    /// The folded names of its parts.
    written: BTreeSet<String>,
}

impl PackageCopy {
    /// Begins an archive in an empty file.
    pub fn new(file: File) -> Self {
        Self {
            zip: ZipWriter::new(BufWriter::with_capacity(1 << 17, file)),
            written: BTreeSet::new(),
        }
    }

    /// Begins a part, which subsequent writes fill. `expected`: its approximate size in bytes.
    ///
    /// New parts have no time, so that the same marks make the same file.
    pub fn start(&mut self, part: &str, expected: u64) -> Result<&mut impl Write, Trouble> {
        if !self.written.insert(folded(part)) {
            return Err(shared(part));
        }
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::default())
            .large_file(expected >= LARGE);
        self.zip.start_file(part, options).map_err(unwritable)?;
        Ok(&mut self.zip)
    }

    /// Writes a whole part.
    pub fn put(&mut self, part: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let out = self.start(part, bytes.len() as u64)?;
        out.write_all(bytes).map_err(Trouble::Write)
    }

    /// Writes the archive's directory and returns the file.
    pub fn finish(self) -> Result<File, Trouble> {
        let file = self.zip.finish().map_err(unwritable)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        file.map_err(Trouble::Write)
    }
}
