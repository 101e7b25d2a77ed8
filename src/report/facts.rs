//! What a report knows of a run: its record, what the engine said when it ended, and when it said what.
//!
//! Nothing here relies on the shape of what an engine has sent: what is not as it should be is not known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ade_engine_native::cells::MergedRange;
use ade_engine_native::cells::column_letters::{column_name, column_of};
use serde_json::Value;

use crate::cells::{Reading, Rows};
use crate::events::Follower;
use crate::run::results::RowCounts;
use crate::run::results::demands::refusals;
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, Store, StoreError};

/// What a report knows of a run.
pub struct Facts {
    /// The run.
    pub run: RunRecord,
    /// In what it falls short of what was asked of it, in words.
    pub refused: Vec<String>,
    /// The engine's completed payload, with what it noticed; null where there is none.
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
#[derive(Default)]
pub struct Column {
    /// Its letters in the sheet; of a turned table the number of its row. Of no length where it is not known.
    pub letters: String,
    /// The header.
    pub header: String,
    /// Its field.
    pub field: Option<String>,
    /// The fields that were split from it.
    pub parts: Vec<String>,
    /// The score of its field.
    pub score: Option<f64>,
    /// The field that came next, or the best one that was not enough, with its score.
    pub second: Option<(String, f64)>,
    /// What spoke for its field, in words.
    pub because: String,
    /// Why it has no field: a word of the engine.
    pub reason: String,
    /// Other columns that had the same best field.
    pub wanted_by: Vec<String>,
    /// The field that its header is most like, how much, and what would make it that field's.
    pub nearest: Option<(String, f64, String)>,
    /// How many cells have a value.
    pub filled: Option<u64>,
}

impl Column {
    /// Its position in the sheet, from 1; nothing in a turned table.
    pub fn position(&self) -> Option<u64> {
        column_of(self.letters.as_bytes()).map(|column| column as u64 + 1)
    }
}

impl Facts {
    /// Gathers what is known of a run.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn of(store: &dyn Store, run: &RunRecord) -> Result<Self, StoreError> {
        let payload = store.run_payload(&run.id)?;
        let payload: Value = payload
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Ok(Self {
            tables: tables(&payload),
            log: log(run),
            rows_told: Rows::read(&RunFolder::at(&run.run_dir).rows(&run.input_name)),
            payload,
            refused: refusals(store, run)?
                .iter()
                .map(ToString::to_string)
                .collect(),
            run: run.clone(),
        })
    }

    /// The entries of a list of the payload, such as `notices`.
    pub fn list(&self, key: &str) -> &[Value] {
        list(&self.payload, key)
    }

    /// The titles of the sheets that were read.
    pub fn sheets(&self) -> Vec<&str> {
        let sheets = self.payload.pointer("/workbooks/0/sheets");
        let sheets = sheets.and_then(Value::as_array).into_iter().flatten();
        sheets
            .filter_map(|sheet| sheet.pointer("/locator/sheet/name")?.as_str())
            .collect()
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

/// The letters of a column that counts from 1.
pub fn letters(column: u64) -> String {
    column_name(usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX - 1))
}

fn tables(payload: &Value) -> Vec<Table> {
    let told: BTreeMap<(&str, u64), &Value> = list(payload, "tables")
        .iter()
        .filter_map(|told| Some(((text(told, "/sheet"), number(told, "/table")?), told)))
        .collect();
    let sheets = payload.pointer("/workbooks/0/sheets");
    let sheets = sheets.and_then(Value::as_array).into_iter().flatten();
    let mut tables = Vec::new();
    for sheet in sheets {
        let title = text(sheet, "/locator/sheet/name");
        let reported = list(sheet, "tables");
        let told_here: Vec<_> = told
            .iter()
            .filter(|((sheet, _), _)| *sheet == title)
            .collect();
        // Merged tables are reported as one, which lies nowhere: then only what was told of each is known.
        if told_here.len() > reported.len() {
            tables.extend(told_here.iter().map(|((_, index), told)| {
                let mut table = Table::at(title, *index);
                table.tell(told, payload, None);
                table
            }));
            continue;
        }
        for reported in reported {
            let index = number(reported, "/locator/table/index").unwrap_or(0);
            let mut table = Table::at(title, index);
            table.report(reported);
            match told.get(&(title, index)) {
                Some(told) => table.tell(told, payload, Some(reported)),
                None => table.columns = reported_columns(reported, &table),
            }
            tables.push(table);
        }
    }
    tables
}

impl Table {
    fn at(sheet: &str, index: u64) -> Self {
        Self {
            sheet: sheet.to_owned(),
            index,
            place: None,
            header: Vec::new(),
            data: None,
            rows: None,
            turned: false,
            columns: Vec::new(),
        }
    }

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

