//! The encoding of a part: UTF-8 is passed on as it is, anything else is converted while it is read.

use std::io::Read;

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
    /// Starts reading.
    pub fn new(source: R) -> Self {
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
