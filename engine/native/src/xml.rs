//! A streaming XML reader for the parts of a workbook.
//!
//! It gives start tags, end tags and text, checks that tags match, knows which names belong to the namespaces that
//! were asked for (whatever prefix a file uses for them), and holds no more of a part in memory than the token it
//! stands at. Document types are passed over and no entity of a file's own is ever expanded.

use std::io::Read;

use crate::error::{Result, SourceError};

/// A token of more than this is an attack or a fault, not a cell.
const MAXIMUM_TOKEN_BYTES: usize = 64 << 20;
const BUFFER_BYTES: usize = 1 << 17;
/// Elements nested deeper than this are refused.
const MAXIMUM_DEPTH: usize = 256;

/// The namespaces of the main parts: as everybody writes them, and as strict OOXML does.
pub const SPREADSHEET: &[&str] = &[
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
];
/// The namespace of relationship parts.
pub const RELATIONSHIPS: &[&str] =
    &["http://schemas.openxmlformats.org/package/2006/relationships"];
/// The namespace of `[Content_Types].xml`.
pub const CONTENT_TYPES: &[&str] =
    &["http://schemas.openxmlformats.org/package/2006/content-types"];

/// What the reader stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A start tag; `own` tells whether its name is in the namespaces asked for. An empty element gives an
    /// [`Event::End`] too.
    Start { own: bool },
    /// An end tag.
    End { own: bool },
    /// Text, still with its entities: see [`XmlReader::append_text`].
    Text,
    /// The end of the part.
    Done,
}

/// Reads one part.
pub struct XmlReader<R> {
    source: R,
    part: String,
    namespaces: &'static [&'static str],
    buffer: Vec<u8>,
    /// The next byte to be looked at, and the end of what was read.
    position: usize,
    filled: usize,
    source_ended: bool,
    /// The token: the name or text, and the attributes.
    name: (usize, usize),
    attributes: (usize, usize),
    is_character_data: bool,
    pending_end: bool,
    /// Names of the open elements, one after the other, and where each starts.
    open_names: Vec<u8>,
    open_starts: Vec<usize>,
    /// Namespace declarations in force: the depth they hold from, the prefix, whether it means our namespaces.
    bindings: Vec<(usize, Vec<u8>, bool)>,
    default_is_own: bool,
    seen_root: bool,
}

