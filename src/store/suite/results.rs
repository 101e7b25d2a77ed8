//! Tests of results of runs, as they are recorded and read.

use serde_json::json;

use super::places::{at, claim, ending, find, ready, running};
use crate::store::{ColumnResult, Ending, FieldResult, RunResults, RunStatus, Store};

/// Returns results of each kind.
pub fn results() -> RunResults {
    let field = |name: &str| FieldResult {
        field: name.to_owned(),
        label: Some(name.to_uppercase()),
        detected: true,
        computed: name == "b",
        best_mapping_score: Some(0.5),
        valid_cells: None,
        occurrences_tables: 1,
        occurrences_columns: 2,
    };
    let column = |index| ColumnResult {
        workbook_index: 0,
        sheet_index: 1,
        table_index: 2,
        column_index: index,
        workbook_name: "a.xlsx".to_owned(),
        sheet_name: "S".to_owned(),
        header_raw: Some("A".to_owned()),
        header_normalized: None,
        non_empty_cells: 3,
        valid_cells: Some(2),
        mapping_status: "mapped".to_owned(),
        mapped_field: Some("b".to_owned()),
        mapping_score: Some(1.0),
        mapping_method: Some("classifier".to_owned()),
        unmapped_reason: None,
    };
    RunResults {
        metrics: vec![
            ("evaluation_outcome", json!("partial")),
            ("sheet_count", json!(1)),
            ("row_count_total", json!(40)),
            ("table_count", json!(null)),
        ],
        fields: vec![field("b"), field("a")],
        columns: vec![column(1), column(0)],
        payload: "{\"counts\":{}}".to_owned(),
    }
}

pub fn what_a_run_found_is_recorded_with_its_end(store: &Store) {
    let environment = ready(store, "d", at(0));
    let mine = claim("w");
    let run = running(store, &environment, &mine, at(1));
    assert!(find(store, &run.id).metrics.is_none());
    assert_eq!(store.run_payload(&run.id).unwrap(), None);
    let ending = Ending {
        results: Some(results()),
        ..ending(RunStatus::Succeeded)
    };
    let lost = store.finish_run(&run.id, &claim("other"), &ending, at(2));
    assert!(!lost.unwrap());
    assert!(store.run_fields(&run.id).unwrap().is_empty());

    assert!(store.finish_run(&run.id, &mine, &ending, at(3)).unwrap());
    let metrics = find(store, &run.id).metrics.unwrap();
    assert_eq!((metrics.sheets, metrics.rows, metrics.tables), (1, 40, 0));
    let fields = store.run_fields(&run.id).unwrap();
    let names: Vec<_> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(names, ["b", "a"], "in the configuration's order");
    let columns = store.run_columns(&run.id).unwrap();
    let places: Vec<_> = columns.iter().map(|column| column.column_index).collect();
    assert_eq!(places, [0, 1], "in the order of the sheet");
    assert_eq!(columns[0].valid_cells, Some(2));
    assert_eq!(store.run_payload(&run.id).unwrap(), Some(results().payload));
    let attempt = store.attempts(&run.id).unwrap().remove(0);
    assert_eq!(
        (attempt.outcome.as_deref(), attempt.peak_memory_bytes),
        (Some("succeeded"), Some(5))
    );
}
