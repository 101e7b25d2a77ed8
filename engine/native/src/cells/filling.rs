//! Fills merged ranges: every cell of a range gets the value of its first cell.
//!
//! If only labels and keys are filled, an amount stays in its first cell: three records share it, and none of them has all of
//! it. Ids in the first column and years are keys.
//!
//! A column without a value of its own is part of the column in which its ranges begin, and stays empty if that is wanted.
//!
//! Ranges come from files, which may name any: they may overlap, reach beyond the sheet, or be as large as a sheet can be. So a
//! sheet grows neither in rows nor in width. A range that overlaps an earlier one stays as it is, and so does one that would
//! take too many cells in proportion to the cells of the file.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};

use super::cell::{CellTag, SheetCell};
use super::findings::MergedFillCounts;
use super::group::{Chunk, GROUP_ROWS, RowGroup};
use super::merged::MergedRange;
use super::sheet::Sheet;
use crate::words::{cut, lexicon};

/// The number of cells that may be filled in any sheet …
const FREE_CELLS: usize = 1 << 18;
/// … and the number of further cells for each cell that the file has.
const CELLS_FOR_EACH: usize = 4;

/// A range that is cut to the sheet, and the value of its first cell.
type FilledRange = (MergedRange, SheetCell);

/// The rows of one column of a group to fill, both ends included, and their value.
struct RowSpanFill {
    column: u32,
    first: u16,
    last: u16,
    cell: SheetCell,
}

/// Fills the merged ranges of a sheet. `cells` is the number of cells that the file has for it; `numbers`: whether amounts are
/// filled like labels; `spacers`: whether columns without a value of their own are filled, too.
pub(super) fn fill(sheet: &mut Sheet, cells: usize, numbers: bool, spacers: bool) {
    let (fillings, filled) = chosen(sheet, cells, numbers);
    let left = match spacers {
        true => HashSet::default(),
        false => without_values(sheet, &fillings),
    };
    sheet.findings.filled = filled;
    for (range, _) in &fillings {
        sheet.zeros.fill(range);
    }
    let mut open: Vec<FilledRange> = Vec::new();
    let mut next = fillings.into_iter().peekable();
    let mut group = 0;
    loop {
        if open.is_empty() {
            let Some((range, _)) = next.peek() else {
                return;
            };
            group = range.first_row as usize / GROUP_ROWS;
        }
        let last_row = ((group + 1) * GROUP_ROWS - 1) as u32;
        while let Some(filling) = next.next_if(|(range, _)| range.first_row <= last_row) {
            open.push(filling);
        }
        if sheet.groups.len() <= group {
            sheet.groups.resize_with(group + 1, || None);
        }
        fill_group(
            sheet.groups[group].get_or_insert_default(),
            group,
            &open,
            &left,
        );
        open.retain(|(range, _)| range.last_row > last_row);
        group += 1;
    }
}

/// Returns the columns into which ranges only continue, and that have no value of their own.
fn without_values(sheet: &Sheet, fillings: &[FilledRange]) -> HashSet<u32> {
    let further = |(range, _): &FilledRange| range.first_column + 1..=range.last_column;
    let mut columns: HashSet<u32> = fillings.iter().flat_map(further).collect();
    columns.retain(|column| {
        let mut is_blank = true;
        sheet.visit_column(*column as usize, 0, sheet.facts.rows_emitted, |cell| {
            is_blank &= sheet.is_blank(cell);
        });
        is_blank
    });
    columns
}

