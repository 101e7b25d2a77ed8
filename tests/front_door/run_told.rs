//! What a run tells about itself: names that no sheet or file system takes, places of failures, scores, counts.

use crate::common;

use common::{Place, has};
use serde_json::json;

/// One place for all of it: an environment of its own takes long.
#[test]
fn a_run_tells_about_itself() {
    let place = Place::ready();
    a_file_of_any_name_becomes_a_workbook(&place);
    more_words_show_the_scores(&place);
    merged_tables_count_the_columns_of_the_sender(&place);
    a_program_reads_where_a_configuration_failed(&place);
}

fn a_file_of_any_name_becomes_a_workbook(place: &Place) {
    let long = ["a", "b"].map(|end| format!("{}{end}", "n".repeat(250)));
    let odd = "report[1]";
    let names = [odd].into_iter().chain(long.iter().map(String::as_str));
    let names: Vec<String> = names.map(|stem| format!("{stem}.csv")).collect();
    place.all_members(&names);
    let call = ["run", "config", "-o", "clean"].into_iter();
    place
        .ade_with(call.chain(names.iter().map(String::as_str)))
        .succeeds();
    assert_eq!(
        place.cells(format!("clean/{odd}_normalized.xlsx"))["report_1_"][1][0],
        "Ann"
    );
    // The longest are cut and stay apart.
    let copies = place.files_below("clean");
    assert_eq!(copies.len(), names.len(), "{copies:?}");
    for copy in copies {
        assert!(
            copy.len() <= 255 && copy.ends_with("_normalized.xlsx"),
            "{copy}"
        );
    }
}

fn more_words_show_the_scores(place: &Place) {
    let said = place.ade("-v run config members.csv").succeeds().stderr;
    for words in [
        "row 1 is header: first_row_is_header header 1.00",
        "Column 'Email' looks like email: by_header email 1.00",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    place
        .ade("logs tail latest --level debug")
        .prints("Column 'Email' looks like email: email 1");
}

fn merged_tables_count_the_columns_of_the_sender(place: &Place) {
    let config = place.configuration("config");
    config.write(
        "settings.toml",
        "merge_tables_in_sheet = true\nwrite_diagnostics_columns = true\n",
    );
    place.write(
        "two.csv",
        "Name,Email\nAnn,ann@example.org\nName,Email\nBob,nowhere\n",
    );
    place.ade("run config two.csv").succeeds();
    let run = place.latest_run();
    has(
        &run["metrics"],
        json!({"columns": 2, "unmapped_columns": 0}),
    );
    let shown = place.ade("runs show latest").succeeds().stdout;
    assert!(
        shown.contains("Email") && !shown.contains("(column"),
        "{shown}"
    );
}

fn a_program_reads_where_a_configuration_failed(place: &Place) {
    let config = place.configuration("config");
    config.hook(
        "on_table_mapped",
        "tidy(*, table, **_)",
        "raise ValueError(\"no\")",
    );
    place.ade("run config members.csv").ends_with(1);
    let error = place.json("runs show latest --json")["error"].clone();
    has(
        &error,
        json!({"file": "src/ade_config/hooks/tidy.py", "line": 2, "table": 1, "sheet": "members",
            "callable": "ade_config.hooks.tidy.tidy"}),
    );
    assert!(error.get("column").is_none(), "{error}");
}
