//! A sheet as the passes see it: its rows, what is known of each, and the tables so far.

use std::ops::Range;
use std::sync::Arc;

use super::{Cards, Grid, Rows, Span, Told, Words};
use crate::cells::Cell;
use crate::layout::{RowKind, RowLooks};

/// The rows and columns that a user has named for a sheet. Rows and columns count from 0.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The header rows; an empty range where the sheet has none.
    pub header_rows: Option<Range<usize>>,
    /// The rows and the columns in which its tables lie.
    pub area: Option<(Range<usize>, Range<usize>)>,
}

/// What is done with section heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heads {
    #[default]
    Keep,
    LeaveOut,
    ToColumn,
}

/// The settings that say how tables are found, and which of their rows are left out.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// True for edition 2026: rows and columns are explained by those around them, rows without a header row are records, tables end at
    /// notes, and those that lie on their side are turned.
    pub is_2026: bool,
    pub merge_stacked_headers: bool,
    pub split_side_by_side: bool,
    pub heads: Heads,
    pub leave_out_totals: bool,
    pub leave_out_balances: bool,
    /// The blank rows in succession that end a table; 0 for none.
    pub blank_rows: usize,
    /// True if records stand in lines, each value beside its label.
    pub line_records: bool,
    pub choice: Option<Choice>,
    /// The rows of which it is told what they were taken for.
    pub max_judged: usize,
    /// True for an area of a sheet.
    pub is_area: bool,
    /// The columns of such an area, where it lies beside others.
    pub columns: Option<Range<usize>>,
}

impl Settings {
    /// What a package of edition 2026 has where nothing says otherwise.
    pub fn edition_2026() -> Self {
        Self {
            is_2026: true,
            merge_stacked_headers: true,
            split_side_by_side: true,
            heads: Heads::ToColumn,
            leave_out_totals: true,
            leave_out_balances: true,
            ..Self::default()
        }
    }

    /// Returns the same for an area of the sheet, in some columns where it lies beside others.
    pub(super) fn of_area(&self, columns: Option<Range<usize>>) -> Self {
        Self {
            is_area: true,
            max_judged: 0,
            columns,
            ..self.clone()
        }
    }

    /// Returns whether nobody has said anything of the sheet, and it is a whole one.
    pub(super) fn is_whole(&self) -> bool {
        self.choice.is_none() && !self.is_area
    }

    /// Returns whether rows are explained by the rows around them, as in edition 2026, and no user has said what is a header.
    pub(super) fn is_explained(&self) -> bool {
        self.is_2026 && self.is_open()
    }

    fn is_open(&self) -> bool {
        self.choice
            .as_ref()
            .is_none_or(|choice| choice.header_rows.is_none())
    }

    /// The range in which the user says that the tables lie.
    pub(super) fn area(&self) -> Option<&(Range<usize>, Range<usize>)> {
        self.choice.as_ref()?.area.as_ref()
    }

    /// The first row in which a table may begin.
    pub(super) fn first_row(&self) -> usize {
        self.area().map_or(0, |(rows, _)| rows.start)
    }
}

/// The fields that a header names which is surely one.
pub(super) const MIN_FIELDS: usize = 2;

/// The rows of a sheet, what is known of each, and its tables so far.
pub struct SheetView<'s> {
    pub(super) grid: &'s Grid,
    pub rows: Rows<'s>,
    pub looks: &'s RowLooks,
    pub words: &'s Words,
    pub settings: &'s Settings,
    /// Returns whether a row begins with a label that some field asks for; nothing where none does.
    pub is_label: Option<&'s dyn Fn(usize) -> bool>,
    /// The row with the highest header score.
    pub best_header: Option<usize>,
    pub kinds: Vec<RowKind>,
    /// The titles of printed pages, in order.
    pub titles: Vec<usize>,
    pub spans: Vec<Span>,
    pub told: Vec<Told>,
    pub(super) cards: Option<Cards>,
    pub(super) areas: Vec<Area>,
}

impl SheetView<'_> {
    /// Returns the number of fields that some rows of a table name.
    pub(super) fn fields_of(&self, span: &Span, among: Range<usize>) -> usize {
        let cells = among.flat_map(|row| {
            let columns = self.rows.filled_within(row, &span.columns);
            columns.map(move |column| self.rows.cell(row, column))
        });
        let cells: Vec<Cell> = cells.collect();
        self.rows.count_fields(&cells, self.words)
    }
}

/// An area of a sheet in which tables are looked for as if it were a sheet of its own.
pub(super) struct Area {
    pub grid: Arc<Grid>,
    /// The columns in which it lies beside others; none where it is a table that was turned.
    pub columns: Option<Range<usize>>,
    /// The row that is its header in the sheet.
    pub header: usize,
}

impl Area {
    /// Makes a header of the row that is one in the sheet: alone it may look like none. Nothing but the names of a turned table is one.
    pub(super) fn name_header(&self, kinds: &mut [RowKind]) {
        if self.grid.turned_from().is_some() {
            kinds.fill(RowKind::Data);
            kinds[self.header] = RowKind::Header;
        } else if !kinds.contains(&RowKind::Header) && self.grid.cells().row_width(self.header) > 0
        {
            kinds[self.header] = RowKind::Header;
        }
    }
}
