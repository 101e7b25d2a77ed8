//! A document of one XML stream that holds several sheets: it is read once for its structure, and again for each sheet, from where that
//! sheet begins. So a sheet costs no memory but its cells, however long the document is.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use super::archive::Archive;
use super::read_ahead::ReadAhead;
use super::xml::{Decoded, XmlReader};
use crate::error::{Result, SourceError};

/// A document with more sheets is refused.
const MAXIMUM_SHEETS: usize = 8192;
/// So much may be passed over to reach all sheets, one after the other.
const MOST_PASSED: u64 = 64 << 30;

/// What reads a document.
pub type Reader = XmlReader<Decoded<Box<dyn Read + Send>>>;

/// A document, and where its sheets begin.
#[derive(Debug)]
pub struct Document {
    path: String,
    archive: Option<Archive>,
    part: &'static str,
    namespaces: &'static [&'static str],
    /// The tags that are open where sheets begin.
    open: Vec<u8>,
    open_count: usize,
    starts: Vec<u64>,
    passed: u64,
}

impl Document {
    /// A part of an archive.
    pub fn of_part(
        archive: Archive,
        part: &'static str,
        namespaces: &'static [&'static str],
    ) -> Self {
        let path = archive.path().to_owned();
        Self {
            archive: Some(archive),
            part,
            ..Self::of_file(&path, namespaces)
        }
    }

    /// A whole file.
    pub fn of_file(path: &str, namespaces: &'static [&'static str]) -> Self {
        Self {
            path: path.to_owned(),
            archive: None,
            part: "the file",
            namespaces,
            open: Vec::new(),
            open_count: 0,
            starts: Vec::new(),
            passed: 0,
        }
    }

    /// The archive that it is a part of.
    pub fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    fn source(&self) -> Result<Box<dyn Read + Send>> {
        Ok(match &self.archive {
            Some(archive) => Box::new(archive.open_part(self.part)?),
            None => {
                let file = File::open(&self.path).map_err(SourceError::io(&self.path))?;
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
        })
    }

    /// Reads it from the start.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn read(&self) -> Result<Reader> {
        Ok(XmlReader::new(self.source()?, self.part, self.namespaces))
    }

    /// Notes a tag that is open where sheets begin, and was just read.
    pub fn note_open(&mut self, reader: &Reader) {
        self.open.extend(reader.start_tag_in_part().0);
        self.open_count += 1;
    }

    /// Notes that a sheet begins with the tag that was just read.
    ///
    /// # Errors
    /// When there are too many.
    pub fn note_sheet(&mut self, reader: &Reader) -> Result<()> {
        let (_, start) = reader.start_tag_in_part();
        self.passed += start;
        if self.starts.len() >= MAXIMUM_SHEETS || self.passed > MOST_PASSED {
            return Err(reader.error("it has more sheets than can be read"));
        }
        self.starts.push(start);
        Ok(())
    }

    /// Reads it from where a sheet begins: the first event is the start of this.
    ///
    /// # Errors
    /// When it cannot be opened or read so far.
    pub fn read_sheet(&self, sheet: usize) -> Result<Reader> {
        let mut source = Decoded::new(self.source()?);
        let start = self.starts[sheet];
        io::copy(&mut source.by_ref().take(start), &mut io::sink())
            .map_err(|error| SourceError::part(self.part, error.to_string()))?;
        let again: Box<dyn Read + Send> =
            Box::new(Cursor::new(self.open.clone()).chain(ReadAhead::new(source)));
        let mut reader = XmlReader::new(again, self.part, self.namespaces);
        while reader.depth() <= self.open_count {
            reader.advance()?;
        }
        Ok(reader)
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        let archive = self.archive.as_ref().map_or(0, Archive::heap_bytes);
        archive + self.open.len() + self.starts.len() * size_of::<u64>()
    }
}
