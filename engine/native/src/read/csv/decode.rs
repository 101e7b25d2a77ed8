//! Reads separated text of any encoding as blocks of UTF-8.

use std::fs::File;
use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding};

use crate::error::{Result, SourceError};

const BLOCK_BYTES: usize = 1 << 17;
/// The encodings whose titles have a capital letter.
const OF_WINDOWS: [&str; 6] = [
    "Windows-1250",
    "Windows-1251",
    "Windows-1252",
    "Windows-1253",
    "Windows-1254",
    "Windows-1257",
];

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 with or without a byte order mark.
    Utf8,
    /// UTF-16, in the order of the byte order mark, or else little-endian.
    Utf16,
    Other(&'static Encoding),
}

impl Charset {
    /// Returns the encoding that a setting names. Knows the names of Python and of the web.
    ///
    /// # Errors
    /// If the setting names no known encoding.
    pub fn named(name: &str) -> Result<Self> {
        let label = name.trim().to_ascii_lowercase().replace('_', "-");
        Ok(match label.as_str() {
            "utf-8" | "utf8" | "utf-8-sig" | "u8" => Self::Utf8,
            "utf-16" | "utf16" | "u16" => Self::Utf16,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" | "cp1252" => {
                Self::Other(encoding_rs::WINDOWS_1252)
            }
            _ => {
                let code_page = label
                    .strip_prefix("cp")
                    .map(|number| format!("windows-{number}"));
                let found = Encoding::for_label(label.as_bytes())
                    .or_else(|| code_page.and_then(|label| Encoding::for_label(label.as_bytes())));
                match found {
                    Some(found) if found == encoding_rs::UTF_8 => Self::Utf8,
                    Some(found) => Self::Other(found),
                    None => {
                        return Err(SourceError::BadOption {
                            reason: format!("csv_encoding: {name:?} is not a known encoding"),
                        });
                    }
                }
            }
        })
    }

    /// Returns the common name of the encoding.
    pub fn title(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Other(encoding) if encoding == encoding_rs::UTF_16BE => "UTF-16",
            Self::Other(encoding) => {
                let is_same = |title: &&str| title.eq_ignore_ascii_case(encoding.name());
                let title = OF_WINDOWS.into_iter().find(is_same);
                title.unwrap_or_else(|| encoding.name())
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Other(encoding) => encoding.name(),
        }
    }
}

/// The text of a file in blocks, which are cut between characters.
pub struct Utf8Blocks<R> {
    source: R,
    path: String,
    charset: Charset,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// The number of bytes at the start of `raw` that wait for the rest of their character.
    carried: usize,
    text: Vec<u8>,
    /// The number of bytes of the file before those in `raw`.
    position: usize,
    started: bool,
    ended: bool,
}

