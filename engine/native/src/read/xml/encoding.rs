//! Decodes a part: UTF-8 passes unchanged, other encodings are converted while they are read.

use std::io::{Cursor, Read, Result};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The number of bytes for finding the encoding, and the size of the pieces that are then read.
const START_BYTES: u64 = 256;
const PIECE_BYTES: u64 = 1 << 15;

/// The bytes of a part as UTF-8, whatever its encoding.
pub struct DecodedPart<R> {
    source: R,
    is_recognised: bool,
    /// The decoder of an encoding other than UTF-8.
    decoder: Option<Box<Decoder>>,
    /// The UTF-8 text that waits to be read.
    ready: Cursor<Vec<u8>>,
    has_ended: bool,
}

impl<R: Read> DecodedPart<R> {
    /// Starts to read a part.
    pub fn new(source: R) -> Self {
        Self {
            source,
            is_recognised: false,
            decoder: None,
            ready: Cursor::default(),
            has_ended: false,
        }
    }

    fn read_raw(&mut self, most: u64) -> Result<Vec<u8>> {
        let mut raw = Vec::new();
        self.source.by_ref().take(most).read_to_end(&mut raw)?;
        Ok(raw)
    }

    /// Finds the encoding in the first bytes: by a byte order mark, or by the XML declaration.
    fn recognise(&mut self) -> Result<()> {
        self.is_recognised = true;
        let start = self.read_raw(START_BYTES)?;
        let encoding = match start.as_slice() {
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => UTF_16LE,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => UTF_16BE,
            [0xEF, 0xBB, 0xBF, ..] => UTF_8,
            _ => declared_encoding(&start).unwrap_or(UTF_8),
        };
        if encoding == UTF_8 {
            let mark = if start.starts_with(&[0xEF, 0xBB, 0xBF]) {
                3
            } else {
                0
            };
            self.ready = Cursor::new(start);
            self.ready.set_position(mark);
        } else {
            self.decoder = Some(Box::new(encoding.new_decoder_with_bom_removal()));
            self.convert(&start);
        }
        Ok(())
    }

    fn convert(&mut self, raw: &[u8]) {
        if let Some(decoder) = &mut self.decoder {
            let room = decoder.max_utf8_buffer_length(raw.len());
            let mut text = String::with_capacity(room.unwrap_or(4 * PIECE_BYTES as usize));
            let _ = decoder.decode_to_string(raw, &mut text, self.has_ended);
            self.ready = Cursor::new(text.into_bytes());
        }
    }
}

fn declared_encoding(start: &[u8]) -> Option<&'static Encoding> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memmem::find(declaration, b"?>")?];
    let value = &declaration[memchr::memmem::find(declaration, b"encoding")? + 8..];
    let quote_at = value
        .iter()
        .position(|&byte| byte == b'"' || byte == b'\'')?;
    let quote = value[quote_at];
    let value = &value[quote_at + 1..];
    let label = &value[..memchr::memchr(quote, value)?];
    let encoding = Encoding::for_label(label)?;
    // A declaration that can be read byte by byte cannot be in UTF-16, whatever it says.
    Some(if encoding.is_ascii_compatible() {
        encoding
    } else {
        UTF_8
    })
}

impl<R: Read> Read for DecodedPart<R> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if !self.is_recognised {
            self.recognise()?;
        }
        loop {
            let count = self.ready.read(buffer)?;
            if count > 0 || self.has_ended {
                return Ok(count);
            }
            if self.decoder.is_none() {
                return self.source.read(buffer);
            }
            let raw = self.read_raw(PIECE_BYTES)?;
            self.has_ended = raw.is_empty();
            self.convert(&raw);
        }
    }
}
