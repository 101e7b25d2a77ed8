//! The sheet store: the one place where a sheet's cells live.
//!
//! Rows are kept in groups of [`GROUP_ROWS`]; within a group each column that has a value is a `Chunk`, dense (a tag
//! and 64 bits for each row) where enough rows have one, else a sorted list. So a sheet costs about nine bytes a cell
//! and its text, whatever it looks like, and a file that names far-off cells cannot make it cost more than a small
//! multiple of its own size. Text is in two [`TextArena`]s: the workbook's shared strings and the sheet's own.
//!
//! [`builder::SheetBuilder`] fills a sheet and applies the contract's rules on where rows and scanning end;
//! Python rows (`python`), polars columns ([`crate::series`]) are views of the result.

pub mod builder;
pub mod text;

use std::sync::Arc;

pub use text::{TextArena, TextReference};

/// Rows in a group.
pub const GROUP_ROWS: usize = 1024;

/// What kind of value a cell holds, and so how its 64 bits read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tag {
    /// No value.
    Empty = 0,
    /// Text of no length; it counts as empty, yet Python sees `""`.
    EmptyText = 1,
    /// A [`TextReference`].
    Text = 2,
    /// An `i64`.
    Integer = 3,
    /// An `f64`.
    Float = 4,
    /// 0 or 1.
    Boolean = 5,
    /// Microseconds since 1970, in no time zone.
    DateTime = 6,
    /// Days since 1970.
    Date = 7,
    /// Microseconds since midnight.
    Time = 8,
    /// Microseconds.
    Duration = 9,
    /// A whole number of more than 64 bits, as a reference to its decimal digits.
    BigInteger = 10,
}

impl Tag {
    /// How many kinds there are.
    pub const COUNT: usize = 11;

    const ALL: [Self; Self::COUNT] = [
        Self::Empty,
        Self::EmptyText,
        Self::Text,
        Self::Integer,
        Self::Float,
        Self::Boolean,
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::BigInteger,
    ];

    /// Whether the contract's scanning counts such a cell as empty.
    pub fn counts_as_empty(self) -> bool {
        matches!(self, Self::Empty | Self::EmptyText)
    }

    fn from_byte(byte: u8) -> Self {
        Self::ALL.get(byte as usize).copied().unwrap_or(Self::Empty)
    }
}

/// A cell: a tag and its 64 bits. Small enough to be passed around by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub tag: Tag,
    pub bits: u64,
}

impl Cell {
    pub const EMPTY: Self = Self {
        tag: Tag::Empty,
        bits: 0,
    };
    pub const EMPTY_TEXT: Self = Self {
        tag: Tag::EmptyText,
        bits: 0,
    };

    pub fn integer(value: i64) -> Self {
        Self {
            tag: Tag::Integer,
            bits: value as u64,
        }
    }

    pub fn float(value: f64) -> Self {
        Self {
            tag: Tag::Float,
            bits: value.to_bits(),
        }
    }

    pub fn boolean(value: bool) -> Self {
        Self {
            tag: Tag::Boolean,
            bits: u64::from(value),
        }
    }

    pub fn text(reference: TextReference) -> Self {
        Self {
            tag: Tag::Text,
            bits: reference.bits(),
        }
    }

    pub fn date_time(microseconds: i64) -> Self {
        Self {
            tag: Tag::DateTime,
            bits: microseconds as u64,
        }
    }

    pub fn date(days: i64) -> Self {
        Self {
            tag: Tag::Date,
            bits: days as u64,
        }
    }

    pub fn time(microseconds: i64) -> Self {
        Self {
            tag: Tag::Time,
            bits: microseconds as u64,
        }
    }

    pub fn duration(microseconds: i64) -> Self {
        Self {
            tag: Tag::Duration,
            bits: microseconds as u64,
        }
    }

    pub fn as_float(self) -> f64 {
        f64::from_bits(self.bits)
    }

    pub fn as_integer(self) -> i64 {
        self.bits as i64
    }

    pub fn as_text(self) -> TextReference {
        TextReference::from_bits(self.bits)
    }
}

/// One column's cells within a group.
#[derive(Debug)]
enum Chunk {
    /// Every row from the group's first one on; rows beyond the end are empty.
    Dense { tags: Box<[u8]>, bits: Box<[u64]> },
    /// Only rows that have a cell, in order.
    Sparse {
        rows: Box<[u16]>,
        tags: Box<[u8]>,
        bits: Box<[u64]>,
    },
}

