//! Chooses the rows that are examined. A long table has thousands of rows that look like the row before; these are skipped.
//!
//! The first and last rows of a sheet are always examined, and so is every row that differs from its block: it has a kind of
//! value that is rare in its column, few cells, or a blank row above it. The neighbours of these rows are examined too, because
//! they show what the row is. All other rows cost one glance at each cell.

use std::ops::Range;

use crate::cells::parts::{places, share_tasks};
use crate::cells::{CellTag, Sheet, SheetCell};

/// The number of filled rows at the top and at the bottom that are always examined.
const TOP: usize = 60;
const BOTTOM: usize = 25;
/// The number of rows before and after a differing row that are examined with it.
const BEFORE: usize = 3;
const AFTER: usize = 9;
/// The number of rows that are compared with each other.
const BLOCK: usize = 256;
/// The maximum number of columns that are examined, from the first one with a value.
pub const MAX_SAMPLE_COLUMNS: usize = 256;
/// The maximum number of cells that are examined. Rows further down are assumed to be like the rows before.
const MAX_SAMPLE_CELLS: usize = 120_000;

/// The rows to examine, each with the number of blank rows above it, and the columns.
pub struct LayoutSample {
    pub rows: Vec<(usize, usize)>,
    pub columns: Range<usize>,
}

/// Chooses the rows and columns of a sheet to examine.
pub fn choose(sheet: &Sheet) -> LayoutSample {
    let count = sheet.facts().rows_emitted;
    let first = first_column(sheet, count);
    let columns = first..sheet.facts().width.min(first + MAX_SAMPLE_COLUMNS);
    let filled = places(count, |row| is_filled(sheet, row, &columns));
    let gap = |at: usize| filled[at] - if at == 0 { 0 } else { filled[at - 1] + 1 };
    let all = 0..filled.len();
    if filled.len() <= TOP + BOTTOM + 10 {
        let rows = all.map(|at| (filled[at], gap(at))).collect();
        return LayoutSample { rows, columns };
    }
    let mut is_wanted = vec![false; filled.len()];
    is_wanted[..TOP].fill(true);
    let bottom = filled.len() - BOTTOM;
    is_wanted[bottom..].fill(true);
    let mut budget = MAX_SAMPLE_CELLS / columns.len().max(1);
    let standing_out = |start: usize| -> Vec<usize> {
        // A block that would be short is compared with rows of the block before it.
        let stop = bottom.min(start + BLOCK);
        let compared = stop.saturating_sub(BLOCK).max(1)..stop;
        let block = RowBlock::read(sheet, &filled[compared.clone()], &columns);
        let stands_out = |at: &usize| gap(*at) > 0 || block.stands_out(at - compared.start);
        (start..stop).filter(stands_out).collect()
    };
    let starts = (TOP..bottom).step_by(BLOCK).collect();
    for at in share_tasks(starts, filled.len(), standing_out).concat() {
        if budget == 0 {
            break;
        }
        for wanted in &mut is_wanted[at.saturating_sub(BEFORE)..filled.len().min(at + AFTER)] {
            budget = budget.saturating_sub(usize::from(!*wanted));
            *wanted = true;
        }
    }
    let wanted = all.filter(|&at| is_wanted[at]);
    let rows = wanted.map(|at| (filled[at], gap(at))).collect();
    LayoutSample { rows, columns }
}

/// Returns the first column with a value. In long sheets, only the first rows count.
fn first_column(sheet: &Sheet, count: usize) -> usize {
    let mut cells = Vec::new();
    let mut first = usize::MAX;
    for row in 0..count.min(1000) {
        if first == 0 {
            break;
        }
        sheet.read_row(row, &mut cells);
        if let Some(at) = cells.iter().position(|&cell| !sheet.is_blank(cell)) {
            first = first.min(at);
        }
    }
    if first == usize::MAX { 0 } else { first }
}

/// Returns whether a row has a value in one of the columns. A row ends with its last value, which is blank only if it is white
/// space.
fn is_filled(sheet: &Sheet, row: usize, columns: &Range<usize>) -> bool {
    let width = sheet.row_width(row);
    if width <= columns.start {
        return false;
    }
    let last = width.min(columns.end) - 1;
    (columns.start..=last)
        .rev()
        .any(|column| !sheet.is_blank(sheet.cell(row, column)))
}

/// Returns the sort of a cell at a glance; 0 if it is blank.
fn glance(sheet: &Sheet, cell: SheetCell) -> u8 {
    match cell.tag {
        CellTag::Empty | CellTag::EmptyText => 0,
        CellTag::Integer | CellTag::Float | CellTag::BigInteger | CellTag::Duration => 1,
        CellTag::DateTime | CellTag::Date | CellTag::Time => 2,
        CellTag::Boolean => 3,
        CellTag::Text => match sheet.text(cell.as_text()).as_bytes() {
            [] => 0,
            [b'0'..=b'9' | b'-' | b'+' | b'(' | b'$' | b'.' | b'#', ..] => 4,
            [b'a'..=b'z', ..] => 5,
            _ => 6,
        },
    }
}

/// The result of a glance at the cells of some rows.
struct RowBlock {
    /// The number of filled cells, by row.
    filled: Vec<u32>,
    rare: Vec<bool>,
    typical: u32,
}

impl RowBlock {
    fn read(sheet: &Sheet, rows: &[usize], columns: &Range<usize>) -> Self {
        let mut block = Self {
            filled: vec![0; rows.len()],
            rare: vec![false; rows.len()],
            typical: 0,
        };
        let (Some(&start), Some(&last)) = (rows.first(), rows.last()) else {
            return block;
        };
        let mut seen = vec![0u8; rows.len()];
        let usual = (rows.len() / 20).max(2) as u32;
        for column in columns.clone() {
            let mut counts = [0u32; 7];
            let (mut number, mut at) = (start, 0);
            sheet.visit_column(column, start, last + 1, |cell| {
                // There may be rows without a value between the others.
                if rows.get(at) == Some(&number) {
                    let what = glance(sheet, cell);
                    seen[at] = what;
                    counts[usize::from(what)] += 1;
                    at += 1;
                }
                number += 1;
            });
            for (filled, &what) in block.filled.iter_mut().zip(&seen) {
                *filled += u32::from(what != 0);
            }
            // Signs replace numbers, and words begin with small and with capital letters.
            let is_rare: [bool; 7] = std::array::from_fn(|what| {
                what != 0 && (1..=usual).contains(&counts[what]) && is_other(what, &counts)
            });
            if is_rare.contains(&true) {
                for (rare, &what) in block.rare.iter_mut().zip(&seen) {
                    *rare |= is_rare[usize::from(what)];
                }
            }
        }
        let mut sorted = block.filled.clone();
        let middle = sorted.len() / 2;
        block.typical = *sorted.select_nth_unstable(middle).1;
        block
    }

    fn stands_out(&self, at: usize) -> bool {
        self.rare[at] || self.filled[at] * 2 < self.typical
    }
}

/// Returns whether most of a column is of another sort than `what`: words among values, or values among words.
fn is_other(what: usize, counts: &[u32; 7]) -> bool {
    let values = counts[1] + counts[2] + counts[3] + counts[4];
    let words = counts[5] + counts[6];
    if what >= 5 {
        words < values
    } else {
        values < words
    }
}
