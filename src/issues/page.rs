//! Parts of a list: pages, and the issues in a window of cells.

use std::borrow::Borrow;
use std::ops::RangeInclusive;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Issue, IssueFilter, IssueReader, ListError, Severity};
use crate::base::places::{CellPosition, column_named};

/// The number of bytes from which a page ends early: each issue quotes values of up to 32,767 characters.
const MAX_PAGE_BYTES: usize = 4 << 20;
/// The maximum number of issues in a window, which is also its maximum number of cells.
const MAX_WINDOW_ISSUES: usize = 20_000;

/// A part of the issues of a list, in its order.
#[derive(Debug)]
pub struct IssueSlice {
    /// The issues of the page.
    pub issues: Vec<Issue>,
    /// The position in bytes of the next page in the list. `None`: this is the last page.
    pub next: Option<u64>,
}

/// The numbers of issues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IssueCounts)]
pub struct ListedIssueCounts {
    /// Errors that match the filters.
    pub error: u64,
    pub warning: u64,
    pub info: u64,
    /// All issues in the run's list, whatever the filters.
    pub listed: u64,
    /// Issues of the run that its list has no room for.
    pub unlisted: u64,
}

/// A window of a sheet: the shown cells. Rows and columns count from 1.
#[derive(Clone, Debug)]
pub struct IssueWindow<'a> {
    /// The name of the sheet, of the sender or of the output.
    pub sheet: &'a str,
    /// True if the sheet is one of the output.
    pub of_output: bool,
    /// The rows of the window.
    pub rows: RangeInclusive<u64>,
    /// The columns of the window.
    pub columns: RangeInclusive<u64>,
}

/// An issue of a cell, a row or a column of a window, without the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellIssue {
    /// The row. Null for an issue of the whole column.
    pub row: Option<u64>,
    /// The column. Null for an issue of the whole row.
    pub column: Option<u64>,
    /// The severity of the issue.
    pub severity: Severity,
    /// The name of the field.
    pub field: Option<String>,
    /// The name of the rule.
    pub rule: String,
    /// The problem, without the value.
    pub message: String,
}

impl IssueReader {
    /// Returns the next issues that match the filter, at most `most` of them.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn page(&mut self, wanted: &IssueFilter, most: usize) -> Result<IssueSlice, ListError> {
        let (mut issues, mut bytes) = (Vec::new(), 0);
        loop {
            let begin = self.offset();
            let Some(issue) = self.next().transpose()? else {
                return Ok(IssueSlice { issues, next: None });
            };
            if !wanted.takes(&issue) {
                continue;
            }
            if issues.len() == most || bytes >= MAX_PAGE_BYTES {
                let next = Some(begin);
                return Ok(IssueSlice { issues, next });
            }
            let values = [&issue.value, &issue.written, &issue.key];
            bytes += values.into_iter().flatten().map(String::len).sum::<usize>();
            issues.push(issue);
        }
    }

    /// Counts the issues from here on that match the filter, and all listed ones. The list does not contain the number of
    /// unlisted issues.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn counts(self, wanted: &IssueFilter) -> Result<ListedIssueCounts, ListError> {
        let mut counts = ListedIssueCounts::default();
        for issue in self {
            let issue = issue?;
            counts.listed += 1;
            if wanted.takes(&issue) {
                *match issue.severity {
                    Severity::Error => &mut counts.error,
                    Severity::Warning => &mut counts.warning,
                    Severity::Info => &mut counts.info,
                } += 1;
            }
        }
        Ok(counts)
    }

    /// Returns the issues of a window's cells, rows and columns, and the number of further ones.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn within(self, window: &IssueWindow<'_>) -> Result<(Vec<CellIssue>, u64), ListError> {
        window.among(self.map(|issue| issue.map(PlacedIssue::new)))
    }

    /// Returns all issues with their positions, without values, for callers that request window after window.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn placed(self) -> Result<Vec<PlacedIssue>, ListError> {
        self.map(|issue| issue.map(PlacedIssue::new)).collect()
    }
}

/// An issue with its position in the sender's sheet and in the output.
#[derive(Debug)]
pub struct PlacedIssue {
    sheet: String,
    output_sheet: Option<String>,
    output: Option<CellPosition>,
    /// The issue, with the row and column of the sender.
    issue: CellIssue,
}

impl PlacedIssue {
    fn new(issue: Issue) -> Self {
        let column = issue.column.as_deref().and_then(column_named);
        Self {
            sheet: issue.sheet,
            output_sheet: issue.output_sheet,
            output: issue.output.as_deref().and_then(CellPosition::named),
            issue: CellIssue {
                row: issue.row.map(u64::from),
                // If the cell is unknown, the issue belongs to the whole row.
                column: column.filter(|_| issue.cell.is_some() || issue.row.is_none()),
                severity: issue.severity,
                field: issue.field,
                rule: issue.rule,
                message: issue.message,
            },
        }
    }
}