/// Returns the ranges to fill in order of rows; none of them overlap.
fn chosen(sheet: &Sheet, cells: usize, numbers: bool) -> (Vec<FilledRange>, MergedFillCounts) {
    let facts = sheet.facts;
    let mut filled = MergedFillCounts::default();
    let mut fillings = Vec::new();
    let (Some(last_row), Some(last_column)) = (
        facts.rows_emitted.checked_sub(1),
        facts.width.checked_sub(1),
    ) else {
        return (fillings, filled);
    };
    let mut allowed = cells
        .saturating_mul(CELLS_FOR_EACH)
        .saturating_add(FREE_CELLS);
    // The ranges that reach into the current row, by their first columns, and some that end above it.
    let mut above: BTreeMap<u32, MergedRange> = BTreeMap::new();
    let mut keys = KeyColumns::default();
    for whole in &sheet.findings.merged {
        let mut range = *whole;
        range.last_row = range.last_row.min(last_row as u32);
        range.last_column = range.last_column.min(last_column as u32);
        let (row, column) = (range.first_row as usize, range.first_column as usize);
        if row > last_row || column > last_column {
            continue;
        }
        let cell = sheet.cell(row, column);
        let rows = range.last_row as usize - row + 1;
        let area = rows * (range.last_column as usize - column + 1);
        // A range without a value hides none, and values that other programs left below it are better than nothing.
        if area == 1 || cell.tag.counts_as_empty() {
            continue;
        }
        if area > allowed || overlaps_earlier(&mut above, &range) {
            filled.left += 1;
            continue;
        }
        allowed -= area;
        above.insert(range.first_column, range);
        if !numbers && keys.is_amount(sheet, &range, cell) {
            filled.first_lone_number.get_or_insert(*whole);
            filled.lone_numbers += 1;
            continue;
        }
        filled.first.get_or_insert(*whole);
        filled.ranges += 1;
        if numbers && rows > 1 && may_be_summed(sheet, cell) {
            filled.first_number.get_or_insert(*whole);
            filled.numbers += 1;
        }
        fillings.push((range, cell));
    }
    (fillings, filled)
}

/// Returns whether a cell has a number, or a text that a reader may take for a number: with digits, without letters, and no
/// date or time.
fn may_be_summed(sheet: &Sheet, cell: SheetCell) -> bool {
    match cell.tag {
        CellTag::Integer | CellTag::Float => true,
        CellTag::Text => {
            let text = sheet.text(cell.as_text());
            text.contains(|c: char| c.is_ascii_digit())
                && !is_date(text)
                && !text.contains(|c: char| c.is_alphabetic() || matches!(c, '/' | ':'))
        }
        _ => false,
    }
}

/// The facts that distinguish keys from amounts: the first column, and the numbers of columns.
#[derive(Default)]
struct KeyColumns {
    first_column: Option<usize>,
    columns: HashMap<usize, NumberFacts>,
}

/// The facts about all numbers of a column.
#[derive(Clone, Copy)]
struct NumberFacts {
    are_whole: bool,
    are_years: bool,
}

impl KeyColumns {
    /// Returns whether the cell of a range has a number that belongs to several records together.
    fn is_amount(&mut self, sheet: &Sheet, range: &MergedRange, cell: SheetCell) -> bool {
        let (row, column) = (range.first_row as usize, range.first_column as usize);
        match CellNumber::from_cell(sheet, cell) {
            None => false,
            Some(CellNumber::Other) => true,
            // A range in a single row is the label of several columns.
            Some(CellNumber::Whole(_)) if range.last_row == range.first_row => false,
            Some(CellNumber::Whole(number)) => {
                let is_blank = |row: usize| sheet.is_blank(sheet.cell(row, column));
                if YEARS.contains(&number) && (0..row).all(is_blank) {
                    // The number is a year in a header.
                    return false;
                }
                let first = *self.first_column.get_or_insert_with(|| first_column(sheet));
                let numbers = *self
                    .columns
                    .entry(column)
                    .or_insert_with(|| NumberFacts::from_column(sheet, column));
                !(numbers.are_years || numbers.are_whole && column == first)
            }
        }
    }
}

impl NumberFacts {
    fn from_column(sheet: &Sheet, column: usize) -> Self {
        let mut all = Self {
            are_whole: true,
            are_years: true,
        };
        sheet.visit_column(
            column,
            0,
            sheet.facts().rows_emitted,
            |cell| match CellNumber::from_cell(sheet, cell) {
                None => {}
                Some(CellNumber::Whole(number)) => all.are_years &= YEARS.contains(&number),
                Some(CellNumber::Other) => (all.are_whole, all.are_years) = (false, false),
            },
        );
        all
    }
}

const YEARS: std::ops::RangeInclusive<i64> = 1900..=2100;

