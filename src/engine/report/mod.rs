//! Parses the engine's report on a run, once for everything that records, shows or compares it.
//!
//! Two events contribute: `engine.run.completed`, the closing report of the contract ([`ClosingReport`]), and `engine.run.noticed`
//! before it ([`RunNotices`]). They are stored as one document: the closing report with the lists of the other event in it.
//!
//! # Promises
//! Any engine may send these events, and the configuration's code may write them, so nothing relies on their shape. Malformed
//! parts are left out, and the stored form of [`RunNotices`] has only the keys that are known here.

mod noticed;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

pub use ade_engine_native::account::completed::{
    ClosingReport, ColumnFound, FieldFound, RunFinding, SheetFound, TableFound, WorkbookFound,
};
pub use ade_engine_native::account::issues::{IssueTotals, RuleCount};
pub use ade_engine_native::account::row_counts::RowCounts;
pub use ade_engine_native::account::tables::{
    ColumnValueProfile, DetectorScore, ExplainedColumn, ExplainedField, ExplainedTable, HeaderRows,
    Hook, NearestField, OutputColumn, RunnerUpField, TableOutput, Vote,
};
pub use noticed::{RunNotice, RunNotices};
use noticed::{each, part};

/// The findings of a run, with the reasons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunReport {
    /// The engine's notices, and the reasons for how it read tables.
    pub noticed: RunNotices,
    pub completed: ClosingReport,
}

impl RunReport {
    /// Reads a report from a payload of any shape.
    pub fn parse(payload: &Value) -> Self {
        Self {
            noticed: RunNotices::parse(payload),
            completed: completed(payload),
        }
    }

    /// Reads a stored report; returns an empty one if the text is not JSON.
    pub fn recorded(text: &str) -> Self {
        let payload: Value = serde_json::from_str(text).unwrap_or_default();
        Self::parse(&payload)
    }

    /// Reads a stored report without its workbooks and tables, which are most of it.
    pub fn head(text: &str) -> Self {
        #[derive(Default, Deserialize)]
        struct Head {
            #[serde(rename = "workbooks", default)]
            _workbooks: IgnoredAny,
            #[serde(rename = "tables", default)]
            _tables: IgnoredAny,
            #[serde(flatten)]
            rest: Map<String, Value>,
        }

        let head: Head = serde_json::from_str(text).unwrap_or_default();
        Self::parse(&Value::Object(head.rest))
    }

    /// Returns the row counts of the run, or `None` if the engine did not report them.
    pub fn rows(&self) -> Option<RowCounts> {
        let list = self.noticed.issue_list.as_ref();
        let quarantined = list.map_or(0, |list| list.rows_quarantined);
        let completed = &self.completed;
        let evaluated = completed.validation.rows_evaluated?;
        let read = completed.counts.rows.total?;
        Some(RowCounts::new(read, evaluated, quarantined))
    }

    /// Returns how many rows of a table were read and written, or `None` if the closing report does not list it as a separate
    /// table: it reports merged tables as one.
    pub fn rows_of(&self, table: &ExplainedTable) -> Option<RowCounts> {
        let mut sheets = self.completed.sheets();
        let sheet = sheets.find(|sheet| sheet.name() == table.sheet)?;
        let same = |candidate: &&TableFound| {
            let place = candidate.region();
            place.is_some() && place == table.region.as_deref() && candidate.index() == table.table
        };
        RowCounts::from_table(sheet.tables.iter().find(same)?)
    }
}

/// Reads the parts of the closing report that ADE uses.
pub fn completed(payload: &Value) -> ClosingReport {
    ClosingReport {
        evaluation: part(payload, "evaluation"),
        validation: part(payload, "validation"),
        counts: part(payload, "counts"),
        fields: each(payload, "fields"),
        workbooks: each(payload, "workbooks"),
        ..ClosingReport::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_that_are_missing_were_dropped_or_quarantined_and_new_ones_were_added() {
        for (read, evaluated, quarantined, wanted) in [
            // Written, quarantined, dropped, added.
            (154, 150, 0, [150, 0, 4, 0]),
            (2, 3, 0, [3, 0, 0, 1]),
            (2, 2, 0, [2, 0, 0, 0]),
            (9, 8, 3, [5, 3, 1, 0]),
            (9, 8, u64::MAX, [0, 8, 1, 0]),
        ] {
            let text = format!(
                r#"{{"counts": {{"rows": {{"total": {read}}}}}, "validation": {{"rows_evaluated": {evaluated}}},
                    "issue_list": {{"schema_version": 1, "count": 0, "unlisted": 0, "rows_with_errors": 0,
                        "rows_quarantined": {quarantined}, "by_severity": {{"error": 0, "warning": 0, "info": 0}}}}}}"#
            );
            let rows = RunReport::parse(&payload(&text)).rows().unwrap();
            assert_eq!(
                [rows.written, rows.quarantined, rows.dropped(), rows.added()],
                wanted
            );
        }
        assert_eq!(RunReport::parse(&payload(r#"{"counts": {}}"#)).rows(), None);
    }

    #[test]
    fn a_head_is_the_report_without_workbooks_and_tables() {
        let text = r#"{"counts": {"rows": {"total": 3}}, "workbooks": [{"sheets": [{}]}], "tables": [{}], "notices": [{"code": "a", "message": "b"}]}"#;
        let head = RunReport::head(text);
        assert_eq!(head.completed.counts.rows.total, Some(3));
        assert_eq!(
            (head.noticed.notices.len(), head.noticed.tables.len()),
            (1, 0)
        );
        assert_eq!(head.completed.sheets().count(), 0);
        assert_eq!(
            RunReport::parse(&payload(text)).completed.sheets().count(),
            1
        );
        assert_eq!(RunReport::head("[1]"), RunReport::default());
    }
}
