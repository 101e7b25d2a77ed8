//! What is said of several runs over the API: files that were dropped together, and a run beside an earlier one.

use crate::common;

use std::io::{Cursor, Read};

use common::api::Server;
use common::{Place, Told, has};
use serde_json::{Value, json};
use zip::ZipArchive;

const WHOLE: &str =
    "Surname,First name,E-mail,Start date,Hours\nLee,Ann,ann@example.org,2024-01-03,12\n";
/// An address that is none, and no hours.
const LACKS: &str = "Surname,First name,E-mail,Start date\nRay,Bob,bob at example,2024-02-03\nMoss,Cy,nobody,2024-02-03\n";

/// Sends a file, and queues its run with the label of a batch.
fn queue(server: &Server, config: &str, name: &str, content: &str) -> Value {
    let document = server.document(name, content);
    let body = json!({"document_id": document, "labels": {"batch": "march/1"}});
    server
        .post(&format!("configs/{config}/runs"), &body)
        .is(201)
        .json()
}

/// The names in an archive, and the text of its last file.
fn archived(server: &Server, path: &str) -> (Vec<String>, String) {
    let answer = server.get(path).is(200);
    assert!(
        answer
            .header("content-disposition")
            .unwrap()
            .contains("batch-march-1")
    );
    let mut zip = ZipArchive::new(Cursor::new(answer.body)).unwrap();
    let mut names = Vec::new();
    let mut last = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        names.push(file.name().unwrap().to_string());
        last.clear();
        file.read_to_end(&mut last).unwrap();
    }
    (names, String::from_utf8_lossy(&last).into_owned())
}

