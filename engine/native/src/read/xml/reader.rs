//! Reads XML from bytes into start tags, end tags and text.

use std::io::Read;

use super::encoding::DecodedPart;
use super::namespaces::Namespaces;
use super::text::{XmlAttributes, append_decoded, attribute_text, local_part};
use crate::error::{Result, SourceError};

/// The maximum size of a token.
const MAXIMUM_TOKEN_BYTES: usize = 64 << 20;
const BUFFER_BYTES: usize = 1 << 14;
/// The maximum depth of nested elements.
const MAX_STYLE_DEPTH: usize = 256;

/// The type of the current token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A start tag; `own` is true if its name is in the requested namespaces. An empty element also has an [`Event::End`].
    Start { own: bool },
    /// An end tag, or the end of an empty element.
    End { own: bool },
    /// Text, with its entities unresolved: see [`XmlReader::append_text`].
    Text,
    /// The end of the part.
    Done,
}

/// Reads the XML of one part.
pub struct XmlReader<R> {
    source: R,
    part: String,
    buffer: Vec<u8>,
    /// The position of the next byte, and the end of the data that was read.
    position: usize,
    filled: usize,
    source_ended: bool,
    /// The size of the part before the buffer, in UTF-8.
    passed: u64,
    /// The current token: its name or text, and its attributes.
    name: (usize, usize),
    attributes: (usize, usize),
    is_character_data: bool,
    pending_end: bool,
    /// The concatenated names of the open elements, and the start of each name.
    open_names: Vec<u8>,
    open_starts: Vec<usize>,
    namespaces: Namespaces,
    seen_root: bool,
}