    /// What was told of why it was read so.
    fn tell(&mut self, told: &Value, payload: &Value, reported: Option<&Value>) {
        self.turned = told.get("turned") == Some(&Value::Bool(true));
        if let Some(header) = told.get("header_rows") {
            let rows = list(header, "rows").iter().filter_map(Value::as_u64);
            self.header = rows.filter(|&row| row > 0).collect();
        }
        let counted = reported.map(|table| list(&table["structure"], "columns"));
        self.columns = list(told, "columns")
            .iter()
            .enumerate()
            .map(|(index, told)| {
                let mut column = told_column(told);
                let same = counted.and_then(|counted| counted.get(index));
                let same =
                    same.filter(|same| same_header(text(same, "/header/raw"), &column.header));
                column.filled = same.and_then(|same| number(same, "/non_empty_cells"));
                column
            })
            .collect();
        self.say(payload);
    }

    /// What was said of columns in words, and which fields were split from them.
    fn say(&mut self, payload: &Value) {
        let mine = list(payload, "columns").iter().filter(|said| {
            text(said, "/sheet") == self.sheet && number(said, "/table") == Some(self.index)
        });
        for said in mine {
            let (letters, field) = (text(said, "/column"), text(said, "/field"));
            let column = self
                .columns
                .iter_mut()
                .find(|column| !letters.is_empty() && column.letters == letters);
            let Some(column) = column else { continue };
            if column.field.as_deref() != Some(field) {
                column.parts.push(field.to_owned());
            }
            column.because = text(said, "/message").to_owned();
        }
    }
}

/// Whether two texts are one header, however blanks and lines stand in it.
fn same_header(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

fn told_column(told: &Value) -> Column {
    let scored = |holder: &Value, key: &str| holder.get(key)?.as_f64();
    let by: Vec<String> = list(told, "by")
        .iter()
        .filter_map(|by| {
            Some(format!(
                "{} {:.2}",
                text(by, "/detector"),
                scored(by, "score")?
            ))
        })
        .collect();
    let nearest = told.get("nearest").and_then(|nearest| {
        let likeness = scored(nearest, "likeness")?;
        let suggestion = text(nearest, "/suggestion").to_owned();
        Some((text(nearest, "/field").to_owned(), likeness, suggestion))
    });
    let wanted_by = list(told, "wanted_by").iter().filter_map(Value::as_str);
    Column {
        letters: text(told, "/column").to_owned(),
        header: text(told, "/name").to_owned(),
        field: told.get("field").and_then(Value::as_str).map(str::to_owned),
        score: scored(told, "score"),
        second: told
            .get("second")
            .and_then(|second| Some((text(second, "/field").to_owned(), scored(second, "score")?))),
        because: by.join(", "),
        reason: text(told, "/reason").to_owned(),
        wanted_by: wanted_by.map(str::to_owned).collect(),
        nearest,
        ..Column::default()
    }
}

/// The columns of a closing report: without what was told of each, as of engines before that.
fn reported_columns(reported: &Value, table: &Table) -> Vec<Column> {
    let columns = list(&reported["structure"], "columns");
    let first = table.place.map(|place| u64::from(place.first_column) + 1);
    let width = table
        .place
        .map(|place| (place.last_column - place.first_column) as usize + 1);
    columns
        .iter()
        .map(|column| {
            let index = number(column, "/index").unwrap_or(0);
            let place = first.filter(|_| width == Some(columns.len()));
            let field = column.pointer("/mapping/field").and_then(Value::as_str);
            Column {
                letters: place
                    .map(|first| letters(first + index))
                    .unwrap_or_default(),
                header: text(column, "/header/raw").to_owned(),
                field: field.map(str::to_owned),
                score: column.pointer("/mapping/score").and_then(Value::as_f64),
                reason: text(column, "/mapping/unmapped_reason").to_owned(),
                filled: number(column, "/non_empty_cells"),
                ..Column::default()
            }
        })
        .filter(|column| !column.header.starts_with("__ade_"))
        .collect()
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
