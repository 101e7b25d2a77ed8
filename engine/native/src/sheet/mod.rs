//! From the cells of a sheet to the rows of its tables. docs/contributing/rows.md lists which rule leaves out which row, and
//! its test.
//!
//! - [`rows`]: the texts of rows, and the kinds of values in cells
//! - `headers`: header rows that can only be recognised by the rows around them
//! - `cards`: records whose values are beside their labels
//! - `on_its_side`: tables whose records are columns
//! - `tables`: a table begins at each header row
//! - `columns`: tables beside one another, and notes beside tables
//! - `lines`: rows of texts alone between the records of a table
//! - `row_types`: rows that state their type in a column
//! - `above`: lines above a header
//! - `as_above`: cells that stand for the value above them
//! - `records`: records that were taken for a header
//! - `ends`: the end of a table
//! - `further`: rows of a header that name no column
//! - [`inside`]: rows of a table that are no records; `pivots`: those of a pivot
//! - [`judged`]: the kinds of rows, with reasons
//! - [`grid`], [`span`], [`view`], [`told`]: cells, the position of a table, the view that the passes share, and their notices

mod above;
mod as_above;
mod cards;
mod columns;
mod ends;
mod further;
pub mod grid;
pub mod header;
mod headers;
pub mod inside;
pub mod judged;
mod lines;
mod on_its_side;
mod pivots;
mod records;
mod row_types;
pub mod rows;
pub mod span;
mod tables;
pub mod told;
pub mod units;
pub mod view;

use std::convert::Infallible;
use std::sync::Arc;

pub use self::grid::{Cards, SheetGrid};
pub use self::header::Header;
pub use self::inside::TableBody;
pub use self::judged::JudgedRow;
pub use self::rows::{FieldWords, SheetRowView};
pub use self::span::Span;
pub use self::told::{HeaderDoubtReason, KeptRowReason, SheetNotice};
pub use self::view::{Heads, SheetSettings, SheetView, UserChoice};

use self::judged::judge;
use self::view::Area;
use crate::cells::Sheet;
use crate::fields::looks::rows::{RowDetector, RowKinds};
use crate::layout::{RowKind, SheetLayout};

type StepCondition = fn(&SheetSettings) -> bool;

