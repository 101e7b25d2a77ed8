//! Reading columns of values as people type them, for `ade_engine.fields`.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use foldhash::{HashMap, HashSet};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};
use regex::Regex;

use super::column::{ArrowColumn, all_series, arrow, series_of};
use super::source::Scan;
use ade_engine_native::cells::parts::in_parts;
use ade_engine_native::cells::{CellTag, Sheet, SheetCell, text_form};
use ade_engine_native::columns::column::{ColumnBuilder, sparse_texts};
use ade_engine_native::columns::frame::Series;
use ade_engine_native::columns::view::{ColumnValue, value_of};
use ade_engine_native::fields::checks::{self, Demand, Extreme};
use ade_engine_native::fields::dates::moment;
use ade_engine_native::fields::looks::profile::{self, Profile};
use ade_engine_native::fields::looks::rows;
use ade_engine_native::fields::numbers::number;
use ade_engine_native::fields::reading::{
    ChoiceSource, ColumnReading, DefaultSource, Hints, Order,
};
use ade_engine_native::fields::texts::checksum;
use ade_engine_native::fields::texts::country::Country;
use ade_engine_native::fields::texts::letters;
use ade_engine_native::fields::texts::text::NamePart;
use ade_engine_native::fields::{self, ColumnContext, ReaderKind};
use ade_engine_native::words::{cut, lexicon};

fn order_named(name: Option<&str>) -> PyResult<Option<Order>> {
    Ok(Some(match name {
        None | Some("auto") => return Ok(None),
        Some("dmy") => Order::DayFirst,
        Some("mdy") => Order::MonthFirst,
        Some("ymd") => Order::YearFirst,
        Some(other) => {
            return Err(PyValueError::new_err(format!(
                "order should be 'dmy', 'mdy', 'ymd' or 'auto', not {other:?}"
            )));
        }
    }))
}

fn mark_named(name: Option<&str>) -> PyResult<Option<u8>> {
    match name {
        None | Some("auto") => Ok(None),
        Some(".") => Ok(Some(b'.')),
        Some(",") => Ok(Some(b',')),
        Some(other) => Err(PyValueError::new_err(format!(
            "decimal_mark should be '.', ',' or 'auto', not {other:?}"
        ))),
    }
}

fn kind_named(name: &str, option: Option<&Bound<'_, PyAny>>) -> PyResult<ReaderKind> {
    let flag = || option.map_or(Ok(false), |option| option.extract::<bool>());
    Ok(match name {
        "text" => ReaderKind::Text,
        "code" => ReaderKind::Code,
        "person_name" => {
            let part: Option<String> = option.map(|part| part.extract()).transpose()?;
            ReaderKind::Name(match part.as_deref() {
                None | Some("full") => NamePart::Full,
                Some("first") => NamePart::First,
                Some("last") => NamePart::Last,
                Some(other) => {
                    return Err(PyValueError::new_err(format!(
                        "part should be 'full', 'first' or 'last', not {other:?}"
                    )));
                }
            })
        }
        "email" => ReaderKind::Email,
        "iban" => ReaderKind::Iban,
        "phone" => {
            let country = |code: &Bound<'_, PyAny>| {
                let code: String = code.extract()?;
                Country::named(&code).ok_or_else(|| {
                    PyValueError::new_err(format!(
                        "there is no country {code:?}; use a code of two capitals, such as \"DE\""
                    ))
                })
            };
            ReaderKind::Phone {
                country: option.map(country).transpose()?,
            }
        }
        "boolean" => {
            let words: Option<(Vec<String>, Vec<String>)> =
                option.map(|words| words.extract()).transpose()?;
            let (yes, no) = words.unwrap_or_default();
            let folded =
                |words: Vec<String>| words.iter().map(|word| cut::fold(word.trim())).collect();
            ReaderKind::Boolean {
                yes: folded(yes),
                no: folded(no),
            }
        }
        "number" => {
            let units: Option<Vec<String>> = option.map(|units| units.extract()).transpose()?;
            let folded = |unit: String| cut::fold(unit.trim()).trim_end_matches('.').to_owned();
            ReaderKind::Number {
                units: units.unwrap_or_default().into_iter().map(folded).collect(),
            }
        }
        "currency" => ReaderKind::Currency,
        "date" => ReaderKind::Date { serials: flag()? },
        "date_time" => ReaderKind::DateTime { serials: flag()? },
        "time" => ReaderKind::Time { serials: flag()? },
        "duration" => {
            let unit = |name: &Bound<'_, PyAny>| {
                let name: String = name.extract()?;
                moment::unit_named(&name).ok_or_else(|| {
                    PyValueError::new_err(format!(
                        "unit should be 'days', 'hours', 'minutes' or 'seconds', not {name:?}"
                    ))
                })
            };
            ReaderKind::Duration {
                unit: option.map(unit).transpose()?,
            }
        }
        other => return Err(PyValueError::new_err(format!("there is no kind {other:?}"))),
    })
}