impl<R: Read> XmlReader<R> {
    /// Starts to read a part; `namespaces` are those whose elements the caller wants to recognise.
    pub fn new(
        source: R,
        part: &str,
        namespaces: &'static [&'static str],
    ) -> XmlReader<DecodedPart<R>> {
        XmlReader {
            source: DecodedPart::new(source),
            part: part.to_owned(),
            namespaces: Namespaces::new(namespaces),
            buffer: vec![0; BUFFER_BYTES],
            position: 0,
            filled: 0,
            source_ended: false,
            passed: 0,
            name: (0, 0),
            attributes: (0, 0),
            is_character_data: false,
            pending_end: false,
            open_names: Vec::new(),
            open_starts: Vec::new(),
            seen_root: false,
        }
    }

    /// Returns the name of the part, for messages.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// Returns an error about this part.
    pub fn error(&self, reason: impl Into<String>) -> SourceError {
        SourceError::part(&self.part, reason)
    }

    /// Returns the start tag as it is in the part, and the size of the part before it, in UTF-8.
    pub fn start_tag_in_part(&self) -> (Vec<u8>, u64) {
        let tag = &self.buffer[self.name.0..self.attributes.1];
        (
            [b"<", tag, b">"].concat(),
            self.passed + self.name.0 as u64 - 1,
        )
    }

    /// Returns the number of open elements, including that of the current start tag.
    pub fn depth(&self) -> usize {
        self.open_starts.len()
    }

    /// Returns the name of the element of a start or end tag, without its prefix.
    #[inline]
    pub fn local_name(&self) -> &[u8] {
        local_part(&self.buffer[self.name.0..self.name.1])
    }

    /// Returns the attributes of the start tag.
    #[inline]
    pub fn attributes(&self) -> XmlAttributes<'_> {
        XmlAttributes::new(&self.buffer[self.attributes.0..self.attributes.1])
    }

    /// Returns an attribute of the start tag by its local name, whatever its prefix, with entities resolved.
    pub fn attribute(&self, local_name: &str) -> Option<String> {
        self.attributes()
            .find(|(name, _)| local_part(name) == local_name.as_bytes())
            .map(|(_, value)| attribute_text(value))
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// If the part cannot be unpacked, or its XML is damaged or exceeds the limits of reading.
    #[inline]
    pub fn advance(&mut self) -> Result<Event> {
        if self.pending_end {
            self.pending_end = false;
            return Ok(self.close_element());
        }
        loop {
            if self.position == self.filled && !self.fill()? {
                return self.end_of_part();
            }
            let event = if self.buffer[self.position] == b'<' {
                self.markup()?
            } else {
                self.text()?
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    /// Reads the next token within the element at a depth. Returns `None` after its end. The depth 0 is the whole part.
    ///
    /// # Errors
    /// The errors of [`advance`](Self::advance).
    pub fn next_within(&mut self, depth: usize) -> Result<Option<Event>> {
        Ok(match self.advance()? {
            Event::End { .. } if self.depth() < depth => None,
            Event::Done => None,
            event => Some(event),
        })
    }

    /// Reads to the next start tag within the element at a depth. Returns whether it is in the requested namespaces, or `None`
    /// after the end of the element.
    ///
    /// # Errors
    /// The errors of [`advance`](Self::advance).
    pub fn next_start(&mut self, depth: usize) -> Result<Option<bool>> {
        while let Some(event) = self.next_within(depth)? {
            if let Event::Start { own } = event {
                return Ok(Some(own));
            }
        }
        Ok(None)
    }

    /// Appends the current text to `out`, with entities resolved and line ends as `\n`.
    ///
    /// # Errors
    /// If the text is not UTF-8, or contains an unknown entity.
    #[inline]
    pub fn append_text(&self, out: &mut String) -> Result<()> {
        let raw = &self.buffer[self.name.0..self.name.1];
        append_decoded(raw, self.is_character_data, out).map_err(|reason| self.error(reason))
    }

    /// Returns the current text as it is in the part.
    #[inline]
    pub fn raw_text(&self) -> &[u8] {
        &self.buffer[self.name.0..self.name.1]
    }

    /// Returns whether an end tag follows the current text, so that the text is the whole rest of its element. May return
    /// `false` only because too little was read ahead.
    #[inline]
    pub fn text_ends_element(&self) -> bool {
        self.buffer[self.position..self.filled].starts_with(b"</")
    }

    /// Returns the data that was read ahead, for callers that recognise frequent elements without their tokens. Returns nothing
    /// if elements without a prefix are not in the requested namespaces.
    #[inline]
    pub fn lookahead(&self) -> &[u8] {
        if self.namespaces.default_is_own() && !self.pending_end {
            &self.buffer[self.position..self.filled]
        } else {
            &[]
        }
    }

    /// Skips some bytes of [`lookahead`](Self::lookahead), which must be whole elements.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.filled);
    }

    /// Skips everything up to the end tag of the element whose start tag was just read.
    ///
    /// # Errors
    /// The errors of [`advance`](Self::advance).
    pub fn skip_element(&mut self) -> Result<()> {
        let depth = self.depth();
        loop {
            match self.advance()? {
                Event::End { .. } if self.depth() < depth => return Ok(()),
                Event::Done => return Ok(()),
                _ => {}
            }
        }
    }

    /// Skips to the end tag of the innermost open element without parsing, and so ignores damage on the way. Returns `false` if
    /// the tag is not in the next `most` bytes, or is missing.
    ///
    /// # Errors
    /// If the part cannot be unpacked, and the errors of `watch`, which is called now and then.
    pub fn skip_to_end_tag(
        &mut self,
        most: usize,
        mut watch: impl FnMut() -> Result<()>,
    ) -> Result<bool> {
        if self.pending_end {
            return Ok(true);
        }
        let Some(&start) = self.open_starts.last() else {
            return Ok(false);
        };
        let tag = [b"</", &self.open_names[start..]].concat();
        let finder = memchr::memmem::Finder::new(&tag);
        let mut passed = 0;
        loop {
            let rest = &self.buffer[self.position..self.filled];
            if let Some(found) = finder.find(rest) {
                self.position += found;
                return Ok(true);
            }
            // The end of the data may contain the start of the tag.
            let skipped = rest.len().saturating_sub(tag.len() - 1);
            self.position += skipped;
            passed += skipped;
            if passed > most {
                return Ok(false);
            }
            watch()?;
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Returns the direct text of the element whose start tag was just read, up to its end tag.
    ///
    /// # Errors
    /// The errors of [`element_text`](Self::element_text).
    pub fn element_string(&mut self) -> Result<String> {
        let mut text = String::new();
        self.element_text(&mut text)?;
        Ok(text)
    }

    /// Appends the direct text of the element whose start tag was just read, up to its end tag.
    ///
    /// # Errors
    /// The errors of [`advance`](Self::advance) and [`append_text`](Self::append_text).
    pub fn element_text(&mut self, out: &mut String) -> Result<()> {
        self.element_text_rest(self.depth(), out)
    }

    /// Appends the rest of the direct text of an element at `depth` that was partly read. Ignores text after a child.
    ///
    /// # Errors
    /// The errors of [`advance`](Self::advance) and [`append_text`](Self::append_text).
    pub fn element_text_rest(&mut self, depth: usize, out: &mut String) -> Result<()> {
        if self.depth() < depth {
            return Ok(());
        }
        let mut has_child = self.depth() > depth;
        loop {
            match self.advance()? {
                Event::Text if self.depth() == depth && !has_child => self.append_text(out)?,
                Event::Start { .. } => has_child = true,
                Event::End { .. } if self.depth() < depth => return Ok(()),
                Event::Done => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads more of the part, after the data that is still needed. Returns `false` at the end of the part.
    #[cold]
    fn fill(&mut self) -> Result<bool> {
        if self.source_ended {
            return Ok(false);
        }
        if self.position > 0 {
            self.buffer.copy_within(self.position..self.filled, 0);
            self.passed += self.position as u64;
            self.filled -= self.position;
            self.position = 0;
        }
        if self.filled == self.buffer.len() {
            if self.filled >= MAXIMUM_TOKEN_BYTES {
                return Err(self.error("it holds a single value of more than 64 MiB"));
            }
            self.buffer.resize(self.filled * 2, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.source_ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.filled += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SourceError::part(&self.part, error.to_string())),
            }
        }
    }

    fn end_of_part(&mut self) -> Result<Event> {
        if self.depth() > 0 {
            return Err(self.error("its XML is cut short"));
        }
        if !self.seen_root {
            return Err(self.error("it holds no XML"));
        }
        Ok(Event::Done)
    }

    /// Reads text up to the next tag. Returns `None` for white space outside the document.
    #[inline]
    fn text(&mut self) -> Result<Option<Event>> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.position + searched..self.filled];
            if let Some(found) = memchr::memchr(b'<', rest) {
                let end = self.position + searched + found;
                self.name = (self.position, end);
                self.position = end;
                break;
            }
            searched = self.filled - self.position;
            if !self.fill()? {
                self.name = (self.position, self.filled);
                self.position = self.filled;
                break;
            }
        }
        self.is_character_data = false;
        if self.depth() == 0 {
            if self.buffer[self.name.0..self.name.1]
                .iter()
                .all(u8::is_ascii_whitespace)
            {
                return Ok(None);
            }
            return Err(self.error("its XML is damaged: there is text outside the document"));
        }
        Ok(Some(Event::Text))
    }

    /// Reads a tag or character data. Returns `None` for comments and the like.
    #[inline]
    fn markup(&mut self) -> Result<Option<Event>> {
        // The shortest markup is three bytes, `<a>`; the longest opening that must be distinguished is `<![CDATA[`.
        while self.filled - self.position < 2 {
            if !self.fill()? {
                return Err(self.error("its XML is cut short"));
            }
        }
        match self.buffer[self.position + 1] {
            b'/' => self.end_tag().map(Some),
            b'!' => self.declaration(),
            b'?' => {
                let end = self.find(2, b"?>")?;
                self.position = end + 2;
                Ok(None)
            }
            _ => self.start_tag().map(Some),
        }
    }

    /// Returns the position of `needle`, searching from `from` bytes after the current position.
    fn find(&mut self, from: usize, needle: &[u8]) -> Result<usize> {
        let mut searched = from;
        loop {
            if self.filled > self.position + searched
                && let Some(found) = memchr::memmem::find(
                    &self.buffer[self.position + searched..self.filled],
                    needle,
                )
            {
                return Ok(self.position + searched + found);
            }
            searched = (self.filled - self.position)
                .saturating_sub(needle.len() - 1)
                .max(from);
            if !self.fill()? {
                return Err(self.error("its XML is cut short"));
            }
        }
    }

    fn declaration(&mut self) -> Result<Option<Event>> {
        while self.filled - self.position < 9 {
            if !self.fill()? {
                break;
            }
        }
        let rest = &self.buffer[self.position..self.filled];
        if rest.starts_with(b"<!--") {
            let end = self.find(4, b"-->")?;
            self.position = end + 3;
            return Ok(None);
        }
        if rest.starts_with(b"<![CDATA[") {
            let end = self.find(9, b"]]>")?;
            if self.depth() == 0 {
                return Err(self.error("its XML is damaged: there is text outside the document"));
            }
            self.name = (self.position + 9, end);
            self.is_character_data = true;
            self.position = end + 3;
            return Ok(Some(Event::Text));
        }
        // A document type may contain declarations in brackets, which may contain quoted text.
        let mut at = 2;
        let mut brackets = 0usize;
        let mut quote = 0u8;
        loop {
            while self.position + at >= self.filled {
                if !self.fill()? {
                    return Err(self.error("its XML is cut short"));
                }
            }
            let byte = self.buffer[self.position + at];
            at += 1;
            match byte {
                _ if byte == quote => quote = 0,
                _ if quote != 0 => {}
                b'"' | b'\'' => quote = byte,
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b'>' if brackets == 0 => break,
                _ => {}
            }
        }
        self.position += at;
        Ok(None)
    }

    #[inline]
    fn end_tag(&mut self) -> Result<Event> {
        // Nearly always the tag contains just the name of the open element.
        let open_start = self.open_starts.last().copied().unwrap_or(0);
        let expected = &self.open_names[open_start..];
        let rest = &self.buffer[self.position + 2..self.filled];
        if rest.len() > expected.len() && rest[expected.len()] == b'>' && rest.starts_with(expected)
        {
            self.name = (self.position + 2, self.position + 2 + expected.len());
            self.position = self.name.1 + 1;
            return Ok(self.close_element());
        }
        let end = self.find(2, b">")?;
        let mut name_end = end;
        while name_end > self.position + 2 && self.buffer[name_end - 1].is_ascii_whitespace() {
            name_end -= 1;
        }
        self.name = (self.position + 2, name_end);
        self.position = end + 1;
        if self.open_names[open_start..] != self.buffer[self.name.0..self.name.1] {
            return Err(self.error("its XML is damaged: tags do not match"));
        }
        Ok(self.close_element())
    }

    #[inline]
    fn close_element(&mut self) -> Event {
        let own = self.is_own(self.name);
        if let Some(start) = self.open_starts.pop() {
            self.open_names.truncate(start);
        }
        self.namespaces.leave(self.open_starts.len());
        Event::End { own }
    }

    #[inline]
    fn start_tag(&mut self) -> Result<Event> {
        let tag = self.whole_start_tag()?;
        let is_empty = self.take_start_tag(&tag)?;
        self.open_element()?;
        if tag.may_bind {
            self.bind_namespaces();
        }
        self.pending_end = is_empty;
        Ok(Event::Start {
            own: self.is_own(self.name),
        })
    }

    /// Reads until the whole start tag is in the buffer.
    #[inline]
    fn whole_start_tag(&mut self) -> Result<TagScan> {
        let mut scan = TagScan::new();
        while !scan.finds_end(&self.buffer[self.position..self.filled]) {
            if !self.fill()? {
                return Err(self.error("its XML is cut short"));
            }
        }
        Ok(scan)
    }

    /// Makes a start tag the current token and moves to its end. Returns whether its element is empty.
    #[inline]
    fn take_start_tag(&mut self, tag: &TagScan) -> Result<bool> {
        let (start, end) = (self.position + 1, self.position + tag.at);
        if self.buffer[end] == b'<' {
            return Err(self.error("its XML is damaged: a tag is not closed"));
        }
        let is_empty = end > start && self.buffer[end - 1] == b'/';
        let stop = end - usize::from(is_empty);
        let name_end = match tag.name_end {
            0 => stop,
            length => self.position + length,
        };
        if name_end <= start {
            return Err(self.error("its XML is damaged: an element has no name"));
        }
        self.name = (start, name_end);
        self.attributes = (name_end, stop.max(name_end));
        self.position = end + 1;
        Ok(is_empty)
    }

    /// Adds the element of the current token to the open elements.
    #[inline]
    fn open_element(&mut self) -> Result<()> {
        self.open_starts.push(self.open_names.len());
        self.open_names
            .extend_from_slice(&self.buffer[self.name.0..self.name.1]);
        if self.open_starts.len() > MAX_STYLE_DEPTH {
            return Err(self.error("its XML is nested too deeply"));
        }
        if self.open_starts.len() == 1 {
            if self.seen_root {
                return Err(self.error("its XML is damaged: there is more than one document"));
            }
            self.seen_root = true;
        }
        Ok(())
    }

    /// Records the namespaces that the current token declares.
    fn bind_namespaces(&mut self) {
        let attributes = &self.buffer[self.attributes.0..self.attributes.1];
        if memchr::memmem::find(attributes, b"xmlns").is_some() {
            self.namespaces
                .bind(self.open_starts.len(), XmlAttributes::new(attributes));
        }
    }

    #[inline]
    fn is_own(&self, name: (usize, usize)) -> bool {
        self.namespaces.is_own(&self.buffer[name.0..name.1])
    }
}

/// Searches for the end of a start tag, the first `>` outside of quotes, while the tag is read. Positions count from the tag's
/// `<`, so they stay valid when the content of the buffer moves.
struct TagScan {
    /// The position of the next byte; at the end, that of the `>`, or of a `<`, which no tag may contain.
    at: usize,
    /// The quote that ends the current value; 0 outside of values.
    quote: u8,
    /// The position of the white space after the name; 0 if there is none.
    name_end: usize,
    /// True if an attribute may declare a namespace: its name contains an x, as `xmlns` does.
    may_bind: bool,
}

impl TagScan {
    fn new() -> Self {
        Self {
            at: 1,
            quote: 0,
            name_end: 0,
            may_bind: false,
        }
    }

    /// Searches for the end in the data that was read of the tag. Returns `false` if the end is not there yet.
    #[inline]
    fn finds_end(&mut self, tag: &[u8]) -> bool {
        if self.quote != 0 && !self.pass_value(tag) {
            return false;
        }
        while let Some(&byte) = tag.get(self.at) {
            match byte {
                b'>' | b'<' => return true,
                b' ' | b'\t' | b'\r' | b'\n' if self.name_end == 0 => self.name_end = self.at,
                b'x' if self.name_end != 0 => self.may_bind = true,
                _ => {}
            }
            self.at += 1;
            if matches!(byte, b'"' | b'\'') {
                self.quote = byte;
                if !self.pass_value(tag) {
                    return false;
                }
            }
        }
        false
    }

    /// Moves to the end of the value that [`quote`](Self::quote) ends. Returns `false` if the end is not there yet.
    #[inline]
    fn pass_value(&mut self, tag: &[u8]) -> bool {
        let found = memchr::memchr(self.quote, &tag[self.at..]);
        self.at = found.map_or(tag.len(), |found| self.at + found + 1);
        if found.is_some() {
            self.quote = 0;
        }
        found.is_some()
    }
}