/// A step from the rows of a sheet to its tables.
enum SheetStep<'s> {
    /// Returns whether it has found all tables; if so, no further steps run.
    Find(fn(&mut SheetView<'s>) -> bool),
    /// Opens tables, or changes their rows.
    Change(fn(&mut SheetView<'s>)),
    /// Adds facts about tables, however they were found.
    Say(fn(&mut SheetView<'s>)),
}

/// Returns the steps in their order, each with the condition on the settings that enables it.
#[rustfmt::skip]
fn steps<'s>() -> [(StepCondition, SheetStep<'s>); 22] {
    use SheetStep::{Change, Find, Say};
    [
        (SheetSettings::is_whole, Find(SheetView::find_cards)),
        (|settings| settings.is_explained() && settings.is_whole(), Find(SheetView::find_side)),
        (|settings| settings.is_explained() && settings.is_whole(), Find(SheetView::read_row_types)),
        (|_| true, Change(SheetView::open_tables)),
        (
            |settings| settings.split_side_by_side && settings.is_2026 && settings.is_whole(),
            Find(SheetView::find_areas),
        ),
        (|settings| settings.is_2026, Change(SheetView::mark_rules)),
        (SheetSettings::is_explained, Change(SheetView::free_first_heads)),
        (SheetSettings::is_explained, Change(SheetView::free_lone_values)),
        (SheetSettings::is_explained, Change(SheetView::take_further_headers)),
        (SheetSettings::is_explained, Change(SheetView::keep_records)),
        (SheetSettings::is_explained, Change(SheetView::choose_names)),
        (SheetSettings::is_explained, Change(SheetView::leave_captions)),
        (SheetSettings::is_explained, Change(SheetView::leave_out_above)),
        (SheetSettings::is_explained, Change(SheetView::end_above_titles)),
        (SheetSettings::is_explained, Change(SheetView::find_lines)),
        (
            |settings| settings.is_explained() && settings.heads == Heads::ToColumn,
            Change(SheetView::name_sections),
        ),
        (SheetSettings::is_explained, Change(SheetView::report_deductions)),
        (|_| true, Change(SheetView::end_above_forms)),
        // A user's range determines where the table ends.
        (|settings| settings.area().is_none(), Change(SheetView::end_tables)),
        (
            |settings| settings.split_side_by_side && !settings.is_2026,
            Change(SheetView::split_at_blank_columns),
        ),
        (|settings| settings.columns.is_some(), Change(SheetView::keep_within)),
        (|settings| settings.is_2026, Say(SheetView::find_values_above)),
    ]
}

/// The parts of a configuration that help to find tables.
pub struct Configuration<'c, E> {
    /// The words of its fields.
    pub words: &'c FieldWords,
    pub detectors: Detectors<'c, E>,
    /// Its reshapes, if any of them recognise rows.
    pub reshapes: Option<&'c dyn Reshapes<Error = E>>,
}

/// A function that asks all row detectors for the kinds of the rows of a sheet, or of an area that was made a sheet.
type DetectorCall<'c, E> = dyn Fn(&Arc<SheetGrid>) -> Result<RowKinds, E> + 'c;

/// The row detectors of a configuration.
pub enum Detectors<'c, E> {
    Rules(Vec<&'c RowDetector>),
    Called(Box<DetectorCall<'c, E>>),
}

/// The reshapes of a configuration that recognise rows by their texts.
pub trait Reshapes {
    /// The error of a reshape that fails.
    type Error;

    /// Changes the kinds of rows that they recognise: the headers of a series, the lines of a form.
    ///
    /// # Errors
    /// If a reshape fails.
    fn mark(&self, grid: &Arc<SheetGrid>, kinds: &mut Vec<RowKind>) -> Result<(), Self::Error>;

    /// Returns a function that says whether a row begins with a label that some field asks for, or `None` if no field does.
    fn labels<'c>(&'c self, grid: &'c Arc<SheetGrid>) -> Option<Box<dyn Fn(usize) -> bool + 'c>>;
}

/// A sheet, or an area of one, with the tables that were found in it.
#[derive(Debug)]
pub struct SheetTables {
    pub grid: Arc<SheetGrid>,
    pub kinds: Vec<RowKind>,
    /// The score that the detectors gave to each row as a header.
    pub header_scores: Vec<f64>,
    pub spans: Vec<Span>,
    pub told: Vec<SheetNotice>,
    /// The rows whose judgement is reported.
    pub judged: Vec<JudgedRow>,
    /// The records of the sheet, if they are in lines.
    pub cards: Option<Cards>,
    /// The areas with the tables, if these are sideways, beside others or beside notes.
    pub areas: Vec<SheetTables>,
}

impl SheetTables {
    /// Returns the spans of all tables in the sheet, each up to its last record.
    fn recorded(self, settings: &SheetSettings) -> Vec<Span> {
        let rows = SheetRowView {
            sheet: self.grid.cells(),
        };
        let end = |mut span: Span| {
            let (start, among) = (span.data_start(), span.data());
            let kinds = self.kinds.get(among).unwrap_or_default().to_vec();
            let inside = TableBody::new(rows, &span, self.grid.looks(), kinds, settings).kinds;
            let is_record = |at: &usize| {
                let mut filled = rows.filled_within(start + at, &span.columns);
                inside[*at] == RowKind::Data && filled.next().is_some()
            };
            let last = (0..inside.len()).rev().find(is_record);
            span.stop = last.map_or(start, |last| start + last + 1);
            span
        };
        let areas = self.areas.into_iter();
        let areas = areas.flat_map(|area| area.recorded(settings));
        self.spans.into_iter().map(end).chain(areas).collect()
    }
}

/// Finds the tables of a sheet.
///
/// # Errors
/// If the configuration fails.
pub fn find<E>(
    grid: &Arc<SheetGrid>,
    settings: &SheetSettings,
    configuration: &Configuration<'_, E>,
) -> Result<SheetTables, E> {
    find_in(grid, None, settings, configuration)
}

/// Finds the tables of a sheet, or of an `area` of one.
fn find_in<E>(
    grid: &Arc<SheetGrid>,
    area: Option<&Area>,
    settings: &SheetSettings,
    configuration: &Configuration<'_, E>,
) -> Result<SheetTables, E> {
    let mut verdict = match &configuration.detectors {
        Detectors::Rules(rules) => grid.classify(rules),
        Detectors::Called(classify) => classify(grid)?,
    };
    let best_header = verdict.best_header();
    if let Some(area) = area {
        area.name_header(&mut verdict.kinds);
    }
    let unknown = SheetLayout::default();
    let reshapes = configuration.reshapes;
    let is_label = reshapes.and_then(|reshapes| reshapes.labels(grid));
    let mut view = SheetView {
        grid,
        rows: SheetRowView {
            sheet: grid.cells(),
        },
        looks: if settings.is_2026 {
            grid.looks()
        } else {
            &unknown
        },
        words: configuration.words,
        settings,
        is_label: is_label.as_deref(),
        best_header,
        kinds: verdict.kinds,
        titles: Vec::new(),
        spans: Vec::new(),
        told: Vec::new(),
        cards: None,
        areas: Vec::new(),
    };
    let repeats = view.mark_headers();
    if let Some(reshapes) = reshapes {
        reshapes.mark(grid, &mut view.kinds)?;
    }
    let judged = match settings.max_judged {
        0 => Vec::new(),
        max => judge(grid.looks(), &view.kinds, &repeats, max),
    };
    let mut are_found = false;
    for (_, step) in steps().into_iter().filter(|(wants, _)| wants(settings)) {
        match step {
            SheetStep::Find(find) if !are_found => are_found = find(&mut view),
            SheetStep::Change(change) if !are_found => change(&mut view),
            SheetStep::Find(_) | SheetStep::Change(_) => {}
            SheetStep::Say(say) => say(&mut view),
        }
    }
    let mut areas = Vec::new();
    for area in view.areas {
        let within = settings.of_area(area.columns.clone());
        areas.push(find_in(&area.grid, Some(&area), &within, configuration)?);
    }
    Ok(SheetTables {
        grid: Arc::clone(grid),
        kinds: view.kinds,
        header_scores: verdict.header_scores,
        spans: view.spans,
        told: view.told,
        judged,
        cards: view.cards,
        areas,
    })
}

/// Finds the tables of a sheet without a configuration, as edition 2026 does. They end at their last record.
pub fn tables_of(sheet: &Arc<Sheet>) -> Vec<Span> {
    let grid = Arc::new(SheetGrid::new(Arc::clone(sheet)));
    let settings = SheetSettings::edition_2026();
    let configuration = Configuration::<Infallible> {
        words: &FieldWords::default(),
        detectors: Detectors::Rules(vec![&RowDetector::Layout { score: 1.0 }]),
        reshapes: None,
    };
    let Ok(found) = find(&grid, &settings, &configuration);
    found.recorded(&settings)
}
