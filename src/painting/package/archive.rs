//! Archives: that of the sender is read part by part; what is not edited is copied as it is packed.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::painting::refusal::Trouble;

/// No part other than a sheet is larger: the comments of a hundred thousand cells take a quarter of it.
pub const MOST_PART: u64 = 256 << 20;
/// No sheet that is edited is larger: its text is held whole. A full sheet of 20 columns takes 800 MB.
pub const MOST_SHEET: u64 = 1 << 30;
/// Parts that grow beyond what 32 bits count get sizes of 64 bits; they are reserved for those that may.
const LARGE: u64 = 1 << 31;
/// Fast: packing is nearly all of the time that painting takes.
const LEVEL: i64 = 2;

/// The sender's archive.
pub struct Package {
    zip: ZipArchive<BufReader<File>>,
    /// Stored names, in the archive's order.
    names: Vec<String>,
    /// Positions by folded name.
    positions: HashMap<String, usize>,
    /// Folded names of the original's parts and of those that are new.
    taken: BTreeSet<String>,
}

impl Package {
    /// Opens an archive; `words` says what the file is if it is none.
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

    /// The names of all parts, in the archive's order.
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Whether it holds a part, in whatever spelling.
    pub fn has(&self, part: &str) -> bool {
        self.positions.contains_key(&folded(part))
    }

    fn position(&self, part: &str) -> Result<usize, Trouble> {
        let position = self.positions.get(&folded(part)).copied();
        position.ok_or_else(|| Trouble::part(part, "is missing"))
    }

    /// A part's name as it is stored; that of a new part as it is.
    pub fn stored(&self, part: &str) -> String {
        let position = self.position(part);
        position.map_or_else(|_| part.to_owned(), |position| self.names[position].clone())
    }

    /// How many bytes a part says to unpack to.
    pub fn size(&mut self, part: &str) -> u64 {
        let entry = self.position(part).ok();
        let entry = entry.and_then(|position| self.zip.by_index_raw(position).ok());
        entry.map_or(0, |entry| entry.size())
    }

    /// A name that no part has: `pattern` with a number in the place of `#`.
    pub fn free_name(&mut self, pattern: &str) -> String {
        let names = (1..).map(|number: usize| pattern.replace('#', &number.to_string()));
        let mut free = names.filter(|name| self.taken.insert(folded(name)));
        // There are more numbers than names.
        free.next().unwrap_or_default()
    }

    /// Reserves a name, if it is free.
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

    /// Unpacks a part that has at most so many bytes.
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

    /// A part as text. Writers may use UTF-16 (ECMA-376 part 2, "XML Usage"); none is known to.
    pub fn text_within(&mut self, part: &str, most: u64) -> Result<String, Trouble> {
        let bytes = self.bytes(part, most)?;
        String::from_utf8(bytes).map_err(|_| Trouble::part(part, "is not in UTF-8"))
    }

    /// The same for all parts but sheets.
    pub fn text(&mut self, part: &str) -> Result<String, Trouble> {
        self.text_within(part, MOST_PART)
    }

    /// Copies a part as it is packed, with its time.
    pub fn copy(&mut self, part: &str, copy: &mut Copy) -> Result<(), Trouble> {
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

/// A part that several sheets share cannot be edited for one of them.
pub fn shared(part: &str) -> Trouble {
    Trouble::part(part, "belongs to two sheets")
}

/// Part names are equal whatever the case of their letters (ECMA-376 part 2, "Part Names"); some writers use `\`.
pub fn folded(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.trim_start_matches('/').to_ascii_lowercase()
}

/// The archive of the painted copy.
pub struct Copy {
    zip: ZipWriter<BufWriter<File>>,
    /// Folded names of its parts.
    written: BTreeSet<String>,
}

impl Copy {
    /// Into an empty file.
    pub fn new(file: File) -> Self {
        Self {
            zip: ZipWriter::new(BufWriter::with_capacity(1 << 17, file)),
            written: BTreeSet::new(),
        }
    }

    /// Begins a part, which is written by what follows; `expected`: about how many bytes.
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

    /// Writes the directory.
    pub fn finish(self) -> Result<File, Trouble> {
        let file = self.zip.finish().map_err(unwritable)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        file.map_err(Trouble::Write)
    }
}
