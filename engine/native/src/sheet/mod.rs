//! From the cells of a sheet to the rows of its tables. Which rule leaves out which row, and its test, is in a table of
//! docs/contributing/architecture.md.
//!
//! - [`rows`]: the texts of rows, and the kinds of value that cells hold
//! - `headers`: header rows that only the rows around them explain
//! - `cards`: records whose values stand beside their labels
//! - `on_its_side`: tables whose records are columns
//! - `tables`: a table begins at each header row
//! - `columns`: tables beside one another, and notes beside tables
//! - `lines`: rows of texts alone between the records of a table
//! - `row_types`: rows that say themselves what they are
//! - `above`: what stands alone in a line above a header
//! - [`as_above`]: cells that stand for the value above them
//! - `records`: records that were taken for a header
//! - `ends`: where a table ends
//! - `further`: rows of a header that name no column
//! - [`inside`]: rows of a table that are no records; `pivots`: those of a pivot
//! - [`grid`], [`span`], [`view`], [`told`]: cells, a table's place, a sheet as the passes see it, and what they have to say of it

mod above;
pub mod as_above;
pub mod cards;
mod columns;
mod ends;
mod further;
pub mod grid;
pub mod header;
mod headers;
pub mod inside;
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
use std::ops::Range;
use std::sync::Arc;

use self::cards::Cards;
use self::columns::Part;
use self::grid::Grid;
use self::inside::Inside;
use self::on_its_side::find_side;
use self::rows::{Rows, Words};
use self::span::Span;
use self::told::Told;
use self::view::{Heads, Settings, SheetView};
use crate::cells::Sheet;
use crate::fields::looks::rows::{Rule, classify};
use crate::layout::judged::{Judged, judge};
use crate::layout::{RowKind, RowLooks};

type Wants = fn(&Settings) -> bool;
type Pass<'s> = fn(&mut SheetView<'s>);

/// The passes over the tables of a sheet, in their order, each with the settings that want it.
#[rustfmt::skip]
fn passes<'s>() -> [(Wants, Pass<'s>); 15] {
    [
        (|settings| settings.is_2026, SheetView::mark_rules),
        (|settings| settings.is_by_context(), SheetView::free_first_heads),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::free_lone_values),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::take_further_headers),
        (|settings| settings.is_headerless(), SheetView::keep_records),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::choose_names),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::leave_captions),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::leave_out_above),
        (|settings| settings.is_by_context(), SheetView::end_above_titles),
        (|settings| settings.is_by_context(), SheetView::find_lines),
        (
            |settings| settings.is_by_context() && settings.is_2026 && settings.heads == Heads::ToColumn,
            SheetView::name_sections,
        ),
        (|settings| settings.is_by_context() && settings.is_2026, SheetView::tell_deductions),
        (|_| true, SheetView::end_above_forms),
        // A range is where a user says that the table ends.
        (|settings| settings.area().is_none(), SheetView::end_tables),
        (|settings| settings.split_side_by_side && !settings.columns_by_context, SheetView::split_at_blank_columns),
    ]
}

/// The kinds of a sheet's rows as row detectors give them, and the row with the highest header score.
#[derive(Debug)]
pub struct Verdict {
    pub kinds: Vec<RowKind>,
    pub best_header: Option<usize>,
}

/// A configuration, as far as it says where tables are.
pub trait Configuration {
    /// What keeps it from an answer.
    type Error;

    /// Returns what its row detectors say of an area that was made a sheet of its own.
    ///
    /// # Errors
    /// If a detector fails.
    fn classify(&self, area: &Arc<Grid>) -> Result<Verdict, Self::Error>;

    /// Changes the kinds of rows that its reshapes know: the headers of a series, the lines of a form.
    ///
    /// # Errors
    /// If a reshape fails.
    fn mark(&self, grid: &Arc<Grid>, kinds: &mut Vec<RowKind>) -> Result<(), Self::Error>;

    /// Returns a function that says whether a row begins with a label that some field asks for; nothing where none does.
    fn labels<'c>(&'c self, grid: &'c Arc<Grid>) -> Option<Box<dyn Fn(usize) -> bool + 'c>>;
}

/// A sheet, or an area of one, with the tables that were found in it.
#[derive(Debug)]
pub struct Found {
    pub grid: Arc<Grid>,
    pub kinds: Vec<RowKind>,
    pub spans: Vec<Span>,
    pub told: Vec<Told>,
    /// What rows were taken for.
    pub judged: Vec<Judged>,
    /// The records of the sheet, where they stand in lines.
    pub cards: Option<Cards>,
    /// The areas that have the tables, where these lie on their side, beside others or beside notes.
    pub areas: Vec<Found>,
}