impl Utf8Blocks<File> {
    /// Opens a file for decoding.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(path: &str, charset: Charset) -> Result<Self> {
        let file = File::open(path).map_err(SourceError::io(path))?;
        Ok(Self::new(file, path, charset))
    }

    /// Returns whether a whole file can be decoded.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn decodes(path: &str, charset: Charset) -> Result<bool> {
        let mut blocks = Self::open(path, charset)?;
        loop {
            match blocks.next_block() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(true),
                Err(SourceError::Undecodable { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Utf8Blocks<R> {
    /// Starts at the beginning of a file; `path` is for messages.
    pub fn new(source: R, path: &str, charset: Charset) -> Self {
        Self {
            source,
            path: path.to_owned(),
            charset,
            decoder: None,
            raw: vec![0; BLOCK_BYTES],
            carried: 0,
            text: Vec::new(),
            position: 0,
            started: false,
            ended: false,
        }
    }

    /// Returns the next block, or `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read, or its bytes are not in the encoding.
    pub fn next_block(&mut self) -> Result<Option<&[u8]>> {
        if self.ended {
            return Ok(None);
        }
        let mut filled = self.carried;
        while filled < self.raw.len() {
            match self.source.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SourceError::io(&self.path)(error)),
            }
        }
        let first = !self.started;
        self.started = true;
        match self.charset {
            Charset::Utf8 => self.check_utf8(filled, first),
            Charset::Utf16 => {
                let encoding = if first && self.raw[..filled].starts_with(&[0xFE, 0xFF]) {
                    encoding_rs::UTF_16BE
                } else {
                    encoding_rs::UTF_16LE
                };
                self.decode(filled, encoding)
            }
            Charset::Other(encoding) => self.decode(filled, encoding),
        }
    }

    /// Returns UTF-8 unchanged once it has been checked.
    fn check_utf8(&mut self, filled: usize, first: bool) -> Result<Option<&[u8]>> {
        // The caller no longer needs the last block; the bytes that were not used have moved to the front.
        let valid = match std::str::from_utf8(&self.raw[..filled]) {
            Ok(_) => filled,
            Err(error) if error.error_len().is_none() && !self.ended => error.valid_up_to(),
            Err(error) => {
                let reason = match error.error_len() {
                    None => "unexpected end of data",
                    Some(1) if !is_utf8_start(self.raw[error.valid_up_to()]) => {
                        "invalid start byte"
                    }
                    Some(_) => "invalid continuation byte",
                };
                return Err(SourceError::Undecodable {
                    encoding: "utf-8".to_owned(),
                    position: self.position + error.valid_up_to(),
                    reason: reason.to_owned(),
                    hint: None,
                });
            }
        };
        self.text.clear();
        self.text.extend_from_slice(&self.raw[..valid]);
        self.raw.copy_within(valid..filled, 0);
        self.carried = filled - valid;
        self.position += valid;
        let skip = if first && self.text.starts_with(&[0xEF, 0xBB, 0xBF]) {
            3
        } else {
            0
        };
        Ok(Some(&self.text[skip..]))
    }

    fn decode(&mut self, filled: usize, encoding: &'static Encoding) -> Result<Option<&[u8]>> {
        let decoder = self
            .decoder
            .get_or_insert_with(|| encoding.new_decoder_with_bom_removal());
        let room = decoder
            .max_utf8_buffer_length_without_replacement(filled)
            .unwrap_or(filled * 4 + 16);
        self.text.resize(room, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(
            &self.raw[..filled],
            &mut self.text,
            self.ended,
        );
        self.text.truncate(written);
        if let DecoderResult::Malformed(length, after) = result {
            return Err(SourceError::Undecodable {
                encoding: self.charset.name().to_owned(),
                position: (self.position + read)
                    .saturating_sub(usize::from(length) + usize::from(after)),
                reason: "invalid byte sequence".to_owned(),
                hint: None,
            });
        }
        self.position += filled;
        Ok(Some(&self.text))
    }
}

fn is_utf8_start(byte: u8) -> bool {
    matches!(byte, 0x00..=0x7F | 0xC2..=0xF4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], charset: Charset) -> Result<String> {
        let mut blocks = Utf8Blocks::new(bytes, "file", charset);
        let mut text = Vec::new();
        while let Some(block) = blocks.next_block()? {
            text.extend_from_slice(block);
        }
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn characters_survive_the_borders_of_blocks() {
        let text = "a".to_owned() + &"é€𝄞".repeat(40_000);
        assert_eq!(decoded(text.as_bytes(), Charset::Utf8).unwrap(), text);
        let utf16: Vec<u8> = ("\u{feff}".to_owned() + &text)
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decoded(&utf16, Charset::Utf16).unwrap(), text);
        assert_eq!(decoded(b"\xEF\xBB\xBFa", Charset::Utf8).unwrap(), "a");
        assert_eq!(
            decoded(b"\x80\xE9", Charset::named("latin-1").unwrap()).unwrap(),
            "€é"
        );
    }

    #[test]
    fn wrong_bytes_are_named_with_their_place() {
        let mut bytes = vec![b'a'; 200_000];
        bytes.push(0xE9);
        bytes.push(b'x');
        let Err(SourceError::Undecodable {
            position, reason, ..
        }) = decoded(&bytes, Charset::Utf8)
        else {
            panic!("that was no UTF-8");
        };
        assert_eq!(
            (position, reason.as_str()),
            (200_000, "invalid continuation byte")
        );
        assert!(decoded(b"a\xC3", Charset::Utf8).is_err());
        assert!(Charset::named("klingon").is_err());
    }
}
