//! Turns cells into polars columns: chooses the type of a range of cells, and builds its values.
//!
//! The type is the one that `polars.Series(name, values, strict=False)` would choose for the same Python values, found from the
//! kinds of cells that occur and from the kind that comes first. Common cases are built here as Arrow columns, without copying
//! text; for rare mixtures [`build`] returns none, and Python makes the series from a list.

use std::sync::Arc;

use super::export::{Buffer, OwnedColumn, Validity};
use crate::cells::{CellTag, ColumnKinds, Sheet, SheetCell, TextArena, TextReference, text_form};

/// The type of the column that cells become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesType {
    /// No value at all.
    Null,
    Integer,
    Float,
    Boolean,
    /// Text, and other values as polars displays them.
    Text,
    /// A mixture that polars refuses, converted to text by Python's rules.
    PythonText,
    DateTime,
    Date,
    Time,
    Duration,
    /// A mixture whose series Python makes.
    Other,
}

impl SeriesType {
    /// Chooses the type by the kinds of cells.
    pub fn from_kinds(kinds: ColumnKinds) -> Self {
        use CellTag::{Boolean, Date, DateTime, Duration, EmptyText, Float, Integer, Text, Time};
        let has_text = kinds.has(Text) || kinds.has(EmptyText);
        if kinds.first == CellTag::Empty {
            Self::Null
        } else if kinds.only(&[DateTime]) {
            Self::DateTime
        } else if kinds.only(&[Date]) {
            Self::Date
        } else if kinds.only(&[Time]) {
            Self::Time
        } else if kinds.only(&[Duration]) {
            Self::Duration
        } else if kinds.only(&[Boolean]) {
            Self::Boolean
        } else if kinds.only(&[Integer, Boolean]) {
            Self::Integer
        } else if kinds.only(&[Integer, Boolean, Float]) {
            Self::Float
        } else if kinds.first == DateTime
            && kinds.only(&[DateTime, Text, EmptyText, Integer, Float, Boolean, Time])
        {
            Self::PythonText
        } else if has_text && Self::is_shown_as_text(kinds) {
            Self::Text
        } else {
            Self::Other
        }
    }

    /// Returns whether polars chooses text for a mixture with text in it. The first kind matters: a boolean or a time that
    /// meets a date before the first text makes a column of Python objects instead.
    fn is_shown_as_text(kinds: ColumnKinds) -> bool {
        use CellTag::{Boolean, Date, DateTime, EmptyText, Float, Integer, Text, Time};
        match kinds.first {
            Text | EmptyText | Integer | Float => kinds.only(&[
                Text, EmptyText, Integer, Float, Boolean, DateTime, Date, Time,
            ]),
            Boolean => kinds.only(&[Text, EmptyText, Integer, Float, Boolean]),
            Time => kinds.only(&[Text, EmptyText, Integer, Float, Time]),
            _ => false,
        }
    }
}

/// Returns whether cells of these kinds have several types, so that some lose theirs in a column.
pub fn is_mixed(kinds: ColumnKinds) -> bool {
    match SeriesType::from_kinds(kinds) {
        SeriesType::Integer | SeriesType::Float => kinds.has(CellTag::Boolean),
        SeriesType::Text | SeriesType::PythonText => {
            !kinds.only(&[CellTag::Text, CellTag::EmptyText])
        }
        SeriesType::Other => true,
        _ => false,
    }
}

/// Builds the column of cells of these kinds; none if Python has to build it.
pub fn build(
    sheet: &Sheet,
    column: usize,
    start: usize,
    stop: usize,
    kinds: ColumnKinds,
) -> Option<OwnedColumn> {
    let rows = stop.saturating_sub(start);
    match SeriesType::from_kinds(kinds) {
        SeriesType::Null | SeriesType::Other => None,
        SeriesType::Integer => Some(words(sheet, column, start, stop, "l", |cell| cell.bits)),
        SeriesType::Float => Some(words(sheet, column, start, stop, "g", |cell| {
            match cell.tag {
                CellTag::Float => cell.as_float(),
                _ => cell.as_integer() as f64,
            }
            .to_bits()
        })),
        SeriesType::DateTime => Some(words(sheet, column, start, stop, "tsu:", |cell| cell.bits)),
        SeriesType::Time => Some(words(sheet, column, start, stop, "ttn", |cell| {
            (cell.as_integer() * 1000) as u64
        })),
        SeriesType::Duration => Some(words(sheet, column, start, stop, "tDu", |cell| cell.bits)),
        SeriesType::Date => {
            let of = |cell: SheetCell| cell.as_integer() as i32;
            let (validity, days) = values(sheet, column, start, stop, of);
            Some(validity.column("tdD", vec![Buffer::Halves(days)]))
        }
        SeriesType::Boolean => {
            let mut validity = Validity::new(rows);
            let mut values = Validity::new(rows);
            sheet.visit_column(column, start, stop, |cell| {
                validity.push(cell.tag != CellTag::Empty);
                values.push(cell.bits != 0);
            });
            Some(validity.column("b", vec![Buffer::Bytes(values.into_bits())]))
        }
        SeriesType::Text => text(sheet, column, start, stop, text_form::as_polars),
        SeriesType::PythonText => text(sheet, column, start, stop, text_form::as_python),
    }
}

