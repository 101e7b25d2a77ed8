//! Compares the result of a case with the expected tables.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Case, CaseDifference, CaseResult, CasesError, DifferenceKind, WantedIssue};
use crate::base::files::FileError;
use crate::cells::{CellReader, CellsError, ReadSettings, SheetSelector, WindowLimits};
use crate::checks::engine::EngineError;

pub(super) fn failed(case: &Case, error: String) -> CaseResult {
    CaseResult {
        name: case.name.clone(),
        passed: false,
        checked: case.options.checked,
        error: Some(error),
        seconds: 0.0,
        differences: Vec::new(),
        came_out: None,
    }
}

/// The engine's result for one case.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CaseOutput {
    pub error: Option<EngineError>,
    pub tables: Vec<CaseTable>,
    pub issues: Vec<Issue>,
    pub seconds: f64,
}

#[derive(Deserialize)]
pub(super) struct CaseTable {
    sheet: String,
    fields: Vec<Option<String>>,
    headers: Vec<String>,
    rows: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    field: Option<String>,
    rule: Option<String>,
    severity: Option<String>,
    row: Option<usize>,
    message: Option<String>,
}

/// An expected table. `sheet` is set only if several sheets are expected.
struct ExpectedTable {
    sheet: Option<String>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

pub(super) fn judge(case: &Case, result: &Path) -> Result<CaseResult, CasesError> {
    let text = fs::read_to_string(result).map_err(FileError::on("read", result))?;
    let came_out: CaseOutput = match serde_json::from_str(&text) {
        Ok(came_out) => came_out,
        Err(error) => {
            let why = format!("the result cannot be read: {error}");
            return Ok(failed(case, why));
        }
    };
    let failed = |error: String| CaseResult {
        seconds: came_out.seconds,
        ..failed(case, error)
    };
    match (&came_out.error, &case.options.must_fail) {
        (Some(error), Some(code)) if error.code == *code => {
            return Ok(CaseResult {
                passed: true,
                error: None,
                ..failed(String::new())
            });
        }
        (Some(error), _) => return Ok(failed(error.to_string())),
        (None, Some(code)) => {
            return Ok(failed(format!(
                "the run succeeded, but must fail with {code}"
            )));
        }
        (None, None) => {}
    }
    let Some(file) = &case.expected else {
        return Ok(CaseResult {
            came_out: Some(as_expected(&came_out)),
            ..failed("there is no expected.csv yet; --update writes it".to_owned())
        });
    };
    let invalid = |error: CellsError| CasesError::Invalid {
        file: file.clone(),
        what: error.to_string(),
    };
    let wanted = expected(file).map_err(invalid)?;
    let mut found = Vec::new();
    for table in &wanted {
        let got = rows(&came_out, table.sheet.as_deref(), &table.columns);
        found.append(&mut differences(table, &got));
    }
    found.append(&mut unexpected_sheets(&wanted, &came_out));
    let issues = case.options.issues.as_deref();
    found.append(&mut issues.map_or_else(Vec::new, |wanted| issue_differences(wanted, &came_out)));
    let text = |table: &ExpectedTable| {
        let got = rows(&came_out, None, &table.columns);
        as_csv(&table.columns, &got)
    };
    Ok(CaseResult {
        passed: found.is_empty(),
        error: None,
        differences: found,
        came_out: wanted
            .first()
            .filter(|_| file.ends_with("expected.csv"))
            .map(text),
        ..failed(String::new())
    })
}

/// Returns the whole result as the text of an `expected.csv`.
pub(super) fn as_expected(came_out: &CaseOutput) -> String {
    let fields = own_fields(came_out);
    as_csv(&fields, &rows(came_out, None, &fields))
}

/// Returns the differences between two results, over all fields of both.
pub(super) fn outcome_differences(before: &CaseOutput, after: &CaseOutput) -> Vec<CaseDifference> {
    let mut columns = own_fields(before);
    for field in own_fields(after) {
        if !columns.contains(&field) {
            columns.push(field);
        }
    }
    let got = rows(after, None, &columns);
    let wanted = ExpectedTable {
        sheet: None,
        rows: rows(before, None, &columns),
        columns,
    };
    differences(&wanted, &got)
}

/// The fields in any table of the result, in their order.
fn own_fields(came_out: &CaseOutput) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for field in came_out
        .tables
        .iter()
        .flat_map(|table| table.fields.iter().flatten())
    {
        if !field.starts_with("__") && !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    fields
}

/// The rows of all tables, or of those of one sheet, restricted to `columns`, which are fields or headers.
fn rows(came_out: &CaseOutput, sheet: Option<&str>, columns: &[String]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let is_meant = |table: &&CaseTable| sheet.is_none_or(|sheet| table.sheet == sheet);
    for table in came_out.tables.iter().filter(is_meant) {
        let place = |name: &String| {
            let field = table
                .fields
                .iter()
                .position(|field| field.as_ref() == Some(name));
            field.or_else(|| table.headers.iter().position(|header| header == name))
        };
        let places: Vec<Option<usize>> = columns.iter().map(place).collect();
        for row in &table.rows {
            let text = |place: &Option<usize>| match place.and_then(|place| row.get(place)) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            all.push(places.iter().map(text).collect());
        }
    }
    all
}

/// Reads the expected tables of a file, one per sheet, each with its header in the first row. The title of a single sheet is
/// ignored.
fn expected(file: &Path) -> Result<Vec<ExpectedTable>, CellsError> {
    let cells = CellReader::new(WindowLimits::default());
    let reading = ReadSettings::whole();
    let titles: Vec<String> = cells
        .sheets(file, &reading)?
        .into_iter()
        .map(|sheet| sheet.name)
        .collect();
    let table = |title: &String| {
        let sheet = cells.whole(file, &reading, SheetSelector::Named(title))?;
        let (height, width) = sheet.size();
        let row = |row| {
            (1..=width)
                .map(|column| sheet.cell(row, column, usize::MAX).text)
                .collect()
        };
        Ok(ExpectedTable {
            sheet: (titles.len() > 1).then(|| title.clone()),
            columns: row(1),
            rows: (2..=height).map(row).collect(),
        })
    };
    titles.iter().map(table).collect()
}

/// The sheets in the result that are missing from an expected file with several sheets.
fn unexpected_sheets(wanted: &[ExpectedTable], came_out: &CaseOutput) -> Vec<CaseDifference> {
    let known: Vec<&str> = wanted
        .iter()
        .filter_map(|table| table.sheet.as_deref())
        .collect();
    let mut new: Vec<&str> = came_out.tables.iter().map(|table| &*table.sheet).collect();
    new.retain(|sheet| !known.is_empty() && !known.contains(sheet));
    new.dedup();
    let difference = |sheet: &str| CaseDifference {
        what: DifferenceKind::Row,
        sheet: Some(sheet.to_owned()),
        row: None,
        field: None,
        expected: None,
        got: Some("a sheet that is not expected".to_owned()),
    };
    new.into_iter().map(difference).collect()
}

/// Returns the text in the form that is compared: numbers by their exact value, midnight timestamps as dates.
fn canonical(text: &str) -> String {
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    number(text).unwrap_or_else(|| text.to_owned())
}

/// Returns a number as its digits and a power of ten. `None` if it is a text, or a code such as `007` or `+49`.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let (mantissa, power) = match digits.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{part}");
    if is_code || all.is_empty() || !all.bytes().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let power = i64::from(power) - i64::try_from(part.len()).ok()? + i64::try_from(zeros).ok()?;
    Some(format!("{sign}{significant}e{power}"))
}