impl IssueWindow<'_> {
    /// Returns those issues that belong to the window's cells, rows and columns, and the number of further ones.
    ///
    /// # Errors
    /// Those of the iterator.
    pub fn among<T: Borrow<PlacedIssue>, E>(
        &self,
        issues: impl Iterator<Item = Result<T, E>>,
    ) -> Result<(Vec<CellIssue>, u64), E> {
        let (mut found, mut more) = (Vec::new(), 0);
        for placed in issues {
            let placed = placed?;
            if self.is_behind(placed.borrow()) {
                break;
            }
            match self.part_of(placed.borrow()) {
                Some(issue) if found.len() < MAX_WINDOW_ISSUES => found.push(issue),
                Some(_) => more += 1,
                None => {}
            }
        }
        Ok((found, more))
    }

    /// Returns whether an issue, and so each later one, is in a row below the window: lists are sorted by the sender's sheets
    /// and rows.
    fn is_behind(&self, placed: &PlacedIssue) -> bool {
        let is_below = placed.issue.row.is_some_and(|row| row > *self.rows.end());
        !self.of_output && is_below && placed.sheet == self.sheet
    }

    /// Returns the issue with its position in this window, or `None` if it is outside.
    fn part_of(&self, placed: &PlacedIssue) -> Option<CellIssue> {
        let (sheet, row, column) = if self.of_output {
            let CellPosition { row, column } = placed.output?;
            (placed.output_sheet.as_deref()?, Some(row), Some(column))
        } else {
            (&*placed.sheet, placed.issue.row, placed.issue.column)
        };
        let is_inside = sheet == self.sheet
            && row.or(column).is_some()
            && row.is_none_or(|row| self.rows.contains(&row))
            && column.is_none_or(|column| self.columns.contains(&column));
        is_inside.then(|| CellIssue {
            row,
            column,
            ..placed.issue.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::NamedTempFile;

    use super::*;
    use crate::base::few_cases;

    /// Writes these lines to a list.
    fn list(lines: &str) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, lines).unwrap();
        file
    }

    proptest! {
        #![proptest_config(few_cases())]

        #[test]
        fn pages_follow_each_other_without_gap_or_overlap(
            errors in proptest::collection::vec(any::<bool>(), 0..12),
            most in 1..5_usize,
        ) {
            let line = |(row, is_error): (usize, &bool)| {
                let severity = if *is_error { "error" } else { "info" };
                format!("{{\"sheet\": \"In\", \"severity\": \"{severity}\", \"rule\": \"r\", \"message\": \"m\", \"row\": {row}}}\n")
            };
            let file = list(&errors.iter().enumerate().map(line).collect::<String>());
            let wanted = IssueFilter { severities: vec![Severity::Error], ..IssueFilter::default() };
            let open = || IssueReader::open(file.path()).unwrap();
            let (mut found, mut next) = (Vec::new(), Some(0));
            while let Some(from) = next {
                let mut list = open();
                list.go_to(from).unwrap();
                let page = list.page(&wanted, most).unwrap();
                prop_assert!(page.issues.len() == most || page.next.is_none());
                prop_assert!(from == 0 || !page.issues.is_empty());
                found.extend(page.issues.iter().map(|issue| issue.row.unwrap() as usize));
                next = page.next;
            }
            let all: Vec<usize> = (0..errors.len()).filter(|row| errors[*row]).collect();
            let counts = open().counts(&wanted).unwrap();
            prop_assert_eq!((counts.error, counts.listed), (all.len() as u64, errors.len() as u64));
            prop_assert_eq!((counts.warning, counts.info), (0, 0));
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn a_page_of_long_values_ends_early() {
        let value = "x".repeat(900 << 10);
        let line = format!(
            "{{\"sheet\": \"In\", \"severity\": \"error\", \"rule\": \"r\", \"message\": \"m\", \"value\": \"{value}\"}}\n"
        );
        let file = list(&line.repeat(9));
        let mut list = IssueReader::open(file.path()).unwrap();
        let page = list.page(&IssueFilter::default(), 1000).unwrap();
        assert_eq!(page.issues.len(), 5);
        list.go_to(page.next.unwrap()).unwrap();
        let rest = list.page(&IssueFilter::default(), 1000).unwrap();
        assert_eq!((rest.issues.len(), rest.next), (4, None));
    }

    #[test]
    fn a_window_has_the_issues_of_its_cells_rows_and_columns() {
        let file = list(
            r#"{"sheet": "In", "severity": "error", "message": "m", "rule": "sheet"}
{"sheet": "In", "severity": "error", "message": "m", "rule": "column", "column": "AB"}
{"sheet": "In", "severity": "error", "message": "m", "rule": "far column", "column": "B"}
{"sheet": "In", "severity": "error", "message": "m", "rule": "row", "row": 5}
{"sheet": "In", "severity": "error", "message": "m", "rule": "cell", "row": 5, "column": "AB", "cell": "AB5", "output_sheet": "Out", "output": "C3"}
{"sheet": "In", "severity": "error", "message": "m", "rule": "next row", "row": 6, "column": "AC", "cell": "AC6"}
{"sheet": "In", "severity": "error", "message": "m", "rule": "far row", "row": 50, "column": "AB", "cell": "AB50", "output_sheet": "Out", "output": "C4"}
{"sheet": "Other", "severity": "error", "message": "m", "rule": "elsewhere", "row": 5, "column": "AB", "cell": "AB5"}
"#,
        );
        for (sheet, of_output, rows, columns, wanted) in [
            (
                "In",
                false,
                1..=9,
                20..=30,
                "column None Some(28), row Some(5) None, cell Some(5) Some(28), next row Some(6) Some(29)",
            ),
            ("Out", true, 1..=3, 1..=3, "cell Some(3) Some(3)"),
            ("In", true, 1..=9, 1..=9, ""),
        ] {
            let window = IssueWindow {
                sheet,
                of_output,
                rows,
                columns,
            };
            let open = || IssueReader::open(file.path()).unwrap();
            let found = open().within(&window).unwrap();
            let placed = open().placed().unwrap();
            let kept = window.among(placed.iter().map(Ok::<_, ListError>));
            assert_eq!(kept.unwrap(), found);
            let told = found
                .0
                .iter()
                .map(|issue| format!("{} {:?} {:?}", issue.rule, issue.row, issue.column));
            assert_eq!(
                (told.collect::<Vec<_>>().join(", "), found.1),
                (wanted.to_owned(), 0)
            );
        }
    }
}