impl Found {
    /// Returns the places of all tables in the sheet, each up to its last record.
    fn recorded(self, settings: &Settings) -> Vec<Span> {
        let rows = Rows {
            sheet: self.grid.cells(),
        };
        let end = |mut span: Span| {
            let (start, among) = (span.data_start(), span.data_start()..span.stop);
            let kinds = self.kinds.get(among).unwrap_or_default().to_vec();
            let inside = Inside::new(rows, &span, self.grid.looks(), kinds, settings).kinds;
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

/// Finds the tables of a sheet, of whose rows detectors have given the kinds.
///
/// # Errors
/// If the configuration fails.
pub fn find<C: Configuration>(
    grid: &Arc<Grid>,
    verdict: Verdict,
    words: &Words,
    settings: &Settings,
    configuration: &C,
) -> Result<Found, C::Error> {
    let unknown = RowLooks::default();
    let asks_for_looks = settings.headerless_tables || settings.rows_by_context;
    let is_label = configuration.labels(grid);
    let mut view = SheetView {
        rows: Rows {
            sheet: grid.cells(),
        },
        looks: if asks_for_looks {
            grid.looks()
        } else {
            &unknown
        },
        words,
        settings,
        is_label: is_label.as_deref(),
        best_header: verdict.best_header,
        kinds: verdict.kinds,
        titles: Vec::new(),
        spans: Vec::new(),
        told: Vec::new(),
    };
    let repeats = view.mark_headers();
    configuration.mark(grid, &mut view.kinds)?;
    let judged = match settings.max_judged {
        0 => Vec::new(),
        max => judge(grid.looks(), &view.kinds, &repeats, max),
    };
    let cards = view.find_cards(grid);
    let mut areas = Vec::new();
    if cards.is_none() {
        for area in view.find_tables(grid) {
            let mut verdict = configuration.classify(&area.grid)?;
            area.name_header(&mut verdict.kinds);
            let settings = settings.of_area(area.columns);
            areas.push(find(&area.grid, verdict, words, &settings, configuration)?);
        }
    }
    Ok(Found {
        kinds: view.kinds,
        spans: view.spans,
        told: view.told,
        grid: Arc::clone(grid),
        judged,
        cards,
        areas,
    })
}

/// An area of a sheet in which tables are looked for as if it were a sheet of its own.
struct Area {
    grid: Arc<Grid>,
    /// The columns in which it lies beside others; none where it is a table that was turned.
    columns: Option<Range<usize>>,
    header: usize,
}

impl Area {
    /// Makes a header of the row that is one in the sheet: alone it may look like none. Nothing but the names of a turned table is one.
    fn name_header(&self, kinds: &mut [RowKind]) {
        if self.grid.turned_from().is_some() {
            kinds.fill(RowKind::Data);
            kinds[self.header] = RowKind::Header;
        } else if !kinds.contains(&RowKind::Header) && self.grid.cells().row_width(self.header) > 0
        {
            kinds[self.header] = RowKind::Header;
        }
    }
}

impl SheetView<'_> {
    /// Finds the tables of the sheet. Returns its areas, where the tables lie in these.
    fn find_tables(&mut self, grid: &Grid) -> Vec<Area> {
        let settings = self.settings;
        if settings.is_by_context()
            && settings.is_whole()
            && let Some(side) = find_side(self.rows, self.words)
        {
            let is_turned = side.is_sure && settings.turn_tables && grid.is_plain();
            let told = Told::OnItsSide(side.fields, side.rows.clone(), is_turned);
            self.told.push(told);
            if is_turned {
                let grid = Arc::new(grid.turned(&side));
                return vec![Area {
                    grid,
                    columns: None,
                    header: side.names,
                }];
            }
            self.spans = vec![Span::new(side.rows.start, 0, side.rows.end)];
            return Vec::new();
        }
        if settings.is_by_context()
            && settings.is_2026
            && settings.is_whole()
            && self.read_row_types()
        {
            self.leave_out_above();
            return Vec::new();
        }
        self.open_tables();
        if settings.split_side_by_side && settings.columns_by_context && settings.is_whole() {
            let parts = self.parts();
            if !parts.is_empty() {
                let area = |part: Part| Area {
                    grid: Arc::new(grid.area(&part.rows, &part.columns)),
                    columns: Some(part.columns),
                    header: part.header,
                };
                return parts.into_iter().map(area).collect();
            }
        }
        for (is_wanted, pass) in passes() {
            if is_wanted(settings) {
                pass(self);
            }
        }
        if let Some(columns) = &settings.columns {
            self.keep_within(columns);
        }
        Vec::new()
    }
}

/// A configuration that knows nothing: rows are what they look like.
struct NoConfiguration;

impl Configuration for NoConfiguration {
    type Error = Infallible;

    fn classify(&self, area: &Arc<Grid>) -> Result<Verdict, Infallible> {
        let found = classify(
            area.cells(),
            &[&Rule::Layout { score: 1.0 }],
            Some(area.looks()),
        );
        Ok(Verdict {
            best_header: found.best_header(),
            kinds: found.kinds,
        })
    }

    fn mark(&self, _: &Arc<Grid>, _: &mut Vec<RowKind>) -> Result<(), Infallible> {
        Ok(())
    }

    fn labels<'c>(&'c self, _: &'c Arc<Grid>) -> Option<Box<dyn Fn(usize) -> bool + 'c>> {
        None
    }
}

/// Finds the tables of a sheet of which no configuration is known, as edition 2026 does. They end at their last record.
pub fn tables_of(sheet: &Arc<Sheet>) -> Vec<Span> {
    let grid = Arc::new(Grid::new(Arc::clone(sheet)));
    let settings = Settings::edition_2026();
    let Ok(found) = NoConfiguration
        .classify(&grid)
        .and_then(|verdict| find(&grid, verdict, &Words::new(), &settings, &NoConfiguration));
    found.recorded(&settings)
}