impl<R: Read> XmlReader<R> {
    /// Starts reading; `namespaces` are those whose elements the caller wants to know.
    pub fn new(
        source: R,
        part: &str,
        namespaces: &'static [&'static str],
    ) -> XmlReader<Decoded<R>> {
        XmlReader {
            source: Decoded::new(source),
            part: part.to_owned(),
            namespaces,
            buffer: vec![0; BUFFER_BYTES],
            position: 0,
            filled: 0,
            source_ended: false,
            name: (0, 0),
            attributes: (0, 0),
            is_character_data: false,
            pending_end: false,
            open_names: Vec::new(),
            open_starts: Vec::new(),
            bindings: Vec::new(),
            default_is_own: false,
            seen_root: false,
        }
    }

    /// The part's name, for messages.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// A failure of this part.
    pub fn error(&self, reason: impl Into<String>) -> SourceError {
        SourceError::part(&self.part, reason)
    }

    /// How many elements are open; a start tag counts its own.
    pub fn depth(&self) -> usize {
        self.open_starts.len()
    }

    /// The name of the element of a start or end tag, without prefix.
    #[inline]
    pub fn local_name(&self) -> &[u8] {
        let name = &self.buffer[self.name.0..self.name.1];
        match memchr::memchr(b':', name) {
            Some(colon) => &name[colon + 1..],
            None => name,
        }
    }

    /// The attributes of the start tag.
    #[inline]
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes {
            rest: &self.buffer[self.attributes.0..self.attributes.1],
        }
    }

    /// An attribute of the start tag by its local name (whatever the prefix), with entities resolved.
    pub fn attribute(&self, local_name: &str) -> Option<String> {
        self.attributes()
            .find(|(name, _)| {
                let name = memchr::memchr(b':', name).map_or(*name, |colon| &name[colon + 1..]);
                name == local_name.as_bytes()
            })
            .map(|(_, value)| attribute_text(value))
    }

    /// Moves on.
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

    /// Adds the current text to `out`: entities resolved, line ends made `\n`.
    #[inline]
    pub fn append_text(&self, out: &mut String) -> Result<()> {
        let raw = &self.buffer[self.name.0..self.name.1];
        append_decoded(raw, self.is_character_data, out).map_err(|reason| self.error(reason))
    }

    /// The current text as it stands in the part.
    #[inline]
    pub fn raw_text(&self) -> &[u8] {
        &self.buffer[self.name.0..self.name.1]
    }

    /// Whether the current text is followed by an end tag, so that it is the whole rest of its element. May say no
    /// where it only cannot see that far.
    #[inline]
    pub fn text_ends_element(&self) -> bool {
        self.buffer[self.position..self.filled].starts_with(b"</")
    }

    /// What was read ahead, for callers that recognise frequent elements at a glance; nothing where elements without
    /// a prefix would not be of the namespaces asked for.
    #[inline]
    pub fn lookahead(&self) -> &[u8] {
        if self.default_is_own && !self.pending_end {
            &self.buffer[self.position..self.filled]
        } else {
            &[]
        }
    }

    /// Moves on by some bytes of [`lookahead`](Self::lookahead), which must be whole elements.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.filled);
    }

    /// Passes over everything up to the end tag of the element whose start tag was just read.
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

    /// Gathers the direct text of the element whose start tag was just read, up to its end tag.
    pub fn element_text(&mut self, out: &mut String) -> Result<()> {
        self.element_text_rest(self.depth(), out)
    }

    /// The same for an element at `depth` of which some was read already. Text behind a child does not count.
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

    /// Reads more of the part behind what is still needed. `false` at its end.
    #[cold]
    fn fill(&mut self) -> Result<bool> {
        if self.source_ended {
            return Ok(false);
        }
        if self.position > 0 {
            self.buffer.copy_within(self.position..self.filled, 0);
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

    /// Text up to the next tag; nothing for white space outside the document.
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

    /// A tag or character data; nothing for comments and the like.
    #[inline]
    fn markup(&mut self) -> Result<Option<Event>> {
        // The shortest markup is three bytes, `<a>`; the longest opening that must be told apart is `<![CDATA[`.
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

    /// Where `needle` starts, looked for from `from` bytes behind the current position on.
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
        // A document type; it may hold declarations in brackets, which may hold quoted text.
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
        // Nearly always the tag is the open element's name and nothing else.
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
        if self
            .bindings
            .last()
            .is_some_and(|binding| binding.0 > self.open_starts.len())
        {
            self.drop_bindings();
        }
        Event::End { own }
    }

    #[inline]
    fn start_tag(&mut self) -> Result<Event> {
        // The end of the tag is the first `>` outside quotes.
        let mut at = self.position + 1;
        let mut quote = 0u8;
        let mut name_end = 0;
        let mut may_bind = false;
        let end = loop {
            if at >= self.filled {
                let offset = at - self.position;
                let name_offset = name_end.max(self.position) - self.position;
                if !self.fill()? {
                    return Err(self.error("its XML is cut short"));
                }
                at = self.position + offset;
                name_end = if name_offset == 0 {
                    0
                } else {
                    self.position + name_offset
                };
                continue;
            }
            let byte = self.buffer[at];
            if quote != 0 {
                match memchr::memchr(quote, &self.buffer[at..self.filled]) {
                    Some(found) => {
                        at += found;
                        quote = 0;
                    }
                    None => {
                        at = self.filled;
                        continue;
                    }
                }
            } else {
                match byte {
                    b'>' => break at,
                    b'"' | b'\'' => quote = byte,
                    b' ' | b'\t' | b'\r' | b'\n' if name_end == 0 => name_end = at,
                    // `xmlns`, or some other attribute with an x in its name.
                    b'x' if name_end != 0 => may_bind = true,
                    b'<' => return Err(self.error("its XML is damaged: a tag is not closed")),
                    _ => {}
                }
            }
            at += 1;
        };
        let start = self.position + 1;
        let is_empty = end > start && self.buffer[end - 1] == b'/';
        let stop = if is_empty { end - 1 } else { end };
        if name_end == 0 {
            name_end = stop;
        }
        if name_end <= start {
            return Err(self.error("its XML is damaged: an element has no name"));
        }
        self.name = (start, name_end);
        self.attributes = (name_end, stop.max(name_end));
        self.position = end + 1;
        self.open_starts.push(self.open_names.len());
        self.open_names
            .extend_from_slice(&self.buffer[start..name_end]);
        if self.open_starts.len() > MAXIMUM_DEPTH {
            return Err(self.error("its XML is nested too deeply"));
        }
        if self.open_starts.len() == 1 {
            if self.seen_root {
                return Err(self.error("its XML is damaged: there is more than one document"));
            }
            self.seen_root = true;
        }
        if may_bind
            && memchr::memmem::find(&self.buffer[self.attributes.0..self.attributes.1], b"xmlns")
                .is_some()
        {
            self.bind_namespaces();
        }
        self.pending_end = is_empty;
        Ok(Event::Start {
            own: self.is_own(self.name),
        })
    }

    #[inline]
    fn is_own(&self, name: (usize, usize)) -> bool {
        let name = &self.buffer[name.0..name.1];
        match memchr::memchr(b':', name) {
            None => self.default_is_own,
            Some(colon) => self.prefix_is_own(&name[..colon]),
        }
    }

    fn prefix_is_own(&self, prefix: &[u8]) -> bool {
        self.bindings
            .iter()
            .rev()
            .find(|(_, bound, _)| bound == prefix)
            .is_some_and(|&(_, _, own)| own)
    }

    #[cold]
    fn bind_namespaces(&mut self) {
        let depth = self.open_starts.len();
        let mut found = Vec::new();
        for (name, value) in self.attributes() {
            let prefix = match name {
                b"xmlns" => Some(&[][..]),
                _ => name.strip_prefix(b"xmlns:"),
            };
            if let Some(prefix) = prefix {
                let value = attribute_text(value);
                found.push((
                    depth,
                    prefix.to_vec(),
                    self.namespaces.contains(&value.as_str()),
                ));
            }
        }
        self.bindings.extend(found);
        self.default_is_own = self.prefix_is_own(b"");
    }

    #[cold]
    fn drop_bindings(&mut self) {
        let depth = self.open_starts.len();
        while self
            .bindings
            .last()
            .is_some_and(|binding| binding.0 > depth)
        {
            self.bindings.pop();
        }
        self.default_is_own = self.prefix_is_own(b"");
    }
}

/// The attributes of a tag: names and values as they stand in the part.
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest;
        let mut at = 0;
        while at < rest.len() && rest[at].is_ascii_whitespace() {
            at += 1;
        }
        let start = at;
        while at < rest.len() && rest[at] != b'=' && !rest[at].is_ascii_whitespace() {
            at += 1;
        }
        let name = &rest[start..at];
        while at < rest.len() && rest[at] != b'"' && rest[at] != b'\'' {
            at += 1;
        }
        let quote = *rest.get(at)?;
        let value_start = at + 1;
        let mut end = value_start;
        while end < rest.len() && rest[end] != quote {
            end += 1;
        }
        let value = rest.get(value_start..end)?;
        self.rest = rest.get(end + 1..).unwrap_or_default();
        Some((name, value))
    }
}

