//! What a report knows of a run: its record, what the engine said when it ended, and when it said what.
//!
//! Nothing here relies on the shape of what an engine has sent: what is not as it should be is not known.

use std::ops::RangeInclusive;

use ade_engine_native::cells::MergedRange;
use serde_json::Value;

use crate::base::places::column_named;
pub use crate::base::places::letters;
use crate::cells::{Reading, Rows};
use crate::events::Follower;
use crate::run::results::RowCounts;
use crate::run::results::demands::refusals;
use crate::run::views::explain::{self, tables_in};
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, Store, StoreError};

/// What a report knows of a run.
pub struct Facts {
    /// The run.
    pub run: RunRecord,
    /// In what it falls short of what was asked of it, in words.
    pub refused: Vec<String>,
    /// The engine's completed payload, with what it noticed; null if there is none.
    pub payload: Value,
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
    pub told: explain::Column,
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
        let payload = store.run_payload(&run.id)?;
        let payload = payload.and_then(|text| serde_json::from_str(&text).ok());
        let payload: Value = payload.unwrap_or_default();
        let refused = refusals(store, run)?;
        Ok(Self {
            tables: tables(&payload),
            log: log(run),
            rows_told: Rows::read(&RunFolder::at(&run.run_dir).rows(&run.input_name)),
            payload,
            refused: refused.iter().map(ToString::to_string).collect(),
            run: run.clone(),
        })
    }

    /// The tables of a sheet.
    pub fn tables_on<'a>(&'a self, sheet: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.iter().filter(move |table| table.sheet == sheet)
    }

    /// The entries of a list of the payload, such as `notices`.
    pub fn list(&self, key: &str) -> &[Value] {
        list(&self.payload, key)
    }

    /// The sheets that were read, each with its title.
    pub fn sheets(&self) -> impl Iterator<Item = (&str, &Value)> {
        sheets(&self.payload)
    }

    /// The rows of the run.
    pub fn rows(&self) -> Option<RowCounts> {
        RowCounts::of(&self.payload)
    }

    /// How the issues are numbered in the list: all of them, and those that are not in it.
    pub fn listed(&self) -> Option<(u64, u64)> {
        let list = self.payload.get("issue_list")?;
        Some((number(list, "/count")?, number(list, "/unlisted")?))
    }
}

/// The text at a pointer; of no length where there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The whole number at a pointer.
pub fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

/// The list at a key; empty where there is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let found = value.get(key).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

/// The stretches of rows that a notice names, in its key `rows`.
pub fn stretches(notice: &Value) -> impl Iterator<Item = (u64, u64)> {
    list(notice, "rows").iter().filter_map(|pair| {
        let (first, last) = (number(pair, "/0")?, number(pair, "/1")?);
        (0 < first && first <= last).then_some((first, last))
    })
}

fn sheets(payload: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let sheets = list(&payload["workbooks"][0], "sheets").iter();
    sheets.filter_map(|sheet| Some((sheet.pointer("/locator/sheet/name")?.as_str()?, sheet)))
}

fn tables(payload: &Value) -> Vec<Table> {
    let told = tables_in(payload);
    let mut tables = Vec::new();
    for (title, sheet) in sheets(payload) {
        let reported = list(sheet, "tables");
        let here: Vec<_> = told.iter().filter(|told| told.sheet == title).collect();
        let at = |index: u64| Table {
            sheet: title.to_owned(),
            index,
            ..Table::default()
        };
        // Merged tables are reported as one, which lies nowhere: then only what was told of each is known.
        if here.len() > reported.len() {
            tables.extend(here.into_iter().map(|told| {
                let mut table = at(told.table - 1);
                table.tell(told, payload, &[]);
                table
            }));
            continue;
        }
        for reported in reported {
            let mut table = at(number(reported, "/locator/table/index").unwrap_or(0));
            table.report(reported);
            if let Some(told) = here.iter().find(|told| told.table == table.index + 1) {
                table.tell(told, payload, list(&reported["structure"], "columns"));
            }
            tables.push(table);
        }
    }
    tables
}

impl Table {
    /// What the closing report says.
    fn report(&mut self, table: &Value) {
        self.place = MergedRange::of_reference(text(table, "/structure/region/a1"));
        self.rows = RowCounts::of(table);
        let range = |start: &str, count: &str| {
            let first = number(table, start).filter(|&first| first > 0)?;
            let count = number(table, count).filter(|&count| count > 0)?;
            Some(first..=first.checked_add(count - 1)?)
        };
        let header = range("/structure/header/row_start", "/structure/header/row_count");
        self.header = header.into_iter().flatten().take(20).collect();
        self.data = range("/structure/data/row_start", "/structure/data/row_count");
    }

    /// What was told of why it was read so. `counted`: its columns in the closing report.
    fn tell(&mut self, told: &explain::Table, payload: &Value, counted: &[Value]) {
        self.turned = told.turned;
        let rows = told.header_rows.rows.iter().copied();
        self.header = rows.filter(|&row| row > 0).collect();
        let columns = told.columns.iter().enumerate().map(|(index, told)| {
            // They have one header, however blanks and lines stand in it.
            let same = counted.get(index).filter(|same| {
                let header = text(same, "/header/raw").split_whitespace();
                header.eq(told.name.split_whitespace())
            });
            let by = told.by.iter();
            let by = by.filter_map(|part| Some(format!("{} {:.2}", part.detector, part.score?)));
            Column {
                told: told.clone(),
                parts: Vec::new(),
                because: by.collect::<Vec<_>>().join(", "),
                filled: same.and_then(|same| number(same, "/non_empty_cells")),
            }
        });
        self.columns = columns.collect();
        self.say(payload);
    }

    /// What was said of columns in words, and which fields were split from them.
    fn say(&mut self, payload: &Value) {
        let mine = list(payload, "columns").iter().filter(|said| {
            text(said, "/sheet") == self.sheet && number(said, "/table") == Some(self.index)
        });
        for said in mine {
            let (letters, field) = (text(said, "/column"), text(said, "/field"));
            let mut columns = self.columns.iter_mut().filter(|_| !letters.is_empty());
            let column = columns.find(|column| column.told.column == letters);
            let Some(column) = column else { continue };
            if column.told.field.as_deref() != Some(field) {
                column.parts.push(field.to_owned());
            }
            column.because = text(said, "/message").to_owned();
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
