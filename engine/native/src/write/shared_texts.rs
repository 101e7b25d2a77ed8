//! The shared strings of a workbook.

use super::text::push_text_element;
use crate::cells::text::hash;

/// The number of texts that are remembered. Texts that occur more than once may be shared; the limit keeps memory constant.
const SHARED_SLOTS: usize = 1 << 16;
const MAXIMUM_SHARED_BYTES: usize = 1 << 22;
const MAXIMUM_SHARED_TEXT: usize = 256;

/// The shared strings of a workbook: repeated texts, up to a limit, and their XML.
///
/// A text is written into its cell the first time and shared from the second time on. So texts that occur only once cost no
/// memory.
#[derive(Default)]
pub struct SharedTexts {
    /// Indexed by the lower bits of a text's hash: the hash of the last text seen, and the number of the shared text, from 1. A
    /// 0 means none.
    slots: Vec<(u32, u32)>,
    /// The start and length of each shared text in `bytes`.
    places: Vec<(u32, u32)>,
    bytes: Vec<u8>,
}

impl SharedTexts {
    /// Returns the number of shared texts.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns whether no text is shared.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the number of a text, if it is shared.
    #[inline]
    pub(super) fn number(&mut self, text: &str) -> Option<u32> {
        if text.len() > MAXIMUM_SHARED_TEXT {
            return None;
        }
        if self.slots.is_empty() {
            // The system zeroes the memory and only allocates the parts that a workbook uses.
            self.slots = vec![(0, 0); SHARED_SLOTS];
        }
        let hash = hash(text.as_bytes());
        let (seen, number) = &mut self.slots[hash as usize % SHARED_SLOTS];
        if *number != 0 {
            let (start, length) = self.places[*number as usize - 1];
            let known = &self.bytes[start as usize..start as usize + length as usize];
            return (known == text.as_bytes()).then(|| *number - 1);
        }
        let mark = (hash >> 32) as u32 | 1;
        if *seen != mark {
            *seen = mark;
            return None;
        }
        if self.bytes.len() + text.len() > MAXIMUM_SHARED_BYTES {
            return None;
        }
        self.places
            .push((self.bytes.len() as u32, text.len() as u32));
        self.bytes.extend_from_slice(text.as_bytes());
        *number = self.places.len() as u32;
        Some(*number - 1)
    }

    /// Returns the `si` elements of all shared strings.
    pub(super) fn to_xml(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + self.places.len() * 20);
        for &(start, length) in &self.places {
            let text = &self.bytes[start as usize..start as usize + length as usize];
            out.extend_from_slice(b"<si>");
            push_text_element(std::str::from_utf8(text).unwrap_or_default(), &mut out);
            out.extend_from_slice(b"</si>");
        }
        out
    }
}
