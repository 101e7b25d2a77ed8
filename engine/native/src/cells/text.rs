//! Stores text in a few large blocks, each written once.
//!
//! A [`TextArena`] never moves a byte after it was pushed, so Arrow arrays can point into it as long as they keep the arena
//! alive. A [`TextReference`] fits into the 64 bits of a cell's payload.

/// The size of a full block; the first blocks are smaller, so that a small sheet costs little.
const BLOCK_BYTES: usize = 1 << 20;
const FIRST_BLOCK_BYTES: usize = 1 << 14;

const LENGTH_BITS: u32 = 24;
const OFFSET_BITS: u32 = 20;
const BLOCK_BITS: u32 = 19;
/// Marks a text that fills a block of its own, whatever its length.
const WHOLE_BLOCK: u64 = (1 << LENGTH_BITS) - 1;

/// The position of a text: one of a sheet's two arenas, the block, the offset in the block, and the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextReference(u64);

impl TextReference {
    const SHARED: u64 = 1 << 63;

    fn new(block: usize, offset: usize, length: u64) -> Self {
        Self(
            ((block as u64) << (LENGTH_BITS + OFFSET_BITS))
                | ((offset as u64) << LENGTH_BITS)
                | length,
        )
    }

    /// Returns the reference as a cell's payload.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Returns the reference whose [`bits`](Self::bits) these are.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns the same text, marked as one of the workbook's shared strings instead of the sheet's own.
    pub fn into_shared(self) -> Self {
        Self(self.0 | Self::SHARED)
    }

    /// Returns whether the text belongs to the workbook's shared strings.
    pub fn is_shared(self) -> bool {
        self.0 & Self::SHARED != 0
    }

    fn block(self) -> usize {
        ((self.0 >> (LENGTH_BITS + OFFSET_BITS)) & ((1 << BLOCK_BITS) - 1)) as usize
    }

    fn offset(self) -> usize {
        ((self.0 >> LENGTH_BITS) & ((1 << OFFSET_BITS) - 1)) as usize
    }

    /// Returns the number of bytes in the text. If a text fills a block of its own, the result only shows that it is long.
    pub fn length(self) -> u64 {
        self.0 & WHOLE_BLOCK
    }
}

/// Text that is stored in blocks.
#[derive(Debug, Default)]
pub struct TextArena {
    blocks: Vec<Vec<u8>>,
    bytes: usize,
    recent: Vec<TextReference>,
}

/// The number of recently stored texts that are remembered, so that a column of few different values stores each of them once.
const RECENT: usize = 1 << 10;

impl TextArena {
    /// Returns an arena without text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores a text and returns its reference.
    pub fn push(&mut self, text: &str) -> TextReference {
        let bytes = text.as_bytes();
        self.bytes += bytes.len();
        if bytes.len() >= BLOCK_BYTES {
            self.blocks.push(bytes.to_vec());
            // The block that was being filled stays reachable: the next push opens another block.
            return TextReference::new(self.blocks.len() - 1, 0, WHOLE_BLOCK);
        }
        let fits = self.blocks.last().is_some_and(|block| {
            block.len() < BLOCK_BYTES && block.capacity() - block.len() >= bytes.len()
        });
        if !fits {
            let wanted = (FIRST_BLOCK_BYTES << (2 * self.blocks.len()).min(6)).max(bytes.len());
            self.blocks
                .push(Vec::with_capacity(wanted.min(BLOCK_BYTES)));
        }
        let index = self.blocks.len() - 1;
        let block = &mut self.blocks[index];
        let offset = block.len();
        block.extend_from_slice(bytes);
        TextReference::new(index, offset, bytes.len() as u64)
    }

    /// Stores a text, unless it is among the recently stored ones.
    pub fn push_deduplicated(&mut self, text: &str) -> TextReference {
        if text.len() > 64 {
            return self.push(text);
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, TextReference(u64::MAX));
        }
        let slot = hash(text.as_bytes()) as usize % RECENT;
        let known = self.recent[slot];
        if known.0 != u64::MAX && self.bytes(known) == text.as_bytes() {
            return known;
        }
        let reference = self.push(text);
        self.recent[slot] = reference;
        reference
    }

    /// Returns the bytes of a text that this arena holds.
    pub fn bytes(&self, reference: TextReference) -> &[u8] {
        let block = &self.blocks[reference.block()];
        if reference.length() == WHOLE_BLOCK {
            return block;
        }
        &block[reference.offset()..reference.offset() + reference.length() as usize]
    }

    /// Returns a text that this arena holds.
    pub fn text(&self, reference: TextReference) -> &str {
        // SAFETY: only `push` writes into blocks, whole `str`s at a time, and references name exactly such ranges.
        unsafe { std::str::from_utf8_unchecked(self.bytes(reference)) }
    }

    /// Returns the block of a text, and its offset in the block.
    pub fn locate(&self, reference: TextReference) -> (usize, usize) {
        (
            reference.block(),
            if reference.length() == WHOLE_BLOCK {
                0
            } else {
                reference.offset()
            },
        )
    }

    /// Returns the bytes of one block.
    pub fn block(&self, index: usize) -> &[u8] {
        &self.blocks[index]
    }

    /// Returns the number of bytes in all blocks.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Returns whether no text was stored.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Drops the data that is only needed for storing.
    pub fn finish(&mut self) {
        self.recent = Vec::new();
    }
}

/// Returns a quick hash of a short text; a collision only costs a second copy of a text.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        state = (state ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
    }
    let mut last = [0u8; 8];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    state = (state ^ u64::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    state ^ (state >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn texts_of_any_length_come_back() {
        let mut arena = TextArena::new();
        let texts: Vec<String> = [
            0, 1, 12, 13, 4000, 20_000, BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES, 5,
        ]
        .iter()
        .map(|&length| "é".repeat(length / 2) + &"x".repeat(length % 2))
        .collect();
        let references: Vec<_> = texts.iter().map(|text| arena.push(text)).collect();
        for (text, reference) in texts.iter().zip(references) {
            assert_eq!(arena.text(reference), text);
            assert_eq!(
                arena.text(TextReference::from_bits(reference.into_shared().bits())),
                text
            );
        }
    }

    #[test]
    fn blocks_do_not_move_while_text_is_added() {
        let mut arena = TextArena::new();
        let first = arena.push("first");
        let address = arena.bytes(first).as_ptr();
        for number in 0..200_000 {
            arena.push(&number.to_string());
        }
        assert_eq!(arena.bytes(first).as_ptr(), address);
        assert_eq!(arena.text(first), "first");
    }

    #[test]
    fn repeated_texts_are_stored_once() {
        let mut arena = TextArena::new();
        let reference = arena.push_deduplicated("Oslo");
        arena.push_deduplicated("Bergen");
        assert_eq!(arena.push_deduplicated("Oslo"), reference);
    }
}