impl Chunk {
    fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Dense { tags, bits } => match (tags.get(row), bits.get(row)) {
                (Some(&tag), Some(&bits)) => Cell {
                    tag: Tag::from_byte(tag),
                    bits,
                },
                _ => Cell::EMPTY,
            },
            Self::Sparse { rows, tags, bits } => match rows.binary_search(&(row as u16)) {
                Ok(found) => Cell {
                    tag: Tag::from_byte(tags[found]),
                    bits: bits[found],
                },
                Err(_) => Cell::EMPTY,
            },
        }
    }
}

/// Up to [`GROUP_ROWS`] rows.
#[derive(Debug, Default)]
struct Group {
    /// Columns that have a cell, in order.
    columns: Vec<(u32, Chunk)>,
    /// For each row, the number of its cells up to the last one with a value; missing rows have none.
    widths: Vec<u16>,
}

impl Group {
    fn chunk(&self, column: usize) -> Option<&Chunk> {
        // In an ordinary sheet column n is the n-th one that has a value.
        if let Some((number, chunk)) = self.columns.get(column)
            && *number as usize == column
        {
            return Some(chunk);
        }
        let found = self
            .columns
            .binary_search_by_key(&(column as u32), |(number, _)| *number)
            .ok()?;
        Some(&self.columns[found].1)
    }
}

/// What scanning found out about a sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanFacts {
    /// Rows handed on, empty ones included.
    pub rows_emitted: usize,
    /// Whether a long run of empty rows ended the scan.
    pub stopped_early: bool,
    /// Declared rows that were left out by stopping.
    pub truncated_rows: usize,
    /// Cells of the widest row.
    pub width: usize,
}

/// The extent that a file says a sheet has; rows and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredExtent {
    pub first_row: usize,
    pub first_column: usize,
    pub last_row: usize,
    pub last_column: usize,
}

impl DeclaredExtent {
    /// That many rows of one column.
    pub fn of_rows(rows: usize) -> Self {
        Self {
            first_row: 1,
            first_column: 1,
            last_row: rows,
            last_column: 1,
        }
    }
}

/// A sheet's cells.
#[derive(Debug, Default)]
pub struct Sheet {
    groups: Vec<Option<Box<Group>>>,
    facts: ScanFacts,
    declared: Option<DeclaredExtent>,
    own_text: Arc<TextArena>,
    shared_text: Arc<TextArena>,
}

impl Sheet {
    /// What scanning found out.
    pub fn facts(&self) -> ScanFacts {
        self.facts
    }

    /// The extent that the file says the sheet has.
    pub fn declared(&self) -> Option<DeclaredExtent> {
        self.declared
    }

    /// The arena of the sheet's own text, or of the workbook's.
    pub fn arena(&self, shared: bool) -> &Arc<TextArena> {
        if shared {
            &self.shared_text
        } else {
            &self.own_text
        }
    }

    /// The text that a cell refers to.
    pub fn text(&self, reference: TextReference) -> &str {
        self.arena(reference.is_shared()).text(reference)
    }

    /// The number of cells of a row up to the last one with a value.
    pub fn row_width(&self, row: usize) -> usize {
        self.groups
            .get(row / GROUP_ROWS)
            .and_then(Option::as_ref)
            .and_then(|group| group.widths.get(row % GROUP_ROWS))
            .map_or(0, |&width| width as usize)
    }

