//! The Python classes for issues: those of a table, and those of a run.

use std::sync::Arc;

use foldhash::HashMap;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyList, PyString};

use super::column::{ArrowColumn, arrow, series_of};
use super::json::Json;
use super::output::{ListSheet, write_file};
use ade_engine_native::account::severity::Severity;
use ade_engine_native::columns::column::ColumnBuilder;
use ade_engine_native::columns::types::Type;
use ade_engine_native::columns::view::ColumnValue;
use ade_engine_native::write::issue_list::{IssueList as List, IssueListPart};
use ade_engine_native::write::issues::{
    COLUMN, FACTS, IssueTable as Table, LINE_FACTS, MESSAGE, NONE, ROW, is_number,
};

/// The issues of a table, or of none: see [`Table`].
#[pyclass(module = "ade_engine._native")]
#[derive(Default)]
pub struct TableIssues {
    issues: Arc<Table>,
}

impl TableIssues {
    fn change(&mut self) -> &mut Table {
        Arc::make_mut(&mut self.issues)
    }
}

fn place_of(name: &str) -> PyResult<usize> {
    let place = FACTS.iter().position(|fact| *fact == name);
    place.ok_or_else(|| PyKeyError::new_err(name.to_owned()))
}

/// Returns a list or a column of texts as numbers, or as the indices of texts. `blank` is the text for empty cells.
fn facts_of(
    issues: &mut Table,
    fact: usize,
    values: &Bound<'_, PyAny>,
    blank: Option<&str>,
) -> PyResult<Vec<u32>> {
    let Ok(values) = values.cast::<PyList>() else {
        let column = series_of(values)?;
        let blank = blank.map_or(NONE, |blank| issues.texts.keep(blank));
        let view = column.view();
        let texts = view.values().map(|value| match value {
            ColumnValue::Text(text) => issues.texts.keep(text),
            _ => blank,
        });
        return Ok(texts.collect());
    };
    let mut facts = Vec::with_capacity(values.len());
    for value in values {
        facts.push(if value.is_none() {
            NONE
        } else if is_number(fact) {
            value.extract()?
        } else {
            issues
                .texts
                .keep(&value.cast::<PyString>()?.to_string_lossy())
        });
    }
    Ok(facts)
}

#[pymethods]
impl TableIssues {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Makes issues of complete lines of the list, each given by its keys.
    #[staticmethod]
    fn from_lines(lines: Vec<Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut this = Self::default();
        for line in lines {
            let at = this.change().add([NONE; 3], NONE);
            for (name, value) in line {
                let name: String = name.extract()?;
                let values = PyList::new(value.py(), [value])?;
                this.set(&name, &values, at, None)?;
            }
        }
        Ok(this)
    }

    fn __len__(&self) -> usize {
        self.issues.len()
    }

    /// Stores the messages of a field's cells that make up the texts of its issue column. They have one rule and severity, or
    /// `tell` returns message, rule and severity for each message.
    #[pyo3(signature = (field, ids, texts, messages, rule = "", severity = "", tell = None))]
    fn keep(
        &mut self,
        field: &str,
        ids: &Bound<'_, PyAny>,
        texts: &Bound<'_, PyAny>,
        messages: &Bound<'_, PyAny>,
        rule: &str,
        severity: &str,
        tell: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let [ids, texts, messages] = [series_of(ids)?, series_of(texts)?, series_of(messages)?];
        let told = |message: &str| match tell {
            Some(tell) => tell.call1((message,))?.extract(),
            None => Ok([message, rule, severity].map(str::to_owned)),
        };
        let (ids, texts, messages) = (ids.view(), texts.view(), messages.view());
        self.change().keep(field, &ids, &texts, &messages, told)
    }

    /// Stores messages that were appended to those of a field's cells, whose texts were `before` and are `texts` now.
    fn join(
        &mut self,
        field: &str,
        ids: &Bound<'_, PyAny>,
        before: &Bound<'_, PyAny>,
        texts: &Bound<'_, PyAny>,
        messages: &Bound<'_, PyAny>,
        rule: &str,
        severity: &str,
    ) -> PyResult<()> {
        let [ids, before] = [series_of(ids)?, series_of(before)?];
        let [texts, messages] = [series_of(texts)?, series_of(messages)?];
        let told = [&before.view(), &texts.view(), &messages.view()];
        self.change()
            .join(field, &ids.view(), told, [rule, severity]);
        Ok(())
    }

