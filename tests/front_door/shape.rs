//! `ade shape`: what would make the tables of a file one record a row.

use crate::common;

use common::{Place, has};
use serde_json::json;

/// A title, a table with months across, and one of orders below it.
const BUDGET: &str = "Budget of the quay,,,,,,\n,,,,,,\nDepartment,Jan,Feb,Mar,Apr,May,Jun\n\
    Sales,120,132,101,134,90,230\nFinance,220,182,191,234,290,330\nLegal,150,232,201,154,190,330\n\
    Yard,320,332,301,334,390,330\nOffice,82,93,90,93,129,133\n";

const ORDERS: &str = "Order,Date,Customer,Quantity,Unit price\n1001,2024-03-01,Lindgren AB,3,12.50\n\
    1002,2024-03-02,Okafor Ltd,1,99.00\n1003,2024-03-02,Meyer KG,12,4.20\n1004,2024-03-05,Rossi SpA,7,15.00\n\
    1005,2024-03-09,Lindgren AB,2,20.00\n";

#[test]
fn a_file_says_what_would_make_its_tables_one_record_a_row() {
    let place = Place::new();
    place.write("budget.csv", BUDGET);
    place.write("orders.csv", ORDERS);
    let shapes = place.json("shape budget.csv --json");
    has(&shapes, json!({"file": "budget.csv", "problems": []}));
    let table = &shapes["tables"][0];
    has(
        table,
        json!({"sheet": "budget", "table": 1, "range": "A3:G8", "header_rows": [3, 3], "rows": 5, "columns": 7}),
    );
    has(
        &table["proposals"][0],
        json!({
            "pipeline": [{"operator": "stack", "stack_start_idx": 1, "stack_end_idx": 6}],
            "apply": true,
            "doubts": [],
            "code": ["df = df.unpivot(df.columns[1:7], index=df.columns[:1] + df.columns[7:])"],
        }),
    );
    place
        .ade("shape budget.csv")
        .succeeds()
        .prints("budget table 1 A3:G8, 5 rows, 7 columns")
        .prints("make rows of the columns from “Jan” to “Jun”")
        .prints("because        6 headers are months: “Jan” to “Jun”")
        .prints("in polars      df = df.unpivot(");
    place
        .ade("shape orders.csv")
        .succeeds()
        .prints("orders table 1 A1:E6, 5 rows, 5 columns")
        .prints("each row is one record");
}

#[test]
fn standard_input_is_one_table_and_its_proposals_are_json() {
    let place = Place::new();
    place.write("orders.csv", ORDERS);
    let ade = env!("CARGO_BIN_EXE_ade");
    let from = |file: &str| {
        place
            .shell(&format!("exec '{ade}' shape - < {file}"))
            .succeeds()
            .json()
    };
    let plain = from("orders.csv");
    has(
        &plain[0],
        json!({"pipeline": [{"operator": "none"}], "apply": false}),
    );
    let empty = from("/dev/null");
    assert_eq!(empty[0]["pipeline"], json!([{"operator": "none"}]));
}

#[test]
fn a_file_that_is_not_there_or_has_no_table_is_told() {
    let place = Place::new();
    place.write("empty.csv", "");
    place.ade_refuses("shape missing.csv", "there is no file missing.csv");
    place.ade_says("shape empty.csv", "empty.csv has no table");
}