#[test]
fn files_that_were_dropped_together_are_one_and_a_run_is_compared_with_an_earlier_one() {
    let place = Place::crew("crew-02.csv", WHOLE);
    let server = Server::of(&place);
    let config = place.latest_run()["configuration_id"].string();
    let batch = "workspaces/default/batches/batch:march%2F1";
    server.get(batch).refuses(404, "not_found");
    server
        .get("workspaces/default/batches/march")
        .refuses_field("label");

    // What became no run is told with what did, whoever looks; first of all it alone.
    let left_out = format!("{batch}/left-out");
    let files = |name: &str, why: &str| json!({"files": [{"name": name, "why": why}]});
    let told = |name: &str, why: &str| server.post(&left_out, &files(name, why)).is(204);
    told("torn.xlsx", "too large");
    has(&server.read(batch), json!({"runs": 0}));
    told("minutes.docx", "unsupported_format: save it");
    told("torn.xlsx", "input_unreadable: no workbook");
    for wrong in [json!({"files": []}), files("", "x"), files("x", "")] {
        server.post(&left_out, &wrong).refuses_field("files");
    }

    let run = queue(&server, &config, "crew-03.csv", LACKS);
    queue(&server, &config, "other.csv", WHOLE);
    let broken = queue(&server, &config, "broken.xlsx", "no workbook");
    server
        .get(&format!("{batch}/archive"))
        .refuses(409, "output_not_ready");
    place.ade("worker --drain -q").succeeds();

    let told = server.read(batch);
    has(
        &told,
        json!({"label": "batch:march/1", "runs": 3, "outputs": 2}),
    );
    let both = json!([
        {"name": "minutes.docx", "why": "unsupported_format: save it"},
        {"name": "torn.xlsx", "why": "input_unreadable: no workbook"},
    ]);
    assert_eq!(told["left_out"], both);
    let hours = told["fields_missing"].with("field", "hours");
    assert_eq!(hours["run_ids"], json!([run["id"]]), "{told}");
    assert_eq!(told["issues"][0]["severity"], "error", "{told}");
    assert_eq!(told["issues"][0]["count"], 2, "{told}");
    assert_eq!(told["issues"][0]["run_ids"], json!([run["id"]]), "{told}");

    let (names, left_out) = archived(&server, &format!("{batch}/archive"));
    let beside = |folder: &str| names.iter().filter(|name| name.starts_with(folder)).count();
    assert_eq!((beside("outputs/"), beside("marked/")), (2, 1), "{names:?}");
    assert!(names.contains(&"report.html".to_owned()), "{names:?}");
    for line in [
        "broken.xlsx: its run failed",
        "minutes.docx: unsupported_format: save it",
        "torn.xlsx: input_unreadable: no workbook",
    ] {
        assert!(left_out.contains(line), "{left_out}");
    }
    let (marked, left_out) = archived(&server, &format!("{batch}/archive?only=marked"));
    assert_eq!(marked.len(), 2, "{marked:?}");
    assert!(
        left_out.contains("other.csv: not marked, it has no issues; not found: "),
        "{left_out}"
    );
    let report = server.get(&format!("{batch}/report")).is(200);
    let page = String::from_utf8(report.body).unwrap();
    assert!(page.contains("3 files") && page.contains("crew-03.csv"));
    assert!(page.contains("hours in 1 file") && page.contains("; not found: "));
    // Of a file that was run again the newest run counts, however often, and whichever of its runs was named.
    let again = |id: &str| {
        let answer = server.post(&format!("runs/{id}/again"), &json!({}));
        answer.is(201).json()["id"].string()
    };
    let (of_broken, of_run) = (broken["id"].text(), run["id"].text());
    again(of_broken);
    let second = again(of_broken);
    place.ade("worker --drain -q").succeeds();
    let newest = again(&second);
    place.ade("worker --drain -q").succeeds();
    has(&server.read(batch), json!({"runs": 3, "superseded": 3}));
    let listed = server.read("runs?label=batch:march%2F1&newest=true&counts=true");
    let items = listed["items"].list();
    assert_eq!(items.len(), 3, "{listed}");
    assert_eq!(items[0]["id"], newest, "{listed}");
    has(&listed["counts"], json!({"failed": 1, "succeeded": 2}));
    server.get("runs?newest=true").refuses_field("newest");
    // A file that was run before is compared with that; for its sender the same bytes are no other month.
    let repeated = again(of_run);
    place.ade("worker --drain -q").succeeds();
    let found = server.read(&format!("runs/{repeated}/difference"));
    assert_eq!(found["run_ids"], json!([of_run, repeated]), "{found}");
    let found = server.read(&format!("runs/{repeated}/difference?since=sender"));
    assert_eq!(found["before"], "crew-02.csv", "{found}");

    // The last good run of the sender before it, by the name without its number; or any other.
    let id = run["id"].text();
    let found = server.read(&format!("runs/{id}/difference"));
    has(
        &found,
        json!({"before": "crew-02.csv", "after": "crew-03.csv"}),
    );
    let mapping = found["mapping"].list();
    let lost = json!({"what": "hours", "before": "Hours", "after": ""});
    assert!(mapping.contains(&lost), "{found}");
    let layout = found["layout"].list();
    assert!(layout.iter().any(|one| one["matters"] == true), "{found}");
    let by_name = server.read(&format!("runs/{id}/difference?since={id}&key=last_name"));
    has(
        &by_name["rows"],
        json!({"key": "last_name", "added": 0, "gone": 0, "changed": 0}),
    );
    assert_eq!(by_name["layout"], json!([]));
    server
        .get(&format!("runs/{id}/difference?key=nothing"))
        .refuses(422, "unknown_field");
    let first = place.json("runs show crew-02.csv --json")["id"].clone();
    let first = first.text();
    server
        .get(&format!("runs/{first}/difference"))
        .refuses(404, "run_not_found");

    // The command line finds the same.
    let of_label = |flags: &str| {
        let listed = place.json(&format!("runs ls {flags} --json"));
        listed.list().len()
    };
    assert_eq!(of_label("--label batch:march/1"), 7);
    assert_eq!(of_label("--label batch:march/1 --fields-missing"), 3);
}