    /// Makes issues of the texts of a field's issue column.
    fn list(
        &mut self,
        field: &str,
        ids: &Bound<'_, PyAny>,
        texts: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (ids, texts) = (series_of(ids)?, series_of(texts)?);
        self.change().list(field, &ids.view(), &texts.view());
        Ok(())
    }

    /// Adds `count` issues without a known row.
    fn add(
        &mut self,
        message: &str,
        rule: &str,
        severity: &str,
        field: Option<&str>,
        count: usize,
    ) {
        let issues = self.change();
        let part = [message, rule, severity].map(|text| issues.texts.keep(text));
        let field = field.map_or(NONE, |field| issues.texts.keep(field));
        for _ in 0..count {
            issues.add(part, field);
        }
    }

    /// Returns a fact of the issues from `first` on.
    #[pyo3(signature = (name, first = 0))]
    fn get<'py>(&self, py: Python<'py>, name: &str, first: usize) -> PyResult<Bound<'py, PyList>> {
        let (fact, issues) = (place_of(name)?, &self.issues);
        let rows = first..issues.len();
        if is_number(fact) {
            let number = |at| Some(issues.fact(at, fact)).filter(|number| *number != NONE);
            return PyList::new(py, rows.map(number).collect::<Vec<_>>());
        }
        let mut known: HashMap<u32, Bound<'py, PyString>> = HashMap::default();
        let texts = rows.map(|at| {
            let text = issues.text(at, fact)?;
            let known = known.entry(issues.fact(at, fact));
            Some(known.or_insert_with(|| PyString::new(py, text)).clone())
        });
        PyList::new(py, texts.collect::<Vec<_>>())
    }

    /// Sets a fact of the issues from `first` on: a list, or a column, whose empty cells are `blank`.
    #[pyo3(signature = (name, values, first = 0, blank = None))]
    fn set(
        &mut self,
        name: &str,
        values: &Bound<'_, PyAny>,
        first: usize,
        blank: Option<&str>,
    ) -> PyResult<()> {
        let (fact, issues) = (place_of(name)?, self.change());
        let values = facts_of(issues, fact, values, blank)?;
        issues.put(fact, first, &values);
        Ok(())
    }

    /// Sets texts of the issues of a column of the table, or of all, by the rows of the table.
    #[pyo3(signature = (name, rows, texts, source = None, blank = None))]
    fn set_by_row(
        &mut self,
        name: &str,
        rows: Vec<u32>,
        texts: &Bound<'_, PyAny>,
        source: Option<&str>,
        blank: Option<&str>,
    ) -> PyResult<()> {
        let (fact, issues) = (place_of(name)?, self.change());
        let texts = facts_of(issues, fact, texts, blank)?;
        issues.put_by_row(fact, source, &rows, &texts);
        Ok(())
    }

    /// The Python form of [`Table::put_rows`].
    fn set_rows(
        &mut self,
        first: usize,
        number: Option<u32>,
        turned: Option<u32>,
        first_row: u32,
        height: u32,
    ) -> Option<Vec<u32>> {
        let rows = first_row..first_row + height;
        self.change().put_rows(first, number, turned, &rows)
    }

    /// The Python form of [`Table::put_table`].
    fn set_table(&mut self, sheet: &str, table: u32) {
        self.change().put_table(sheet, table);
    }

    /// The Python form of [`Table::name_field`].
    fn name_field(&mut self, source: Option<&str>, label: Option<&str>, is_field: bool) {
        self.change().name_field(source, label, is_field);
    }

    /// The Python form of [`Table::place_output`].
    fn place_output(
        &mut self,
        sheet: Option<&str>,
        header_row: u32,
        letters: Vec<(String, String)>,
    ) {
        self.change().place_output(sheet, header_row, &letters);
    }

    /// The Python form of [`Table::leave_out_repeats`].
    fn leave_out_repeats(&mut self) {
        self.change().leave_out_repeats();
    }

    /// The Python form of [`Table::sources`].
    #[pyo3(signature = (has_row = false))]
    fn sources(&self, has_row: bool) -> Vec<Option<&str>> {
        self.issues.sources(has_row)
    }

    /// The Python form of [`Table::rows`].
    #[pyo3(signature = (source = None, severity = None))]
    fn rows(&self, source: Option<&str>, severity: Option<&str>) -> Vec<u32> {
        self.issues.rows(source, severity)
    }

    /// The Python form of [`Table::levels`]. The names of the columns are those of the table behind `prefix`.
    fn levels(&self, prefix: &str, rows: usize) -> Vec<ArrowColumn> {
        let levels = self.issues.levels(rows).into_iter();
        let column = |(name, levels): (&str, Vec<u8>)| {
            let mut column = ColumnBuilder::new(Type::Unsigned(1));
            for level in levels {
                column.push(ColumnValue::Unsigned(level.into()));
            }
            arrow(&format!("{prefix}{name}"), column.column())
        };
        levels.map(column).collect()
    }

    /// The Python form of [`Table::with_message`].
    fn with_message(&self, message: &str) -> Vec<(usize, Option<&str>, u32)> {
        self.issues.with_message(message)
    }

    /// Returns the index of an issue among those of its sheet, and the first of its cells.
    fn place(&self, at: usize) -> (u32, usize, &str, Option<String>) {
        let (issues, row) = (&self.issues, self.issues.fact(at, ROW));
        let column = issues.text(at, COLUMN).unwrap_or_default();
        let row = if row == NONE { 0 } else { row };
        (row, column.len(), column, issues.first_cell(at))
    }

    /// Changes the message of an issue.
    fn say(&mut self, at: usize, message: &str) {
        let issues = self.change();
        let message = issues.texts.keep(message);
        issues.put(MESSAGE, at, &[message]);
    }

    /// Returns the number of lines of each severity.
    fn by_severity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let words = Severity::ALL.map(Severity::word);
        let counts = words.map(|word| (word, self.issues.count_of(word)));
        counts.into_py_dict(py)
    }

    /// The Python form of [`Table::split`].
    fn split(&self, rows: Vec<u32>) -> (Self, Self) {
        let [others, own] = self.issues.split(&rows).map(|half| Self {
            issues: Arc::new(half),
        });
        (others, own)
    }

    /// The Python form of [`Table::append`].
    fn append(&mut self, other: &Bound<'_, Self>, above: u32) {
        let other = Arc::clone(&other.borrow().issues);
        self.change().append(&other, above);
    }
}

