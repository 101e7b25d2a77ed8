//! The template's configuration on workbooks from real life, if this machine has them.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

use crate::common;

use std::path::Path;

use common::trials::{Missing, Tried, trials};
use common::{Place, Printed, Told, snapshot};

trials!(every_sample_becomes_a_workbook_with_its_people_found);

fn every_sample_becomes_a_workbook_with_its_people_found() -> Tried {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(std::env::var("ADE_SAMPLES").unwrap_or_else(|_| "../shared/samples".to_owned()));
    if !samples.is_dir() {
        let folder = samples.display();
        return Err(Missing(format!("there are no samples at {folder}")));
    }
    let place = Place::new();
    place.ade("init roster -q").success();
    place.warm("roster");
    let runs = place
        .ade_with([
            "run".as_ref(),
            "roster".as_ref(),
            samples.as_os_str(),
            "--json".as_ref(),
            "--jobs".as_ref(),
            "1".as_ref(),
        ])
        .success();
    let mut found = Vec::new();
    for run in runs.records() {
        assert_eq!(run["status"], "succeeded");
        let cells = place.cells(run["output_path"].text());
        let rows: usize = cells
            .as_object()
            .unwrap()
            .iter()
            // The list of issues has no rows of the sample.
            .filter(|(sheet, _)| *sheet != "Issues")
            .map(|(_, rows)| rows.list().len())
            .sum();
        let folder = run["run_dir"].text();
        let artifact = place.artifact(folder);
        assert!(artifact.is_object());
        let events = place.read(format!("{folder}/logs/events.ndjson"));
        assert!(events.lines().last().unwrap().contains("run.complete"));
        found.push(format!(
            "{} {} written rows {rows}",
            run["input"]["name"].text(),
            run["metrics"]
        ));
    }
    snapshot!(place, found.join("\n"), @r#"
    S01_clean_roster_alias_headers.xlsx {"sheets":1,"tables":1,"rows":110,"columns":11,"mapped_fields":7,"unmapped_columns":4,"issues":0,"errors":0,"warnings":0,"infos":0,"expected_fields":9,"missing_fields":["hours","pay"]} written rows 111
    S02_two_tables_vertical_same_sheet.xlsx {"sheets":1,"tables":3,"rows":58,"columns":16,"mapped_fields":5,"unmapped_columns":6,"issues":1,"errors":1,"warnings":0,"infos":0,"expected_fields":9,"missing_fields":["member_id","phone","employer","start_date"]} written rows 63
    S03_preamble_stacked_headers.xlsx {"sheets":1,"tables":1,"rows":72,"columns":7,"mapped_fields":5,"unmapped_columns":2,"issues":0,"errors":0,"warnings":0,"infos":0,"expected_fields":9,"missing_fields":["member_id","phone","employer","start_date"]} written rows 73
    S04_offset_wide_mapping_pressure.xlsx {"sheets":1,"tables":1,"rows":150,"columns":36,"mapped_fields":8,"unmapped_columns":28,"issues":2,"errors":0,"warnings":2,"infos":0,"expected_fields":9,"missing_fields":["phone"]} written rows 151
    S07_contacts_export_quirks.csv {"sheets":1,"tables":1,"rows":154,"columns":7,"mapped_fields":4,"unmapped_columns":3,"issues":0,"errors":0,"warnings":0,"infos":0,"expected_fields":9,"missing_fields":["member_id","phone","start_date","hours","pay"]} written rows 151
    "#);
    Ok(())
}