    /// One cell. Cells that are not there are empty.
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        if column >= self.row_width(row) {
            return Cell::EMPTY;
        }
        self.groups[row / GROUP_ROWS]
            .as_ref()
            .and_then(|group| group.chunk(column))
            .map_or(Cell::EMPTY, |chunk| chunk.cell(row % GROUP_ROWS))
    }

    /// Fills `row_cells` with a row, up to its last value.
    pub fn read_row(&self, row: usize, row_cells: &mut Vec<Cell>) {
        row_cells.clear();
        let width = self.row_width(row);
        if width == 0 {
            return;
        }
        let Some(group) = self.groups[row / GROUP_ROWS].as_ref() else {
            return;
        };
        row_cells.resize(width, Cell::EMPTY);
        for (column, chunk) in &group.columns {
            let column = *column as usize;
            if column >= width {
                break;
            }
            row_cells[column] = chunk.cell(row % GROUP_ROWS);
        }
    }

    /// Calls `visit` with the cells of one column from `start` to before `stop`, in order.
    pub fn visit_column(
        &self,
        column: usize,
        start: usize,
        stop: usize,
        mut visit: impl FnMut(Cell),
    ) {
        let mut row = start;
        while row < stop {
            let group_index = row / GROUP_ROWS;
            let first = group_index * GROUP_ROWS;
            let end = stop.min(first + GROUP_ROWS);
            let chunk = self
                .groups
                .get(group_index)
                .and_then(Option::as_ref)
                .and_then(|group| group.chunk(column));
            match chunk {
                None => (row..end).for_each(|_| visit(Cell::EMPTY)),
                Some(Chunk::Dense { tags, bits }) => {
                    let known = tags.len().min(bits.len());
                    let (from, to) = ((row - first).min(known), (end - first).min(known));
                    for (&tag, &bits) in tags[from..to].iter().zip(&bits[from..to]) {
                        visit(Cell {
                            tag: Tag::from_byte(tag),
                            bits,
                        });
                    }
                    (to - from..end - row).for_each(|_| visit(Cell::EMPTY));
                }
                Some(Chunk::Sparse { rows, tags, bits }) => {
                    let mut next = rows.partition_point(|&at| (at as usize) < row - first);
                    for at in row - first..end - first {
                        if rows.get(next).is_some_and(|&found| found as usize == at) {
                            visit(Cell {
                                tag: Tag::from_byte(tags[next]),
                                bits: bits[next],
                            });
                            next += 1;
                        } else {
                            visit(Cell::EMPTY);
                        }
                    }
                }
            }
            row = end;
        }
    }

    /// Which kinds of cells a column has from `start` to before `stop`, and the first one that is not [`Tag::Empty`].
    pub fn column_kinds(&self, column: usize, start: usize, stop: usize) -> ColumnKinds {
        let mut kinds = ColumnKinds::default();
        self.visit_column(column, start, stop, |cell| {
            kinds.seen |= 1 << (cell.tag as u16);
            if kinds.first == Tag::Empty {
                kinds.first = cell.tag;
            }
        });
        kinds
    }

    /// Whether a cell is blank: no value, or text of white space alone.
    pub fn is_blank(&self, cell: Cell) -> bool {
        match cell.tag {
            Tag::Empty | Tag::EmptyText => true,
            Tag::Text => is_blank_text(self.text(cell.as_text())),
            _ => false,
        }
    }

    /// The non-blank cells of each of the first `width` columns from `start` to before `stop`, and the number of rows
    /// in which all of these are blank.
    pub fn count_cells(&self, start: usize, stop: usize, width: usize) -> (Vec<usize>, usize) {
        let rows = stop.saturating_sub(start);
        let mut filled = vec![false; rows];
        let mut counts = vec![0; width];
        for (column, count) in counts.iter_mut().enumerate() {
            let mut row = 0;
            self.visit_column(column, start, stop, |cell| {
                if !self.is_blank(cell) {
                    *count += 1;
                    filled[row] = true;
                }
                row += 1;
            });
        }
        (counts, filled.iter().filter(|&&any| !any).count())
    }

    /// Bytes that the cells and the sheet's own text take.
    pub fn heap_bytes(&self) -> usize {
        let cells: usize = self
            .groups
            .iter()
            .flatten()
            .flat_map(|group| &group.columns)
            .map(|(_, chunk)| match chunk {
                Chunk::Dense { tags, .. } => tags.len() * 9,
                Chunk::Sparse { rows, .. } => rows.len() * 11,
            })
            .sum();
        cells + self.own_text.len()
    }
}

/// The kinds of cells in a stretch of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnKinds {
    /// The kind of the first cell that has a value, [`Tag::Empty`] if none has.
    pub first: Tag,
    seen: u16,
}

impl Default for ColumnKinds {
    fn default() -> Self {
        Self {
            first: Tag::Empty,
            seen: 0,
        }
    }
}

impl ColumnKinds {
    /// Whether some cell is of this kind.
    pub fn has(self, tag: Tag) -> bool {
        self.seen & (1 << (tag as u16)) != 0
    }

    /// Whether every cell that has a value is of one of these kinds.
    pub fn only(self, tags: &[Tag]) -> bool {
        let allowed = tags.iter().fold(1u16 << (Tag::Empty as u16), |all, &tag| {
            all | 1 << (tag as u16)
        });
        self.seen & !allowed == 0
    }
}

/// Whether Python's `str.strip` leaves nothing of the text.
pub fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_python_space)
}

/// Whether Python's `str.isspace` holds for the character.
pub fn is_python_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// The letters of a column, counted from 0.
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters
        .iter()
        .rev()
        .map(|&letter| char::from(letter))
        .collect()
}