/// The issues of a run: see [`List`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct IssueList {
    list: List,
}

#[pymethods]
impl IssueList {
    /// Takes the issues of each table, and of none, with the rows of the table, whether its written values are still there, and
    /// the title of its sheet if that has changed.
    #[new]
    fn new(py: Python<'_>, tables: Vec<(Py<TableIssues>, usize, bool, Option<String>)>) -> Self {
        let parts = tables
            .into_iter()
            .map(|(issues, height, stands, title)| IssueListPart {
                issues: Arc::clone(&issues.borrow(py).issues),
                height,
                stands,
                title,
            });
        let parts = parts.collect();
        Self {
            list: py.detach(|| List::new(parts)),
        }
    }

    fn __len__(&self) -> usize {
        self.list.lines.len()
    }

    /// Returns the number of issues of a severity.
    fn count_of(&self, severity: &str) -> usize {
        self.list.count_of(severity)
    }

    /// Writes the first `most` lines to a file.
    fn write(&self, py: Python<'_>, path: &str, most: usize) -> PyResult<()> {
        write_file(py, path, |file| self.list.write(most, file))
    }

    /// Returns the lines with all their keys.
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let record = |&line: &(u32, u32)| {
            let record = PyDict::new(py);
            for (fact, key) in FACTS[..LINE_FACTS].iter().enumerate() {
                match is_number(fact) {
                    true => record.set_item(key, self.list.number(line, fact))?,
                    false => record.set_item(key, self.list.shown(line, fact))?,
                }
            }
            Ok(record)
        };
        self.list.lines.iter().map(record).collect()
    }

    /// Returns a sheet of the first `most` lines.
    fn sheet(&self, py: Python<'_>, title: &str, counts: &str, most: usize) -> ListSheet {
        let list = py.detach(|| self.list.sheet(title, counts, most));
        ListSheet { list }
    }

    /// Returns the issues in the form of events: see [`List::told`] and [`List::totals`].
    fn told(
        &self,
        py: Python<'_>,
        unnamed: Vec<String>,
        fields: Vec<String>,
        most: usize,
        rows_with_errors: u64,
        rows_quarantined: u64,
    ) -> PyResult<(Json, Json)> {
        let rules = py.detach(|| self.list.told(&unnamed, &fields));
        let totals = self.list.totals(most, rows_with_errors, rows_quarantined);
        Ok((Json::from_value(&rules)?, Json::from_value(&totals)?))
    }
}