/// An attribute's value with entities resolved; what cannot be resolved stays as it is.
pub fn attribute_text(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    if append_decoded(raw, false, &mut text).is_err() {
        text = String::from_utf8_lossy(raw).into_owned();
    }
    text
}

/// Adds text to `out`, resolving entities (unless it is character data) and line ends.
#[inline]
pub fn append_decoded(
    raw: &[u8],
    is_character_data: bool,
    out: &mut String,
) -> std::result::Result<(), &'static str> {
    let text = std::str::from_utf8(raw).map_err(|_| "its text is not UTF-8")?;
    if memchr::memchr2(b'&', b'\r', raw).is_none() {
        out.push_str(text);
        return Ok(());
    }
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let special = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if special == b'\r' {
            out.push('\n');
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        } else if is_character_data {
            out.push('&');
        } else {
            let end = memchr::memchr(b';', rest.as_bytes())
                .ok_or("its XML is damaged: an entity is not closed")?;
            out.push(entity(&rest[..end]).ok_or("its XML is damaged: an entity is not known")?);
            rest = &rest[end + 1..];
        }
    }
    out.push_str(rest);
    Ok(())
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// A part's bytes as UTF-8, whatever encoding it is in.
pub struct Decoded<R> {
    source: R,
    state: Decoding,
}

