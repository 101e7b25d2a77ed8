//! The view of a sheet that the passes share: its rows, the known facts about each, and the tables found so far.

use std::ops::Range;
use std::sync::Arc;

use super::{Cards, FieldWords, SheetGrid, SheetNotice, SheetRowView, Span};
use crate::cells::SheetCell;
use crate::layout::{RowKind, SheetLayout};

/// The rows and columns that a user has named for a sheet, counted from 0.
#[derive(Clone, Debug, Default)]
pub struct UserChoice {
    /// The header rows; empty if the sheet has none.
    pub header_rows: Option<Range<usize>>,
    /// The rows and columns that contain its tables.
    pub area: Option<(Range<usize>, Range<usize>)>,
}

/// The treatment of section heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heads {
    #[default]
    Keep,
    LeaveOut,
    ToColumn,
}

/// The settings that determine how tables are found, and which of their rows are left out.
#[derive(Clone, Debug, Default)]
pub struct SheetSettings {
    /// True for edition 2026: rows and columns are explained by those around them, rows without a header row are records,
    /// tables end at notes, and sideways tables are turned.
    pub is_2026: bool,
    pub merge_stacked_headers: bool,
    pub split_side_by_side: bool,
    pub heads: Heads,
    pub leave_out_totals: bool,
    pub leave_out_balances: bool,
    /// The number of consecutive blank rows that end a table; 0 if none do.
    pub blank_rows: usize,
    /// True if records are in lines, with each value beside its label.
    pub line_records: bool,
    pub choice: Option<UserChoice>,
    /// The maximum number of rows whose judgement is reported.
    pub max_judged: usize,
    /// True for an area of a sheet.
    pub is_area: bool,
    /// The columns of an area that is beside others.
    pub columns: Option<Range<usize>>,
}

impl SheetSettings {
    /// Returns the default settings of edition 2026.
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

    /// Returns these settings for an area of the sheet, within `columns` if it is beside others.
    pub(super) fn of_area(&self, columns: Option<Range<usize>>) -> Self {
        Self {
            is_area: true,
            max_judged: 0,
            columns,
            ..self.clone()
        }
    }

    /// Returns whether this is a whole sheet, and no user has named anything in it.
    pub(super) fn is_whole(&self) -> bool {
        self.choice.is_none() && !self.is_area
    }

    /// Returns whether rows are explained by the rows around them, as in edition 2026, and no user has named the header.
    pub(super) fn is_explained(&self) -> bool {
        self.is_2026 && self.is_open()
    }

    fn is_open(&self) -> bool {
        self.choice
            .as_ref()
            .is_none_or(|choice| choice.header_rows.is_none())
    }

    /// Returns the range that a user has given for the tables.
    pub(super) fn area(&self) -> Option<&(Range<usize>, Range<usize>)> {
        self.choice.as_ref()?.area.as_ref()
    }

    /// Returns the first row in which a table may begin.
    pub(super) fn first_row(&self) -> usize {
        self.area().map_or(0, |(rows, _)| rows.start)
    }
}

/// The minimum number of fields that a certain header names.
pub(super) const MIN_FIELDS: usize = 2;

/// The rows of a sheet, the known facts about each, and the tables found so far.
pub struct SheetView<'s> {
    pub(super) grid: &'s SheetGrid,
    pub rows: SheetRowView<'s>,
    pub looks: &'s SheetLayout,
    pub words: &'s FieldWords,
    pub settings: &'s SheetSettings,
    /// Returns whether a row begins with a label that some field asks for; `None` if no field does.
    pub is_label: Option<&'s dyn Fn(usize) -> bool>,
    /// The row with the highest header score.
    pub best_header: Option<usize>,
    pub kinds: Vec<RowKind>,
    /// The titles of printed pages, in order.
    pub titles: Vec<usize>,
    pub spans: Vec<Span>,
    pub told: Vec<SheetNotice>,
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
        let cells: Vec<SheetCell> = cells.collect();
        self.rows.count_fields(&cells, self.words)
    }
}

/// An area of a sheet in which tables are searched as if it were a whole sheet.
pub(super) struct Area {
    pub grid: Arc<SheetGrid>,
    /// The columns of an area beside others; `None` for a table that was turned.
    pub columns: Option<Range<usize>>,
    /// The row of the sheet that is the area's header.
    pub header: usize,
}

impl Area {
    /// Marks the header row of the sheet as a header in the area, where it may not look like one. In a turned table, only its
    /// names are a header.
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
