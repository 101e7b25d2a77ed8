//! What a report knows of a run: its record, what the engine said when it ended, and when it said what.
//!
//! Nothing here relies on the shape of what an engine has sent: what is not as it should be is not known.

use std::ops::RangeInclusive;

use ade_engine_native::cells::MergedRange;
use serde_json::Value;

use crate::base::places::column_named;
pub use crate::base::places::letters;
use crate::cells::{Reading, Rows};
use crate::engine::report::{self, ColumnFound};
use crate::engine::{Noticed, RowCounts, RunReport};
use crate::events::Follower;
use crate::run::results::demands::refusals;
use crate::run::results::report_of;
use crate::run::views::explain::tables_of;
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, Store, StoreError};

/// What a report knows of a run.
pub struct Facts {
    /// The run.
    pub run: RunRecord,
    /// In what it falls short of what was asked of it, in words.
    pub refused: Vec<String>,
    /// What it found, as its engine said; empty if it said nothing.
    pub report: RunReport,
    /// The tables that were found, in the order of the sheets.
    pub tables: Vec<Table>,
    /// What became of each row, where the run tells it.
    pub rows_told: Option<Rows>,
    /// What its event log tells.
    pub log: Log,
}

/// What the event log of a run tells.
#[derive(Default)]
pub struct Log {
    /// The parts of the run with their milliseconds, one after the other.
    pub stages: Vec<(String, u64)>,
    /// How many sheets the input has.
    pub sheets: Option<u64>,
    /// How the input was read.
    pub reading: Reading,
}

/// A table of the sender's file. Rows and columns of the sheet count from 1.
#[derive(Default)]
pub struct Table {
    /// The sender's sheet.
    pub sheet: String,
    /// Its position on the sheet, from 0.
    pub index: u64,
    /// Where it lies.
    pub place: Option<MergedRange>,
    /// Its header rows.
    pub header: Vec<u64>,
    /// Its data rows.
    pub data: Option<RangeInclusive<u64>>,
    /// How many rows were read and written.
    pub rows: Option<RowCounts>,
    /// Whether it lies on its side: its records are columns, and its columns rows.
    pub turned: bool,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Default)]
pub struct Column {
    /// What the engine told of it.
    pub told: report::Column,
    /// The fields that were split from it.
    pub parts: Vec<String>,
    /// What spoke for its field, in words.
    pub because: String,
    /// How many of its cells have a value, without the header.
    pub filled: Option<u64>,
}

impl Column {
    /// Its header in one line.
    pub fn header(&self) -> String {
        let words: Vec<&str> = self.told.name.split_whitespace().collect();
        words.join(" ")
    }

    /// Its position in the sheet, from 1; nothing in a turned table.
    pub fn position(&self) -> Option<u64> {
        column_named(&self.told.column)
    }
}

impl Facts {
    /// Gathers what is known of a run.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn of(store: &Store, run: &RunRecord) -> Result<Self, StoreError> {
        let report = report_of(store, run)?;
        let refused = refusals(store, run)?;
        Ok(Self {
            tables: tables(&report),
            log: log(run),
            rows_told: Rows::read(&RunFolder::at(&run.run_dir).rows(&run.input_name)),
            report,
            refused: refused.iter().map(ToString::to_string).collect(),
            run: run.clone(),
        })
    }

    /// The tables of a sheet.
    pub fn tables_on<'a>(&'a self, sheet: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.iter().filter(move |table| table.sheet == sheet)
    }

    /// What the engine noticed.
    pub fn noticed(&self) -> &Noticed {
        &self.report.noticed
    }

    /// The rows of the run.
    pub fn rows(&self) -> Option<RowCounts> {
        self.report.rows()
    }

    /// How many issues are not in the list.
    pub fn unlisted(&self) -> u64 {
        let list = self.noticed().issue_list.as_ref();
        list.map_or(0, |list| list.unlisted)
    }
}

/// The text at a pointer; of no length where there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The whole number at a pointer.
fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