enum Decoding {
    /// Nothing was read yet.
    Unknown,
    /// UTF-8; `ahead` was read while finding that out.
    Plain { ahead: Vec<u8>, used: usize },
    /// Another encoding. `raw` is input that waits, `ready` output that waits.
    Other {
        decoder: Box<encoding_rs::Decoder>,
        raw: Vec<u8>,
        ready: Vec<u8>,
        used: usize,
        ended: bool,
    },
}

impl<R: Read> Decoded<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            state: Decoding::Unknown,
        }
    }

    /// Looks at the first bytes: a byte order mark, or the encoding that the XML declaration names.
    fn recognise(&mut self) -> std::io::Result<()> {
        let mut ahead = vec![0u8; 256];
        let mut filled = 0;
        while filled < ahead.len() {
            let count = self.source.read(&mut ahead[filled..])?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        ahead.truncate(filled);
        let encoding = if ahead.starts_with(&[0xEF, 0xBB, 0xBF]) {
            self.state = Decoding::Plain { ahead, used: 3 };
            return Ok(());
        } else if ahead.starts_with(&[0xFF, 0xFE]) || ahead.starts_with(b"<\0") {
            encoding_rs::UTF_16LE
        } else if ahead.starts_with(&[0xFE, 0xFF]) || ahead.starts_with(b"\0<") {
            encoding_rs::UTF_16BE
        } else {
            declared_encoding(&ahead).unwrap_or(encoding_rs::UTF_8)
        };
        self.state = if encoding == encoding_rs::UTF_8 {
            Decoding::Plain { ahead, used: 0 }
        } else {
            let decoder = Box::new(encoding.new_decoder_with_bom_removal());
            Decoding::Other {
                decoder,
                raw: ahead,
                ready: Vec::new(),
                used: 0,
                ended: false,
            }
        };
        Ok(())
    }
}

fn declared_encoding(start: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memmem::find(declaration, b"?>")?];
    let value = &declaration[memchr::memmem::find(declaration, b"encoding")? + 8..];
    let quote_at = value
        .iter()
        .position(|&byte| byte == b'"' || byte == b'\'')?;
    let quote = value[quote_at];
    let value = &value[quote_at + 1..];
    let label = &value[..memchr::memchr(quote, value)?];
    let encoding = encoding_rs::Encoding::for_label(label)?;
    // A declaration that can be read byte by byte cannot be in UTF-16, whatever it says.
    Some(if encoding.is_ascii_compatible() {
        encoding
    } else {
        encoding_rs::UTF_8
    })
}

