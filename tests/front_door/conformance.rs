//! The conformance cases through `ade run`: the results are those of the engine alone.

use crate::common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, machine, snapshot};

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

#[test]
fn every_case_comes_out_as_it_should() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = Command::new(&machine().reader)
        .args(["-I", "-c", "import json,sys,pathlib\nfor path in sorted(pathlib.Path(sys.argv[1]).glob('*/case.toml')):\n    facts = {key.strip(): json.loads(value) for key, _, value in (line.partition('=') for line in path.read_text(encoding='utf-8').splitlines() if '=' in line)}\n    print(json.dumps({'case': str(path.parent), **facts}))"])
        .arg(root.join("tests/conformance/cases"))
        .output()
        .unwrap();
    let place = Place::new();
    let mut jobs = String::new();
    let mut count = 0;
    for line in String::from_utf8(read.stdout).unwrap().lines() {
        let facts: serde_json::Value = serde_json::from_str(line).unwrap();
        let case = Path::new(facts["case"].as_str().unwrap());
        let config = case.join(facts["config"].as_str().unwrap_or("config"));
        let input = case.join(facts["input"].as_str().unwrap());
        let mut arguments = vec![
            "run".to_owned(),
            config.to_str().unwrap().to_owned(),
            input.to_str().unwrap().to_owned(),
            "--json".to_owned(),
            "-q".to_owned(),
        ];
        arguments.extend(
            facts["args"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|argument| argument.as_str().unwrap().to_owned()),
        );
        let outcome = place.ade_with(&arguments);
        count += 1;
        if outcome.status == 2 {
            // `ade` refuses the input before a run is recorded; in the case the engine refuses it.
            assert_eq!(facts["expect"], "failure", "{}: {outcome}", case.display());
            let code = outcome.error()["code"].clone();
            let known = [
                "unsupported_format",
                "input_not_found",
                "configuration_not_found",
                "not_a_configuration",
            ];
            assert!(known.iter().any(|known| code == *known), "{outcome}");
            continue;
        }
        assert!(
            [0, 1].contains(&outcome.status),
            "{}: {outcome}",
            case.display()
        );
        let run = &outcome.records()[0];
        let job = serde_json::json!({
            "case": case, "status": run["status"], "error": run["error"], "output_path": run["output_path"],
            "events": format!("{}/logs/events.ndjson", run["run_dir"].as_str().unwrap()),
        });
        jobs.push_str(&format!("{job}\n"));
    }
    assert!(count >= 38, "{count} cases");
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