fn tables(report: &RunReport) -> Vec<Table> {
    let told = tables_of(report);
    let mut tables = Vec::new();
    for sheet in report.completed.sheets() {
        let title = sheet.name();
        let here: Vec<_> = told.iter().filter(|told| told.sheet == title).collect();
        let at = |index: u64| Table {
            sheet: title.to_owned(),
            index,
            ..Table::default()
        };
        // Merged tables are reported as one, which lies nowhere: then only what was told of each is known.
        if here.len() > sheet.tables.len() {
            tables.extend(here.into_iter().map(|told| {
                let mut table = at(told.table - 1);
                table.tell(told, &report.noticed, &[]);
                table
            }));
            continue;
        }
        for reported in &sheet.tables {
            let mut table = at(reported.index());
            let parts = &reported.structure;
            table.place = reported.region().and_then(MergedRange::of_reference);
            table.rows = RowCounts::from_table(reported);
            table.header = parts.header.rows().into_iter().flatten().take(20).collect();
            table.data = parts.data.rows();
            if let Some(told) = here.iter().find(|told| told.table == table.index + 1) {
                table.tell(told, &report.noticed, &parts.columns);
            }
            tables.push(table);
        }
    }
    tables
}

impl Table {
    /// What was told of why it was read so. `counted`: its columns in the closing report.
    fn tell(&mut self, told: &report::Table, noticed: &Noticed, counted: &[ColumnFound]) {
        self.turned = told.turned;
        let rows = told.header_rows.rows.iter().copied();
        self.header = rows.filter(|&row| row > 0).collect();
        let columns = told.columns.iter().enumerate().map(|(index, told)| {
            // They have one header, however blanks and lines stand in it.
            let same = counted.get(index).filter(|same| {
                let header = same.header.raw.as_deref().unwrap_or_default();
                header.split_whitespace().eq(told.name.split_whitespace())
            });
            let by = told.by.iter();
            let by = by.filter_map(|part| Some(format!("{} {:.2}", part.detector, part.score?)));
            Column {
                told: told.clone(),
                parts: Vec::new(),
                because: by.collect::<Vec<_>>().join(", "),
                filled: same.map(|same| same.non_empty_cells),
            }
        });
        self.columns = columns.collect();
        self.say(noticed);
    }

    /// What was said of columns in words, and which fields were split from them.
    fn say(&mut self, noticed: &Noticed) {
        let said = noticed.columns.iter();
        for said in said.filter(|said| said.is_of_table(&self.sheet, self.index)) {
            let (letters, field) = (said.text("column"), said.field());
            let mut columns = self.columns.iter_mut().filter(|_| !letters.is_empty());
            let column = columns.find(|column| column.told.column == letters);
            let Some(column) = column else { continue };
            if column.told.field.as_deref() != Some(field) {
                column.parts.push(field.to_owned());
            }
            said.message().clone_into(&mut column.because);
        }
    }
}

/// Reads the event log of a run. What cannot be read is not known.
fn log(run: &RunRecord) -> Log {
    let mut log = Log::default();
    let mut begun: Option<(String, u64)> = None;
    let mut follower = Follower::new(RunFolder::at(&run.run_dir).events());
    let read = follower.each(&mut |event| {
        let name = text(&event, "/event");
        let stage = match name {
            "run.start" => {
                // An attempt before this one is another run of the engine.
                log.stages.clear();
                begun = None;
                "Start".to_owned()
            }
            "engine.run.started" => "Configuration".to_owned(),
            "engine.config.loaded" => {
                log.reading = Reading::of_settings(&event["data"]["settings"]);
                return;
            }
            "engine.workbook.started" => {
                log.sheets = number(&event, "/data/sheet_count");
                "Opened".to_owned()
            }
            "engine.sheet.started" => text(&event, "/data/sheet_name").to_owned(),
            "engine.run.noticed" => "Written".to_owned(),
            "engine.run.completed" => "Recorded".to_owned(),
            "run.complete" => String::new(),
            _ => return,
        };
        let at = text(&event, "/timestamp").parse::<jiff::Timestamp>();
        let Ok(at) = at.map(|at| u64::try_from(at.as_millisecond()).unwrap_or(0)) else {
            return;
        };
        if let Some((stage, since)) = begun.take() {
            log.stages.push((stage, at.saturating_sub(since)));
        }
        begun = (!stage.is_empty()).then_some((stage, at));
    });
    if read.is_err() {
        log.stages.clear();
    }
    log
}