/// The origin of the cells of a column: the scan, the column from 0, and for each row of the series the sheet's row from 1.
type OriginTuple<'py> = (Bound<'py, Scan>, usize, Bound<'py, PyAny>);

/// Returns the origin for Rust: the sheet, the column, and its rows.
fn origin_of(origin: Option<OriginTuple<'_>>) -> PyResult<Option<(Arc<Sheet>, usize, Series)>> {
    let Some((scan, column, rows)) = origin else {
        return Ok(None);
    };
    let sheet = Arc::clone(scan.get().sheet());
    Ok(Some((sheet, column, series_of(&rows)?)))
}

/// Restores the types of cells that were lost when a column of mixed cells became text. A cell counts only if its text is still
/// the text that was made of it, because a hook may have changed it.
fn restore_types(
    values: &mut [ColumnValue<'_>],
    sheet: &Sheet,
    column: usize,
    rows: &[ColumnValue<'_>],
) {
    let mut text = String::new();
    let mut loses_durations = None;
    for (value, row) in values.iter_mut().zip(rows) {
        let Some(row) = row_number(*row) else {
            continue;
        };
        let mut cell = SheetCell::EMPTY;
        sheet.visit_column(column, row - 1, row, |found| cell = found);
        let Some(typed) = value_of(cell) else {
            continue;
        };
        // Polars makes nothing of durations beside days.
        let is_lost = *value == ColumnValue::Null
            && matches!(typed, ColumnValue::Duration(_))
            && *loses_durations.get_or_insert_with(|| {
                let kinds = sheet.column_kinds(column, 0, sheet.facts().rows_emitted);
                kinds.has(CellTag::Date) || kinds.has(CellTag::DateTime)
            });
        if is_lost || is_count_of(*value, typed) {
            *value = typed;
            continue;
        }
        let ColumnValue::Text(shown) = *value else {
            continue;
        };
        let is_the_same = [text_form::as_polars, text_form::as_python]
            .iter()
            .any(|write| {
                text.clear();
                write(cell, sheet, &mut text) && text == shown
            });
        if is_the_same {
            *value = typed;
        }
    }
}

/// Returns whether a number is polars' form of a boolean, date, time or duration among numbers: 0 or 1, or a count of days, of
/// microseconds, or of nanoseconds for a time. The number may have become text since.
fn is_count_of(value: ColumnValue<'_>, typed: ColumnValue<'_>) -> bool {
    let count = match typed {
        ColumnValue::Boolean(flag) => i64::from(flag),
        ColumnValue::Date(days) => days,
        ColumnValue::DateTime(microseconds) | ColumnValue::Duration(microseconds) => microseconds,
        ColumnValue::Time(microseconds) => microseconds.saturating_mul(1000),
        _ => return false,
    };
    match value {
        ColumnValue::Integer(number) => number == count,
        ColumnValue::Float(number) => number == count as f64,
        ColumnValue::Text(text) => {
            text.strip_suffix(".0").unwrap_or(text) == itoa::Buffer::new().format(count)
        }
        _ => false,
    }
}

/// Returns the texts of numbers that their sheet shows with leading zeros, with their indices in the series. A number counts
/// only if the cell still has it, because a hook may have changed it.
fn shown_with_zeros(
    values: &[ColumnValue<'_>],
    sheet: &Sheet,
    column: usize,
    rows: &[ColumnValue<'_>],
) -> Vec<(usize, String)> {
    let mut shown = Vec::new();
    for (place, (value, row)) in values.iter().zip(rows).enumerate() {
        let whole = |number: f64| {
            (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then_some(number as u64)
        };
        let number = match *value {
            ColumnValue::Integer(number) => u64::try_from(number).ok(),
            ColumnValue::Unsigned(number) => Some(number),
            ColumnValue::Float(number) => whole(number),
            _ => None,
        };
        let (Some(number), Some(row)) = (number, row_number(*row)) else {
            continue;
        };
        let cell = sheet.cell(row - 1, column);
        let of_cell = match cell.tag {
            CellTag::Integer => u64::try_from(cell.as_integer()).ok(),
            CellTag::Float => whole(cell.as_float()),
            _ => None,
        };
        if of_cell == Some(number)
            && let Some(zeros) = sheet.zeros().at(row - 1, column)
            && zeros.currency().is_none()
        {
            let mut text = String::new();
            zeros.push(number, &mut text);
            shown.push((place, text));
        }
    }
    shown
}

/// Returns the currencies that number formats show, with the indices of their numbers in the series.
fn shown_currencies<'s>(
    values: &[ColumnValue<'_>],
    sheet: &'s Sheet,
    column: usize,
    rows: &[ColumnValue<'_>],
) -> Vec<(usize, &'s str)> {
    let mut shown = Vec::new();
    for (place, (value, row)) in values.iter().zip(rows).enumerate() {
        if matches!(
            value,
            ColumnValue::Integer(_) | ColumnValue::Unsigned(_) | ColumnValue::Float(_)
        ) && let Some(row) = row_number(*row)
            && let Some(format) = sheet.zeros().at(row - 1, column)
            && let Some(currency) = format.currency()
        {
            shown.push((place, currency));
        }
    }
    shown
}

fn row_number(value: ColumnValue<'_>) -> Option<usize> {
    value.whole().filter(|row| *row > 0)
}

/// The messages for cells that came out empty.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct UnreadCells {
    /// A message for each of the cells.
    #[pyo3(get)]
    column: Py<ArrowColumn>,
    cells: fields::UnreadRows,
}

impl UnreadCells {
    /// Takes the cells that came out empty; returns `None` if there are none.
    fn from_cells(
        py: Python<'_>,
        cells: fields::UnreadRows,
        rows: usize,
    ) -> PyResult<Option<Py<Self>>> {
        let texts = cells.iter().map(|(row, lost)| (*row, lost.to_string()));
        let Some(column) = sparse_texts(rows, texts.collect()) else {
            return Ok(None);
        };
        let column = Py::new(py, arrow("", column))?;
        Py::new(py, Self { column, cells }).map(Some)
    }
}

#[pymethods]
impl UnreadCells {
    /// Returns, for each message, the reason in words without the value, and the rule of the issue.
    fn said(&self) -> HashMap<String, (&str, &'static str)> {
        let cells = self.cells.iter().map(|(_, lost)| lost);
        cells
            .map(|lost| (lost.to_string(), (&*lost.why, lost.rule)))
            .collect()
    }
}

/// A series after reading its values.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct ReadColumn {
    column: Py<ArrowColumn>,
    /// Messages for cells that came out empty, if there are any.
    unread: Option<Py<UnreadCells>>,
    /// True if each cell that came out empty has a message.
    is_exact: bool,
    /// The number of codes that have lost digits.
    lost_digits: usize,
    /// The number of cells that say that they have no value.
    missing: usize,
    /// The way in which the column was read, for kinds whose text is interpreted.
    reading: Option<Py<PyDict>>,
}

/// Reads a series as `kind`. With `is_argument`, order and decimal mark are arguments of the reader instead of settings.
/// `today` is the day of the run, in days since 1970. With `from_1904`, the workbook counts days from 1904. The header
/// determines the power of ten that numbers count in (`shift`), and whether durations such as "4:10" are minutes and seconds
/// (`minutes_first`). `is_strict` reads as since edition 2026; `missing` has the author's words for "no value".
#[pyfunction]
#[pyo3(signature = (series, kind, option=None, *, header="", unit=None, order=None, decimal=None, is_argument=false, hints=(None, None), origin=None, today=None, from_1904=false, shift=0, minutes_first=false, is_strict=false, missing=None))]
pub fn read_column<'py>(
    py: Python<'py>,
    series: &Bound<'py, PyAny>,
    kind: &str,
    option: Option<&Bound<'py, PyAny>>,
    header: &str,
    unit: Option<&str>,
    order: Option<&str>,
    decimal: Option<&str>,
    is_argument: bool,
    hints: (Option<String>, Option<String>),
    origin: Option<OriginTuple<'py>>,
    today: Option<i64>,
    from_1904: bool,
    shift: i32,
    minutes_first: bool,
    is_strict: bool,
    missing: Option<Vec<String>>,
) -> PyResult<ReadColumn> {
    let missing: Vec<String> = missing
        .unwrap_or_default()
        .iter()
        .map(|word| cut::fold(word.trim()))
        .collect();
    let kind = kind_named(kind, option)?;
    let column = series_of(series)?;
    let around = ColumnContext {
        header,
        unit,
        order: order_named(order)?,
        decimal: mark_named(decimal)?,
        stated_by: match is_argument {
            true => DefaultSource::Argument,
            false => DefaultSource::Setting,
        },
        hints: Hints {
            order: order_named(hints.0.as_deref())?,
            decimal: mark_named(hints.1.as_deref())?,
        },
        today,
        from_1904,
        shift,
        minutes_first,
        is_strict,
        missing: &missing,
        ..ColumnContext::default()
    };
    let origin = origin_of(origin)?;
    let (outcome, is_exact) = py.detach(|| {
        let values = column.values();
        let outcome = match &origin {
            Some((sheet, number, rows)) => {
                read_of_sheet(values, sheet, *number, &rows.values(), &kind, around)
            }
            None => fields::read(&values, &kind, &around),
        };
        let emptied = fields::count_emptied(&column.view(), &outcome.column);
        let is_exact = emptied == outcome.unread.len() + outcome.missing;
        (outcome, is_exact)
    });
    let reading = outcome.reading.as_ref();
    let reading = reading.map(|reading| described(py, reading));
    let unread = UnreadCells::from_cells(py, outcome.unread, outcome.column.rows)?;
    Ok(ReadColumn {
        column: Py::new(py, arrow("", outcome.column))?,
        unread,
        is_exact,
        lost_digits: outcome.lost_digits,
        missing: outcome.missing,
        reading: reading.transpose()?,
    })
}

/// Reads a column with the types of its cells in the sheet, and with the zeros and currencies that formats show.
fn read_of_sheet<'v>(
    mut values: Vec<ColumnValue<'v>>,
    sheet: &'v Sheet,
    number: usize,
    rows: &[ColumnValue<'v>],
    kind: &ReaderKind,
    around: ColumnContext<'_>,
) -> fields::ColumnOutcome {
    restore_types(&mut values, sheet, number, rows);
    let shown = match kind {
        ReaderKind::Code | ReaderKind::Text | ReaderKind::Phone { .. } => {
            shown_with_zeros(&values, sheet, number, rows)
        }
        _ => Vec::new(),
    };
    let mut values: Vec<ColumnValue<'_>> = values;
    for (place, text) in &shown {
        values[*place] = ColumnValue::Text(text);
    }
    let currencies = match kind {
        ReaderKind::Number { .. } | ReaderKind::Currency => {
            shown_currencies(&values, sheet, number, rows)
        }
        _ => Vec::new(),
    };
    let around = ColumnContext {
        currencies: &currencies,
        ..around
    };
    fields::read(&values, kind, &around)
}

fn described(py: Python<'_>, reading: &ColumnReading) -> PyResult<Py<PyDict>> {
    let facts = PyDict::new(py);
    facts.set_item("read_as", reading.read_as)?;
    facts.set_item("decided_by", reading.decided.name())?;
    facts.set_item("cells", reading.cells)?;
    facts.set_item("certain", reading.certain)?;
    facts.set_item("contradict", reading.contradict.len())?;
    facts.set_item("ambiguous", reading.is_ambiguous())?;
    facts.set_item("first_open", reading.first_open)?;
    let open = reading
        .open
        .contains(&true)
        .then(|| arrow("", fields::flags(&reading.open)));
    facts.set_item("open", open)?;
    let doubts = (!reading.doubts.is_empty()).then(|| {
        let mut texts = ColumnBuilder::of_texts(reading.doubts.len());
        for said in &reading.doubts {
            texts.push_text(*said);
        }
        arrow("", texts.column())
    });
    facts.set_item("doubts", doubts)?;
    facts.set_item("by", reading.by.map(ChoiceSource::name))?;
    facts.set_item("why", reading.why.clone())?;
    Ok(facts.unbind())
}

/// Returns whether three capitals at the end of a header are a currency; see [`lexicon::is_code_of_header`].
#[pyfunction]
pub fn is_currency_of_header(written: &str, among_capitals: bool) -> bool {
    lexicon::is_code_of_header(written, among_capitals)
}

/// Returns the unit or currency in a header as it is written, or `None` if the header names none.
#[pyfunction]
pub fn header_unit(header: &str) -> Option<String> {
    fields::header_unit(header)
}

/// Returns the codes of the countries that the reader of phones knows.
#[pyfunction]
pub fn phone_countries() -> Vec<String> {
    Country::codes()
}

/// Returns the profile of a series: rows, filled cells, and the cells that were examined; the counts by type, the counts by
/// pattern, and other facts about the examined cells.
#[pyfunction]
pub fn column_profile<'py>(
    py: Python<'py>,
    series: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let column = series_of(series)?;
    let found = py.detach(|| Profile::from_values(&column.values()));
    let facts = [
        ("rows", found.rows),
        ("filled", found.filled),
        ("looked_at", found.looked_at),
    ]
    .into_py_dict(py)?;
    let types = [
        ("text", found.texts),
        ("number", found.numbers),
        ("date", found.dates),
        ("time", found.times),
        ("duration", found.durations),
        ("boolean", found.booleans),
    ];
    facts.set_item("types", types.into_py_dict(py)?)?;
    let patterns = [
        ("email", found.emails),
        ("phone", found.phones),
        ("iban", found.ibans),
        ("plus", found.with_plus),
        ("date", found.days),
        ("number", found.amounts),
        ("code", found.codes),
        ("boolean", found.flags),
        ("currency", found.with_currency),
        ("cents", found.with_cents),
        ("hundredths", found.with_hundredths),
    ];
    facts.set_item("patterns", patterns.into_py_dict(py)?)?;
    facts.set_item("distinct", found.distinct)?;
    facts.set_item("same_shape", found.same_shape)?;
    facts.set_item("lengths", (found.shortest, found.longest))?;
    facts.set_item("characters", found.characters)?;
    facts.set_item("range", found.smallest.zip(found.largest))?;
    facts.set_item("sum", found.sum)?;
    Ok(facts)
}

/// Returns the number of filled cells in a profile's sample that are one of the known values, and the size of the sample.
#[pyfunction]
pub fn likeness(
    py: Python<'_>,
    series: &Bound<'_, PyAny>,
    known: Vec<String>,
) -> PyResult<(usize, usize)> {
    let column = series_of(series)?;
    Ok(py.detach(|| profile::likeness(&column.values(), &known)))
}

/// Returns what a series of text shows about the dates and numbers of its table: the order of dates, the decimal mark, and
/// whether that is the mark of amounts of money.
///
/// `origin` has the cells of a column of mixed cells: numbers that were typed as such show nothing.
#[pyfunction]
#[pyo3(signature = (series, header, origin=None))]
pub fn shown_by<'py>(
    py: Python<'py>,
    series: &Bound<'py, PyAny>,
    header: &str,
    origin: Option<OriginTuple<'py>>,
) -> PyResult<(Option<&'static str>, Option<&'static str>, bool)> {
    let column = series_of(series)?;
    let origin = origin_of(origin)?;
    let (hints, is_money) = py.detach(|| {
        let mut values = column.values();
        if let Some((sheet, number, rows)) = &origin {
            restore_types(&mut values, sheet, *number, &rows.values());
        }
        let hints = fields::shown(&values, header);
        let has_cents = |mark| number::shows_cents(&values, mark);
        (hints, hints.decimal.is_some_and(has_cents))
    });
    let (order, decimal) = in_words(hints);
    Ok((order, decimal, is_money))
}

fn in_words(hints: Hints) -> (Option<&'static str>, Option<&'static str>) {
    let order = hints.order.map(|order| match order {
        Order::MonthFirst => "mdy",
        Order::DayFirst => "dmy",
        Order::YearFirst | Order::YearDay => "ymd",
    });
    let decimal = hints
        .decimal
        .map(|mark| if mark == b'.' { "." } else { "," });
    (order, decimal)
}

/// Returns what the text of a whole column of a sheet shows, whichever tables it belongs to.
#[pyfunction]
pub fn shown_by_sheet(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
    column: usize,
) -> PyResult<(Option<&'static str>, Option<&'static str>)> {
    let sheet = scan.get().sheet();
    Ok(in_words(py.detach(|| {
        let mut values = Vec::new();
        sheet.visit_column(column, 0, sheet.facts().rows_emitted, |cell| {
            if cell.tag == CellTag::Text {
                values.push(ColumnValue::Text(sheet.text(cell.as_text())));
            }
        });
        fields::shown(&values, "")
    })))
}

/// Returns messages for the cells that are filled in `before` and empty in `after`, or `None` if there are none.
#[pyfunction]
pub fn emptied(
    py: Python<'_>,
    before: &Bound<'_, PyAny>,
    after: &Bound<'_, PyAny>,
) -> PyResult<Option<Py<UnreadCells>>> {
    let (before, after) = (series_of(before)?, series_of(after)?);
    let (cells, rows) = py.detach(|| {
        let (before, after) = (before.view(), after.view());
        let rows = before.rows().min(after.rows());
        (fields::emptied(&before, &after), rows)
    });
    UnreadCells::from_cells(py, cells, rows)
}

/// The minimum or maximum that a check allows: a whole number, a number, or a day since 1970.
#[derive(FromPyObject)]
pub enum CheckBound {
    Whole(i64),
    Number(f64),
}

/// Returns whether a check can handle the type of a series, and the messages for values that break it. `demand` is `filled`,
/// `unique`, `between`, `days_between`, `one_of`, `one_of_any_case`, `matched`, `iban`, `vat`, `vat_by_all_rules` or `luhn`.
/// `below` is the message for a value below the minimum, or one that breaks another kind of demand; `above` is for a value
/// above the maximum. A value has no message if one of `others` has one for it.
#[pyfunction]
#[pyo3(signature = (series, demand, below, above="", *, least=None, most=None, known=None, matched=None, others=Vec::new()))]
pub fn checked(
    py: Python<'_>,
    series: &Bound<'_, PyAny>,
    demand: &str,
    below: &str,
    above: &str,
    least: Option<CheckBound>,
    most: Option<CheckBound>,
    known: Option<HashSet<String>>,
    matched: Option<&str>,
    others: Vec<Bound<'_, PyAny>>,
) -> PyResult<(bool, Option<ArrowColumn>)> {
    let known = known.unwrap_or_default();
    let pattern;
    let is_of_days = demand == "days_between";
    let limit = |bound: Option<CheckBound>| {
        bound.map(|bound| match bound {
            CheckBound::Whole(day) if is_of_days => Extreme::Day(day),
            CheckBound::Whole(number) => Extreme::Whole(number),
            CheckBound::Number(number) => Extreme::Number(number),
        })
    };
    let demand = match demand {
        "filled" => Demand::Filled,
        "unique" => Demand::Unique,
        "between" | "days_between" => Demand::Between {
            least: limit(least),
            most: limit(most),
        },
        "one_of" | "one_of_any_case" => Demand::OneOf {
            known: &known,
            ignores_case: demand == "one_of_any_case",
        },
        "matched" => {
            // Polars reports the error in an expression.
            let Some(found) = pattern_of(matched.unwrap_or_default()) else {
                return Ok((false, None));
            };
            pattern = found;
            Demand::Matched(&pattern)
        }
        "iban" => Demand::Passed(checksum::is_iban),
        "vat" => Demand::Passed(checksum::is_vat),
        "vat_by_all_rules" => Demand::Passed(checksum::is_vat_by_all_rules),
        "luhn" => Demand::Passed(checksum::is_luhn),
        other => {
            return Err(PyValueError::new_err(format!(
                "there is no demand {other:?}"
            )));
        }
    };
    let column = series_of(series)?;
    let others = all_series(&others)?;
    Ok(py.detach(|| {
        let others: Vec<_> = others.iter().map(Series::view).collect();
        match checks::breaches(&column.view(), &demand) {
            None => (false, None),
            Some(breaches) => {
                let said = checks::messages(&breaches, below, above, &others);
                (true, said.map(|column| arrow("", column)))
            }
        }
    }))
}

/// Returns the regular expression of a text, if it is valid. Each is compiled once: a check has the same for all tables.
fn pattern_of(text: &str) -> Option<Regex> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains_key(text) {
        known.insert(text.to_owned(), Regex::new(text).ok()?);
    }
    known.get(text).cloned()
}