impl<R: Read> Read for Decoded<R> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if matches!(self.state, Decoding::Unknown) {
            self.recognise()?;
        }
        match &mut self.state {
            Decoding::Unknown => Ok(0),
            Decoding::Plain { ahead, used } => {
                if *used < ahead.len() {
                    let count = buffer.len().min(ahead.len() - *used);
                    buffer[..count].copy_from_slice(&ahead[*used..*used + count]);
                    *used += count;
                    return Ok(count);
                }
                self.source.read(buffer)
            }
            Decoding::Other {
                decoder,
                raw,
                ready,
                used,
                ended,
            } => loop {
                if *used < ready.len() {
                    let count = buffer.len().min(ready.len() - *used);
                    buffer[..count].copy_from_slice(&ready[*used..*used + count]);
                    *used += count;
                    return Ok(count);
                }
                if *ended {
                    return Ok(0);
                }
                if raw.is_empty() {
                    raw.resize(1 << 15, 0);
                    let count = self.source.read(raw)?;
                    raw.truncate(count);
                    *ended = count == 0;
                }
                let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(1 << 17);
                ready.resize(room, 0);
                let (_, _, written, _) = decoder.decode_to_utf8(raw, ready, *ended);
                ready.truncate(written);
                raw.clear();
                *used = 0;
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a part in short: `+name`, `-name`, `'text'`; names of other namespaces in brackets.
    fn events(xml: &[u8]) -> Result<String> {
        // A reader that gives one byte at a time shows every boundary.
        struct Drip<'a>(&'a [u8]);
        impl Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let count = self.0.len().min(buffer.len()).min(1);
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let mut reader = XmlReader::new(Drip(xml), "part", SPREADSHEET);
        let mut out = String::new();
        loop {
            let event = reader.advance()?;
            let name = match event {
                Event::Start { .. } | Event::End { .. } => {
                    String::from_utf8_lossy(reader.local_name()).into_owned()
                }
                _ => String::new(),
            };
            match event {
                Event::Start { own } => {
                    out += &if own {
                        format!("+{name} ")
                    } else {
                        format!("+[{name}] ")
                    };
                    for (name, value) in reader
                        .attributes()
                        .filter(|(name, _)| !name.starts_with(b"xmlns"))
                    {
                        out += &format!(
                            "{}={} ",
                            String::from_utf8_lossy(name),
                            attribute_text(value)
                        );
                    }
                }
                Event::End { own } => {
                    out += &if own {
                        format!("-{name} ")
                    } else {
                        format!("-[{name}] ")
                    }
                }
                Event::Text => {
                    let mut text = String::new();
                    reader.append_text(&mut text)?;
                    out += &format!("'{text}' ");
                }
                Event::Done => return Ok(out.trim_end().to_owned()),
            }
        }
    }

    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

    #[test]
    fn prefixes_do_not_matter_but_namespaces_do() {
        let xml = format!(
            "<?xml version='1.0'?><!-- a > b --><x:a xmlns:x='{MAIN}' xmlns='other'><b k='1>2' l = \"&lt;&#65;\"/>\
             <x:c>t&amp;&#x41;\r\nu</x:c><d xmlns='{MAIN}'><![CDATA[<&>]]></d><e/></x:a>\n"
        );
        assert_eq!(
            events(xml.as_bytes()).unwrap(),
            "+a +[b] k=1>2 l=<A -[b] +c 't&A\nu' -c +d '<&>' -d +[e] -[e] -a"
        );
    }

    #[test]
    fn damage_is_noticed() {
        for xml in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a",
            "<a>&nbsp;</a>",
            "x",
            "<a>\u{ff}</a",
            "<>",
            "<a b='</a>",
        ] {
            assert!(events(xml.as_bytes()).is_err(), "{xml}");
        }
        assert!(events(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn other_encodings_are_read() {
        let utf16: Vec<u8> = "\u{feff}<a>é</a>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(events(&utf16).unwrap(), "+[a] 'é' -[a]");
        assert_eq!(
            events(b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>").unwrap(),
            "+[a] 'é' -[a]"
        );
        assert_eq!(
            events("\u{feff}<!DOCTYPE a [<!ENTITY b '>'>]><a>é</a>".as_bytes()).unwrap(),
            "+[a] 'é' -[a]"
        );
    }
}