fn differences(wanted: &ExpectedTable, got: &[Vec<String>]) -> Vec<CaseDifference> {
    let keys = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|text| canonical(text)).collect())
            .collect()
    };
    let (old, new) = (keys(&wanted.rows), keys(got));
    let whole_row = |row: usize| CaseDifference {
        what: DifferenceKind::Row,
        sheet: wanted.sheet.clone(),
        row: Some(row + 1),
        field: None,
        expected: None,
        got: None,
    };
    let mut found = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let (_, was, is) = operation.as_tag_tuple();
        let both = was.len().min(is.len());
        for (was, is) in was.clone().zip(is.clone()) {
            let columns = wanted.columns.iter().enumerate();
            for (at, field) in columns.filter(|(at, _)| old[was][*at] != new[is][*at]) {
                found.push(CaseDifference {
                    what: DifferenceKind::Cell,
                    field: Some(field.clone()),
                    expected: Some(wanted.rows[was][at].clone()),
                    got: Some(got[is][at].clone()),
                    ..whole_row(is)
                });
            }
        }
        let joined = |row: &[String]| Some(row.join(", "));
        found.extend(was.skip(both).map(|row| CaseDifference {
            expected: joined(&wanted.rows[row]),
            ..whole_row(row)
        }));
        found.extend(is.skip(both).map(|row| CaseDifference {
            got: joined(&got[row]),
            ..whole_row(row)
        }));
    }
    found
}

