//! A document with several sheets in one XML stream. It is read once for its structure, and again for each sheet, from the
//! start of that sheet. So a sheet takes memory only for its cells, however long the document is.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use super::archive::ZipArchive;
use super::read_ahead::ReadAhead;
use super::xml::{DecodedPart, XmlReader};
use crate::error::{Result, SourceError};

/// The maximum number of sheets in a document.
const MAXIMUM_SHEETS: usize = 8192;
/// The maximum number of bytes that may be skipped to reach all sheets, one after the other.
const MAX_PASSED_BYTES: u64 = 64 << 30;

/// The XML reader of a document.
pub type DocumentReader = XmlReader<DecodedPart<Box<dyn Read + Send>>>;

/// A document and the positions of its sheets.
#[derive(Debug)]
pub struct Document {
    path: String,
    archive: Option<ZipArchive>,
    part: &'static str,
    namespaces: &'static [&'static str],
    /// The tags that are open at the start of each sheet.
    open: Vec<u8>,
    open_count: usize,
    starts: Vec<u64>,
    passed: u64,
}

impl Document {
    /// Returns a document in a part of an archive.
    pub fn of_part(
        archive: ZipArchive,
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

    /// Returns a document in a whole file.
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

    /// Returns the archive that contains the document, if there is one.
    pub fn archive(&self) -> Option<&ZipArchive> {
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

    /// Returns a reader from the start of the document.
    ///
    /// # Errors
    /// If the document cannot be opened.
    pub fn read(&self) -> Result<DocumentReader> {
        Ok(XmlReader::new(self.source()?, self.part, self.namespaces))
    }

    /// Records the tag that was just read as open at the start of each sheet.
    pub fn note_open(&mut self, reader: &DocumentReader) {
        self.open.extend(reader.start_tag_in_part().0);
        self.open_count += 1;
    }

    /// Records that a sheet begins with the tag that was just read.
    ///
    /// # Errors
    /// If there are too many sheets.
    pub fn note_sheet(&mut self, reader: &DocumentReader) -> Result<()> {
        let (_, start) = reader.start_tag_in_part();
        self.passed += start;
        if self.starts.len() >= MAXIMUM_SHEETS || self.passed > MAX_PASSED_BYTES {
            return Err(reader.error("it has more sheets than can be read"));
        }
        self.starts.push(start);
        Ok(())
    }

    /// Returns a reader from the start of a sheet: its first event is the sheet's start tag.
    ///
    /// # Errors
    /// If the document cannot be opened or read up to the sheet.
    pub fn read_sheet(&self, sheet: usize) -> Result<DocumentReader> {
        let mut source = DecodedPart::new(self.source()?);
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

    /// Returns the number of bytes of memory that the document takes.
    pub fn heap_bytes(&self) -> usize {
        let archive = self.archive.as_ref().map_or(0, ZipArchive::heap_bytes);
        archive + self.open.len() + self.starts.len() * size_of::<u64>()
    }
}