/// Returns the first column with a value in more than one row: a title alone does not count.
fn first_column(sheet: &Sheet) -> usize {
    let facts = sheet.facts();
    let has_two = |column: &usize| {
        let mut filled = 0;
        sheet.visit_column(*column, 0, facts.rows_emitted, |cell| {
            filled += usize::from(!sheet.is_blank(cell));
        });
        filled > 1
    };
    (0..facts.width).find(has_two).unwrap_or(0)
}

/// A number in a cell, or a text that a reader may take for a number.
enum CellNumber {
    Whole(i64),
    Other,
}

impl CellNumber {
    fn from_cell(sheet: &Sheet, cell: SheetCell) -> Option<Self> {
        match cell.tag {
            CellTag::Integer => Some(Self::Whole(cell.as_integer())),
            CellTag::Float => Some(match cell.as_float() {
                number if number.fract() == 0.0 => Self::Whole(number as i64),
                _ => Self::Other,
            }),
            CellTag::Duration => Some(Self::Other),
            CellTag::Text => Self::of_text(sheet.text(cell.as_text()).trim()),
            _ => None,
        }
    }

    /// Reads "1,250.00", "EUR 300", "12.50-", but no date, no time, no phone number and no code.
    fn of_text(text: &str) -> Option<Self> {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let has_code = text.starts_with('+') && digits > 7
            || text.starts_with('0') && text[1..].starts_with(|c: char| c.is_ascii_digit())
            || text.as_bytes().windows(3).any(|near| {
                near[1] == b'-' && near[0].is_ascii_digit() && near[2].is_ascii_digit()
            });
        if digits == 0 || has_code || text.contains(['/', ':']) || is_date(text) {
            return None;
        }
        if digits == text.len() {
            return text
                .parse()
                .map_or(Some(Self::Other), |number| Some(Self::Whole(number)));
        }
        let has_cents = text.rsplit(['.', ',']).next().is_some_and(|end| {
            end.len() < text.len() && end.bytes().take_while(u8::is_ascii_digit).count() == 2
        });
        // "8 h", "5 kg".
        let has_unit = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(' ');
        text.split(|c: char| !c.is_alphabetic())
            .filter(|word| !word.is_empty())
            .all(|word| {
                (has_cents || has_unit) && word.chars().count() <= 4
                    || lexicon::currency(&cut::fold(word)).is_some()
            })
            .then_some(Self::Other)
    }
}

/// Returns whether a text has the numbers of a day, a month and a year.
fn is_date(text: &str) -> bool {
    let groups = text.split(|c: char| !c.is_ascii_digit());
    let lengths: Vec<usize> = groups.map(str::len).filter(|length| *length > 0).collect();
    matches!(lengths[..], [1 | 2 | 4, 1 | 2, 1 | 2 | 4])
}

/// Returns whether a range overlaps a range above; removes those that it meets and that end above it.
fn overlaps_earlier(above: &mut BTreeMap<u32, MergedRange>, range: &MergedRange) -> bool {
    while let Some((&column, earlier)) = above.range(..=range.last_column).next_back() {
        if earlier.last_row >= range.first_row {
            // The ranges that have not ended do not overlap each other, so all others are further to the left. Some that have
            // ended may be between them, but not to the right of this one.
            return earlier.last_column >= range.first_column;
        }
        above.remove(&column);
    }
    false
}

/// Fills the parts of ranges that are in one group.
fn fill_group(group: &mut RowGroup, number: usize, open: &[FilledRange], left: &HashSet<u32>) {
    let start = number * GROUP_ROWS;
    let mut pieces = Vec::new();
    for (range, cell) in open {
        let first = (range.first_row as usize).max(start) - start;
        let last = (range.last_row as usize - start).min(GROUP_ROWS - 1);
        if group.widths.len() <= last {
            group.widths.resize(last + 1, 0);
        }
        for width in &mut group.widths[first..=last] {
            *width = (*width).max(range.last_column as u16 + 1);
        }
        pieces.extend(
            (range.first_column..=range.last_column)
                .filter(|column| !left.contains(column))
                .map(|column| RowSpanFill {
                    column,
                    first: first as u16,
                    last: last as u16,
                    cell: *cell,
                }),
        );
    }
    pieces.sort_unstable_by_key(|piece| (piece.column, piece.first));
    let rows = group.widths.len();
    let mut columns = Vec::with_capacity(group.columns.len());
    let mut before = std::mem::take(&mut group.columns).into_iter().peekable();
    for pieces in pieces.chunk_by(|piece, other| piece.column == other.column) {
        let column = pieces[0].column;
        while let Some(untouched) = before.next_if(|(number, _)| *number < column) {
            columns.push(untouched);
        }
        let chunk = before.next_if(|(number, _)| *number == column);
        let cells = chunk.map_or_else(Vec::new, |(_, chunk)| chunk.cells());
        columns.push((column, Chunk::of_cells(&overlaid(cells, pieces), rows)));
    }
    columns.extend(before);
    group.columns = columns;
}