fn words(
    sheet: &Sheet,
    column: usize,
    start: usize,
    stop: usize,
    format: &'static str,
    value: impl Fn(SheetCell) -> u64,
) -> OwnedColumn {
    let (validity, words) = values(sheet, column, start, stop, value);
    validity.column(format, vec![Buffer::Words(words)])
}

/// Returns which cells have a value, and the values made of them.
fn values<T: Default>(
    sheet: &Sheet,
    column: usize,
    start: usize,
    stop: usize,
    value: impl Fn(SheetCell) -> T,
) -> (Validity, Vec<T>) {
    let rows = stop.saturating_sub(start);
    let mut validity = Validity::new(rows);
    let mut values = Vec::with_capacity(rows);
    sheet.visit_column(column, start, stop, |cell| {
        let has_value = cell.tag != CellTag::Empty;
        validity.push(has_value);
        values.push(if has_value { value(cell) } else { T::default() });
    });
    (validity, values)
}

/// Builds text as Arrow views: short texts are within the view, longer ones stay in the store.
fn text(
    sheet: &Sheet,
    column: usize,
    start: usize,
    stop: usize,
    write_other: fn(SheetCell, &Sheet, &mut String) -> bool,
) -> Option<OwnedColumn> {
    let rows = stop.saturating_sub(start);
    let mut validity = Validity::new(rows);
    let mut views: Vec<u128> = Vec::with_capacity(rows);
    let mut blocks = Blocks::default();
    // Texts that are not in the store: numbers and dates among text.
    let mut made = TextArena::new();
    let mut made_views: Vec<(usize, TextReference)> = Vec::new();
    let mut other = String::new();
    let mut complete = true;
    sheet.visit_column(column, start, stop, |cell| {
        validity.push(cell.tag != CellTag::Empty);
        match cell.tag {
            CellTag::Empty | CellTag::EmptyText => views.push(0),
            CellTag::Text => {
                let reference = cell.as_text();
                let arena = sheet.arena(reference.is_shared());
                let bytes = arena.bytes(reference);
                views.push(if bytes.len() <= 12 {
                    short_view(bytes)
                } else {
                    let (block, offset) = arena.locate(reference);
                    long_view(
                        bytes,
                        blocks.number(arena, usize::from(reference.is_shared()), block),
                        offset,
                    )
                });
            }
            _ => {
                other.clear();
                complete &= write_other(cell, sheet, &mut other);
                if other.len() <= 12 {
                    views.push(short_view(other.as_bytes()));
                } else {
                    made_views.push((views.len(), made.push(&other)));
                    views.push(0);
                }
            }
        }
    });
    if !complete {
        return None;
    }
    made.finish();
    let made = Arc::new(made);
    for (at, reference) in made_views {
        let (block, offset) = made.locate(reference);
        let number = blocks.number(&made, 2, block);
        views[at] = long_view(made.bytes(reference), number, offset);
    }
    let lengths = blocks
        .buffers
        .iter()
        .map(|(arena, index)| arena.block(*index).len() as u64)
        .collect();
    let mut buffers = vec![Buffer::Views(views)];
    buffers.extend(
        blocks
            .buffers
            .into_iter()
            .map(|(arena, index)| Buffer::Block { arena, index }),
    );
    buffers.push(Buffer::Words(lengths));
    Some(validity.column("vu", buffers))
}

/// The blocks that a column's views point into, numbered in the order of their first use.
#[derive(Default)]
struct Blocks {
    buffers: Vec<(Arc<TextArena>, usize)>,
    /// The number of each block, if it has one: for the sheet's own text, the shared strings and made text.
    numbers: [Vec<Option<u32>>; 3],
}

impl Blocks {
    /// Returns the number of a block in one of these three arenas.
    #[inline]
    fn number(&mut self, arena: &Arc<TextArena>, which: usize, block: usize) -> u32 {
        let numbers = &mut self.numbers[which];
        if numbers.len() <= block {
            numbers.resize(block + 1, None);
        }
        if let Some(number) = numbers[block] {
            return number;
        }
        let number = self.buffers.len() as u32;
        numbers[block] = Some(number);
        self.buffers.push((arena.clone(), block));
        number
    }
}

#[inline]
fn short_view(bytes: &[u8]) -> u128 {
    let mut view = [0u8; 16];
    view[..4].copy_from_slice(&(bytes.len() as u32).to_ne_bytes());
    view[4..4 + bytes.len()].copy_from_slice(bytes);
    u128::from_ne_bytes(view)
}

#[inline]
fn long_view(bytes: &[u8], block: u32, offset: usize) -> u128 {
    let mut view = [0u8; 16];
    view[..4].copy_from_slice(&(bytes.len() as u32).to_ne_bytes());
    view[4..8].copy_from_slice(&bytes[..4]);
    view[8..12].copy_from_slice(&block.to_ne_bytes());
    view[12..].copy_from_slice(&(offset as u32).to_ne_bytes());
    u128::from_ne_bytes(view)
}
