//! From the cells of a sheet to the rows of its tables. Which rule leaves out which row, and its test, is in a table of
//! docs/contributing/architecture.md.
//!
//! - [`rows`]: the texts of rows, and the kinds of value that cells hold
//! - [`headers`]: header rows that only the rows around them explain
//! - [`on_its_side`]: tables whose records are columns
//! - `tables`: a table begins at each header row
//! - [`columns`]: tables beside one another, and notes beside tables
//! - `lines`: rows of texts alone between the records of a table
//! - `row_types`: rows that say themselves what they are
//! - `above`: what stands alone in a line above a header
//! - [`as_above`]: cells that stand for the value above them
//! - `records`: records that were taken for a header
//! - `ends`: where a table ends
//! - `further`: rows of a header that name no column
//! - [`inside`]: rows of a table that are no records; `pivots`: those of a pivot
//! - [`span`], [`view`], [`told`]: a table's place, a sheet as the passes see it, and what they have to say of it

mod above;
pub mod as_above;
pub mod columns;
mod ends;
mod further;
pub mod header;
pub mod headers;
pub mod inside;
mod lines;
pub mod on_its_side;
mod pivots;
mod records;
mod row_types;
pub mod rows;
pub mod span;
mod tables;
pub mod told;
pub mod units;
pub mod view;

use self::columns::Part;
use self::inside::Inside;
use self::on_its_side::Side;
use self::rows::{Rows, Words};
use self::span::Span;
use self::view::{Heads, Settings, SheetView};
use crate::cells::Sheet;
use crate::fields::looks::rows::{Rule, classify};
use crate::layout::{RowKind, recognise};

/// How the tables of a sheet lie.
#[derive(Debug)]
pub enum Place {
    /// Where their spans say.
    Here,
    /// The sheet is one table, on its side.
    OnItsSide(Side),
    /// Some lie beside others: they are found in each part for itself.
    InParts(Vec<Part>),
}

type Wants = fn(&Settings) -> bool;
type Pass<'s> = fn(&mut SheetView<'s>);

/// The passes over the tables of a sheet, in their order, each with the settings that want it.
#[rustfmt::skip]
fn passes<'s>() -> [(Wants, Pass<'s>); 15] {
    [
        (|settings| settings.is_2026, SheetView::mark_rules),
        (|settings| settings.by_context, SheetView::free_first_heads),
        (|settings| settings.by_context && settings.is_2026, SheetView::free_lone_values),
        (|settings| settings.by_context && settings.is_2026, SheetView::take_further_headers),
        (|settings| settings.headerless, SheetView::keep_records),
        (|settings| settings.by_context && settings.is_2026, SheetView::choose_names),
        (|settings| settings.by_context && settings.is_2026, SheetView::leave_captions),
        (|settings| settings.by_context && settings.is_2026, SheetView::leave_out_above),
        (|settings| settings.by_context, SheetView::end_above_titles),
        (|settings| settings.by_context, SheetView::find_lines),
        (
            |settings| settings.by_context && settings.is_2026 && settings.heads == Heads::ToColumn,
            SheetView::name_sections,
        ),
        (|settings| settings.by_context && settings.is_2026, SheetView::tell_deductions),
        (|_| true, SheetView::end_above_forms),
        // A range is where a user says that the table ends.
        (|settings| settings.area().is_none(), SheetView::end_tables),
        (|settings| settings.split_side_by_side && !settings.columns_by_context, SheetView::split_at_blank_columns),
    ]
}

/// Finds the tables of a sheet of which no configuration is known, as edition 2026 does. They end at their last record.
pub fn tables_of(sheet: &Sheet) -> Vec<Span> {
    let looks = recognise(sheet);
    let rows = Rows { sheet };
    let classified = classify(sheet, &[&Rule::Layout { score: 1.0 }], Some(&looks));
    let best_header = classified.best_header();
    let mut kinds = classified.kinds;
    let words = Words::new();
    let titles = headers::mark(rows, &looks, &mut kinds, true, Some(&words), true).titles;
    let settings = Settings::edition_2026();
    let mut view = SheetView {
        rows,
        looks: &looks,
        words: &words,
        settings: &settings,
        is_label: None,
        best_header,
        kinds,
        titles,
        spans: Vec::new(),
        told: Vec::new(),
    };
    let mut spans = match find_tables(&mut view) {
        Place::Here => view.spans,
        Place::OnItsSide(side) => vec![Span::new(side.rows.start, 1, side.rows.end)],
        Place::InParts(parts) => {
            let rows_of = |header: usize| {
                view.spans
                    .iter()
                    .find(|span| span.data_start() == header + 1)
            };
            let places = parts
                .into_iter()
                .filter_map(|part| Some((rows_of(part.header)?, part.columns)));
            places
                .map(|(span, columns)| Span {
                    columns,
                    ..span.clone()
                })
                .collect()
        }
    };
    for span in &mut spans {
        let (start, among) = (span.data_start(), span.data_start()..span.stop);
        let kinds = view.kinds.get(among).unwrap_or_default().to_vec();
        let inside = Inside::new(rows, span, &looks, kinds, &settings).kinds;
        let is_record = |at: &usize| {
            let mut filled = rows.filled_within(start + at, &span.columns);
            inside[*at] == RowKind::Data && filled.next().is_some()
        };
        let last = (0..inside.len()).rev().find(is_record);
        span.stop = last.map_or(start, |last| start + last + 1);
    }
    spans
}

/// Finds the tables of a sheet, of whose rows the kinds are known.
pub fn find_tables(view: &mut SheetView<'_>) -> Place {
    let settings = view.settings;
    if settings.by_context
        && settings.is_whole()
        && let Some(side) = on_its_side::find_side(view.rows, view.words)
    {
        return Place::OnItsSide(side);
    }
    if settings.by_context && settings.is_2026 && settings.is_whole() && view.read_row_types() {
        view.leave_out_above();
        return Place::Here;
    }
    view.open_tables();
    if settings.split_side_by_side && settings.columns_by_context && settings.is_whole() {
        let parts = view.parts();
        if !parts.is_empty() {
            return Place::InParts(parts);
        }
    }
    for (is_wanted, pass) in passes() {
        if is_wanted(settings) {
            pass(view);
        }
    }
    if let Some(columns) = &settings.columns {
        view.keep_within(columns);
    }
    Place::Here
}
