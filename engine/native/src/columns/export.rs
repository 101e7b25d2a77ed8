//! Columns made here: their memory, and the C structures that keep it alive until the last reader releases them.

use std::ffi::{CString, c_void};
use std::ptr;
use std::sync::Arc;

use super::arrow::{ArrowArray, ArrowSchema};
use crate::cells::TextArena;

/// Memory that an exported column points to and keeps alive.
pub enum Buffer {
    Bytes(Vec<u8>),
    Words(Vec<u64>),
    Halves(Vec<i32>),
    Views(Vec<u128>),
    /// One block of a text arena.
    Block {
        arena: Arc<TextArena>,
        index: usize,
    },
    /// A buffer of another array.
    Shared(Arc<ArrowArray>, usize),
}

impl Buffer {
    fn pointer(&self) -> *const c_void {
        match self {
            Self::Bytes(bytes) => bytes.as_ptr().cast(),
            Self::Words(words) => words.as_ptr().cast(),
            Self::Halves(halves) => halves.as_ptr().cast(),
            Self::Views(views) => views.as_ptr().cast(),
            Self::Block { arena, index } => arena.block(*index).as_ptr().cast(),
            // SAFETY: the code that shared the buffer has counted the buffers of the array.
            Self::Shared(array, index) => unsafe { *array.buffers.add(*index) },
        }
    }
}

/// A column that was made here.
pub struct OwnedColumn {
    /// The Arrow format string.
    pub format: &'static str,
    pub rows: usize,
    pub null_count: usize,
    /// The rows that have a value, one bit each; none if all rows have one.
    pub validity: Option<Vec<u8>>,
    /// The other buffers, in the order of the format.
    pub buffers: Vec<Buffer>,
}

/// A bitmap of the rows of a column that have a value.
pub struct Validity {
    bits: Vec<u8>,
    rows: usize,
    unset: usize,
}

impl Validity {
    /// Starts an empty bitmap with room for `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            bits: Vec::with_capacity(rows.div_ceil(8)),
            rows: 0,
            unset: 0,
        }
    }

    /// Adds a row with or without a value.
    #[inline]
    pub fn push(&mut self, is_set: bool) {
        if self.rows.is_multiple_of(8) {
            self.bits.push(0);
        }
        if is_set {
            if let Some(last) = self.bits.last_mut() {
                *last |= 1 << (self.rows % 8);
            }
        } else {
            self.unset += 1;
        }
        self.rows += 1;
    }

    /// Adds the rows of another bitmap at the end.
    pub fn append(&mut self, other: &Self) {
        if self.rows.is_multiple_of(8) {
            self.bits.extend_from_slice(&other.bits);
            self.rows += other.rows;
            self.unset += other.unset;
        } else {
            for row in 0..other.rows {
                self.push(other.bits[row / 8] & (1 << (row % 8)) != 0);
            }
        }
    }

    /// Returns the bytes of the bitmap.
    pub fn into_bits(self) -> Vec<u8> {
        self.bits
    }

    /// Returns the column with this validity and these buffers.
    pub fn column(self, format: &'static str, buffers: Vec<Buffer>) -> OwnedColumn {
        OwnedColumn {
            format,
            rows: self.rows,
            null_count: self.unset,
            validity: (self.unset > 0).then_some(self.bits),
            buffers,
        }
    }
}

impl OwnedColumn {
    /// Returns the column as a C structure, which keeps the column's memory alive until it is released.
    pub(super) fn export(self) -> ArrowArray {
        let mut pointers = Vec::with_capacity(self.buffers.len() + 1);
        if self.format != "n" {
            pointers.push(
                self.validity
                    .as_ref()
                    .map_or(ptr::null(), |bits| bits.as_ptr().cast()),
            );
        }
        pointers.extend(self.buffers.iter().map(Buffer::pointer));
        let array = ArrowArray {
            length: self.rows as i64,
            null_count: self.null_count as i64,
            buffer_count: pointers.len() as i64,
            buffers: pointers.as_mut_ptr(),
            ..ArrowArray::empty()
        };
        array.owning(Box::new((self.buffers, self.validity, pointers)))
    }
}

pub(super) fn export_schema(name: &str, format: &'static str) -> ArrowSchema {
    const NULLABLE: i64 = 2;
    // A name with a null byte cannot be passed on; the caller renames the column afterwards.
    let name = CString::new(name.replace('\0', "")).unwrap_or_default();
    let format = CString::new(format).unwrap_or_default();
    let owned = Box::new((name, format));
    let mut schema = ArrowSchema::empty();
    schema.format = owned.1.as_ptr();
    schema.name = owned.0.as_ptr();
    schema.flags = NULLABLE;
    schema.release = Some(release_schema);
    schema.private_data = Box::into_raw(owned).cast();
    schema
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: called once, with a structure that `export_schema` made.
    unsafe {
        drop(Box::from_raw(
            (*schema).private_data.cast::<(CString, CString)>(),
        ));
        (*schema).release = None;
    }
}