/// The Python form of [`checks::joined`].
#[pyfunction]
pub fn joined_texts(
    py: Python<'_>,
    columns: Vec<Bound<'_, PyAny>>,
    separator: Option<&str>,
) -> PyResult<ArrowColumn> {
    let columns = all_series(&columns)?;
    let column = py.detach(|| {
        let columns: Vec<_> = columns.iter().map(Series::view).collect();
        checks::joined(&columns, separator)
    });
    Ok(arrow("", column))
}

/// Returns the texts of a series, with their rows from 0.
#[pyfunction]
pub fn texts_there(series: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, String)>> {
    let column = series_of(series)?;
    let view = column.view();
    let texts = view.values().enumerate();
    Ok(texts
        .filter_map(|(row, value)| match value {
            ColumnValue::Text(text) => Some((row, text.to_owned())),
            _ => None,
        })
        .collect())
}

/// Returns, row by row, messages for texts with letters that nobody typed, or `None` if there are none.
#[pyfunction]
pub fn wrong_letters(py: Python<'_>, series: &Bound<'_, PyAny>) -> PyResult<Option<ArrowColumn>> {
    let column = series_of(series)?;
    let said = py.detach(|| {
        let view = column.view();
        let said = |row: usize| match view.value(row) {
            ColumnValue::Text(text) => letters::wrong_letters(text),
            _ => None,
        };
        in_parts(view.rows(), |rows| rows.map(said).collect::<Vec<_>>()).concat()
    });
    if said.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut column = ColumnBuilder::of_texts(said.len());
    said.into_iter().for_each(|said| column.push_text(said));
    Ok(Some(arrow("", column.column())))
}

/// Returns a header for comparing: small letters without accents, and single blanks instead of anything else.
#[pyfunction]
pub fn simplify(text: &str) -> String {
    rows::simplify(text)
}
