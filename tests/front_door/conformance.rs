//! Some of the conformance cases through `ade run`: the results are those of the engine alone.

use crate::common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, Told, machine, snapshot};

/// The comparison of tests/engine/test_conformance.py, without the runner that it is written for.
const COMPARE: &str = r#"
import json, sys, types
from pathlib import Path
decorate = lambda *_, **__: lambda test: test
sys.modules["pytest"] = types.SimpleNamespace(mark=types.SimpleNamespace(parametrize=decorate))
sys.path.insert(0, sys.argv[1])
import openpyxl
import test_conformance as suite
wrong = []
for line in sys.stdin:
    job = json.loads(line)
    case = Path(job["case"])
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    try:
        assert ("success" if job["status"] == "succeeded" else "failure") == expected["exit"], job["error"]
        output = job["output_path"]
        assert (None if output is None else Path(output).name) == expected["output"], output
        if output is not None:
            book = openpyxl.load_workbook(output)
            assert [sheet.title for sheet in book.worksheets] == [sheet["name"] for sheet in expected["sheets"]]
            for sheet, wanted in zip(book.worksheets, expected["sheets"]):
                suite.compare_sheet(sheet, wanted["rows"])
            for title, styles in expected.get("styles", {}).items():
                for fact, wanted in styles.items():
                    assert suite.STYLES[fact](book[title]) == wanted, f"{title}: {fact}"
        suite.compare(expected["completed"], suite.closing_event(Path(job["events"]).read_text(encoding="utf-8")), "completed")
    except AssertionError as error:
        wrong.append(f"{case.name}: {error}")
print("\n".join(wrong))
"#;

/// What the front door adds to the engine: names of files, a workbook's own styles. All cases are those of
/// tests/engine/test_conformance.py.
const CASES: [(&str, &str); 2] = [
    ("csv-quirks", "stock list.csv"),
    ("output-style", "input.xlsx"),
];

#[test]
fn a_case_comes_out_as_with_the_engine_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = Place::new();
    let mut jobs = String::new();
    for (name, input) in CASES {
        let case = root.join("tests/conformance/cases").join(name);
        let (config, input) = (case.join("config"), case.join(input));
        let (config, input) = (config.to_str().unwrap(), input.to_str().unwrap());
        let outcome = place.ade_with(["run", config, input, "--json", "-q"]);
        let outcome = outcome.succeeds();
        let run = &outcome.records()[0];
        let job = serde_json::json!({
            "case": case, "status": run["status"], "error": run["error"], "output_path": run["output_path"],
            "events": format!("{}/logs/events.ndjson", run["run_dir"].text()),
        });
        jobs.push_str(&format!("{job}\n"));
    }
    fs::write(place.path("jobs"), jobs).unwrap();
    let compared = Command::new(&machine().reader)
        .args(["-I", "-B", "-c", COMPARE])
        .arg(root.join("tests/engine"))
        .stdin(fs::File::open(place.path("jobs")).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{said}");
    snapshot!(place, String::from_utf8(compared.stdout).unwrap().trim(), @"");
}