/// Returns the cells of a column of a group in order of rows, with pieces in place of the cells that they cover.
fn overlaid(cells: Vec<(u16, SheetCell)>, pieces: &[RowSpanFill]) -> Vec<(u16, SheetCell)> {
    let mut all = Vec::with_capacity(cells.len());
    let mut rest = cells.into_iter().peekable();
    for piece in pieces {
        while let Some(cell) = rest.next_if(|(row, _)| *row < piece.first) {
            all.push(cell);
        }
        while rest.next_if(|(row, _)| *row <= piece.last).is_some() {}
        all.extend((piece.first..=piece.last).map(|row| (row, piece.cell)));
    }
    all.extend(rest);
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::builder::{ScanLimits, SheetBuilder};
    use super::super::text::TextArena;
    use super::*;

    fn sheet(rows: &[(usize, &[(usize, i64)])], merged: &[&str]) -> Sheet {
        let limits = ScanLimits {
            fill_merged: true,
            ..ScanLimits::NONE
        };
        sheet_within(limits, rows, merged)
    }

    fn sheet_within(
        limits: ScanLimits,
        rows: &[(usize, &[(usize, i64)])],
        merged: &[&str],
    ) -> Sheet {
        let mut builder = SheetBuilder::new("Sheet", limits, Arc::new(TextArena::new()));
        for (row, cells) in rows {
            for &(column, value) in *cells {
                builder.push(column, SheetCell::integer(value));
            }
            builder.end_row(*row).unwrap();
        }
        for reference in merged {
            builder.merge(MergedRange::of_reference(reference).unwrap());
        }
        builder.finish(None)
    }

    fn value(cell: SheetCell) -> i64 {
        match cell.tag {
            CellTag::Empty => 0,
            _ => cell.as_integer(),
        }
    }

    fn row(sheet: &Sheet, number: usize) -> Vec<i64> {
        let mut cells = Vec::new();
        sheet.read_row(number, &mut cells);
        assert_eq!(cells.len(), sheet.row_width(number));
        for (column, cell) in cells.iter().enumerate() {
            assert_eq!(*cell, sheet.cell(number, column));
        }
        cells.into_iter().map(value).collect()
    }

    fn column(sheet: &Sheet, number: usize) -> Vec<i64> {
        let mut cells = Vec::new();
        sheet.visit_column(number, 0, sheet.facts().rows_emitted, |cell| {
            cells.push(value(cell));
        });
        cells
    }

    #[test]
    fn a_column_without_a_value_of_its_own_is_no_second_one() {
        let rows: &[(usize, &[(usize, i64)])] = &[
            (0, &[(0, 1), (3, 2)]),
            (1, &[(0, 3), (3, 4), (4, 5)]),
            (2, &[(0, 6), (3, 7), (4, 8)]),
        ];
        let limits = ScanLimits {
            fill_merged: true,
            fill_spacers: false,
            ..ScanLimits::NONE
        };
        let sheet = sheet_within(limits, rows, &["A1:C1", "D1:E1", "A2:C2", "A3:B3"]);
        assert_eq!(row(&sheet, 0), [1, 0, 0, 2, 2]);
        assert_eq!(row(&sheet, 1), [3, 0, 0, 4, 5]);
        assert_eq!(row(&sheet, 2), [6, 0, 0, 7, 8]);
    }

    #[test]
    fn a_sheet_grows_neither_in_rows_nor_in_width() {
        let sheet = sheet(
            &[(0, &[(0, 1), (1, 2), (2, 3)]), (2, &[(0, 4)])],
            &["A3:XFD1048576", "A1:A2", "B1:B2", "D1:F9", "A7:B9"],
        );
        assert_eq!(sheet.facts().rows_emitted, 3);
        assert_eq!(sheet.facts().width, 3);
        assert_eq!(row(&sheet, 1), [1, 2]);
        assert_eq!(row(&sheet, 2), [4, 4, 4]);
        assert!(row(&sheet, 3).is_empty());
        assert_eq!(sheet.findings().filled.ranges, 3);
        assert_eq!(sheet.findings().filled.left, 0);
    }

    #[test]
    fn ranges_reach_over_groups_of_rows() {
        let last = 3 * GROUP_ROWS + 5;
        let sheet = sheet(
            &[
                (5, &[(1, 7)]),
                (GROUP_ROWS + 3, &[(1, 8), (0, 1)]),
                (last, &[(0, 2)]),
            ],
            &[
                &format!("B6:B{}", last + 1),
                &format!("A{0}:A{1}", GROUP_ROWS + 4, 2 * GROUP_ROWS),
            ],
        );
        let expected: Vec<i64> = (0..=last).map(|row| if row < 5 { 0 } else { 7 }).collect();
        assert_eq!(column(&sheet, 1), expected);
        let first: Vec<i64> = column(&sheet, 0);
        assert_eq!(
            first.iter().filter(|&&value| value == 1).count(),
            GROUP_ROWS - 3
        );
        assert_eq!(first[last], 2);
        assert_eq!(sheet.row_width(4), 0);
        assert_eq!(sheet.row_width(2 * GROUP_ROWS + 1), 2);
    }

    #[test]
    fn ranges_that_overlap_are_found_wherever_others_have_ended() {
        let numbers =
            |row: usize| (0..12).map(move |column| (column, (row * 12 + column + 1) as i64));
        let values: Vec<(usize, Vec<(usize, i64)>)> =
            (0..12).map(|row| (row, numbers(row).collect())).collect();
        let rows: Vec<(usize, &[(usize, i64)])> = values
            .iter()
            .map(|(row, cells)| (*row, &cells[..]))
            .collect();
        // Compares every pair of a few hundred generated ranges with the result of a simple search.
        let mut seed = 1u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..200 {
            let ranges: Vec<String> = (0..14)
                .filter_map(|_| {
                    let (row, column) = (random(12), random(12));
                    MergedRange::between((row, column), (row + random(3), column + random(4)))
                })
                .map(|range| range.reference())
                .collect();
            let names: Vec<&str> = ranges.iter().map(String::as_str).collect();
            let sheet = sheet(&rows, &names);
            let mut taken: Vec<MergedRange> = Vec::new();
            for range in &sheet.findings().merged {
                let mut cut = *range;
                cut.last_row = cut.last_row.min(11);
                cut.last_column = cut.last_column.min(11);
                let is_one = cut.first_row == cut.last_row && cut.first_column == cut.last_column;
                if !is_one && taken.iter().all(|earlier| !earlier.overlaps(&cut)) {
                    taken.push(cut);
                }
            }
            assert_eq!(sheet.findings().filled.ranges, taken.len(), "{names:?}");
            for line in 0..12u32 {
                let found = row(&sheet, line as usize);
                for place in 0..12u32 {
                    let here = MergedRange {
                        first_row: line,
                        last_row: line,
                        first_column: place,
                        last_column: place,
                    };
                    let owner = taken.iter().find(|range| range.overlaps(&here));
                    let (row, column) =
                        owner.map_or((line, place), |range| (range.first_row, range.first_column));
                    assert_eq!(
                        found[place as usize],
                        i64::from(row * 12 + column + 1),
                        "{names:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_out_of_proportion_is_left() {
        let sheet = sheet(
            &[(0, &[(0, 1)]), (1_000_000, &[(0, 2), (9_000, 3)])],
            &["A1:MNO1000001"],
        );
        assert_eq!(sheet.findings().filled.left, 1);
        assert!(sheet.heap_bytes() < 1000);
    }
}