/// The expected issues that are missing, and the issues that were not expected.
fn issue_differences(wanted: &[WantedIssue], came_out: &CaseOutput) -> Vec<CaseDifference> {
    // The strictest expectations choose first, so that none takes an issue that only another expectation could match.
    let mut order: Vec<&WantedIssue> = wanted.iter().collect();
    let asks = |wanted: &WantedIssue| {
        let places = usize::from(wanted.row.is_some()) + usize::from(wanted.field.is_some());
        wanted.words().len() + places
    };
    order.sort_by_key(|wanted| std::cmp::Reverse(asks(wanted)));
    let mut left: Vec<&Issue> = came_out.issues.iter().collect();
    let mut found = Vec::new();
    for wanted in order {
        match left.iter().position(|issue| wanted.is(issue)) {
            Some(at) => drop(left.remove(at)),
            None => found.push(CaseDifference {
                what: DifferenceKind::Issue,
                sheet: None,
                row: wanted.row,
                field: wanted.field.clone(),
                expected: Some(match wanted.words().join(" ") {
                    words if words.is_empty() => "an issue".to_owned(),
                    words => words,
                }),
                got: None,
            }),
        }
    }
    found.extend(left.into_iter().map(|issue| CaseDifference {
        what: DifferenceKind::Issue,
        sheet: None,
        row: issue.row,
        field: issue.field.clone(),
        expected: None,
        got: Some(format!(
            "{} {}",
            issue.rule.as_deref().unwrap_or("issue"),
            issue.message.as_deref().unwrap_or_default()
        )),
    }));
    found
}

impl WantedIssue {
    fn is(&self, issue: &Issue) -> bool {
        let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        let message = issue.message.as_deref().unwrap_or_default();
        same(&self.field, &issue.field)
            && same(&self.rule, &issue.rule)
            && same(&self.severity, &issue.severity)
            && (self.row.is_none() || self.row == issue.row)
            && self
                .message
                .as_ref()
                .is_none_or(|part| message.contains(part))
    }

    /// The expected rule, severity and message, as far as they are given.
    fn words(&self) -> Vec<&str> {
        let words = [&self.rule, &self.severity, &self.message];
        words
            .into_iter()
            .filter_map(|word| word.as_deref())
            .collect()
    }
}

fn as_csv(fields: &[String], rows: &[Vec<String>]) -> String {
    let quoted = |text: &String| {
        if text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    let line = |row: &[String]| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
    line(fields) + &rows.iter().map(|row| line(row)).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_by_their_exact_value_and_codes_by_their_letters() {
        for (one, other) in [
            ("1309.50", "1309.5"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("0.10", "1e-1"),
        ] {
            assert_eq!(canonical(one), canonical(other), "{one} {other}");
        }
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("007", "7"),
            ("+49", "49"),
            ("-5", "5"),
            ("nan", "NaN"),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
    }
}
