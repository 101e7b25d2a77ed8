//! Configurations that are mended by a file, over the API: headers that a run lacked, and a draft of samples.

use crate::common;

use common::api::Server;
use common::{Place, Told, has, wait_for};
use serde_json::{Value, json};

const FIELDS: &str = "src/ade_config/columns/fields.py";
const CONFIGS: &str = "workspaces/default/configs";

/// What is answered once a worker has built the environment.
fn ready(server: &Server, path: &str, body: &Value) -> Value {
    let sent = body.to_string();
    let headers = [("content-type", "application/json"), ("if-match", "*")];
    let mut told = Value::Null;
    wait_for("the environment", || {
        let answer = server.send("POST", path, &headers, sent.as_bytes());
        let waits = answer.status == 409 && answer.json()["code"] == "environment_not_ready";
        if !waits {
            told = answer.is(200).json();
        }
        !waits
    });
    told
}

fn fields(server: &Server, id: &str) -> String {
    let path = format!("configs/{id}/files/{FIELDS}");
    server.get(&path).is(200).text()
}

#[test]
fn headers_of_a_runs_file_are_written_into_a_copy_of_a_folder_that_is_kept() {
    let roster = "Surname,Given name,Std.,Farbe\nKing,Ann,30.5,blau\nLee,Bob,31,rot\n";
    let place = Place::crew("april.csv", roster);
    let mut server = Server::of(&place);
    let worker = place.start("worker");
    let folder = server.read(CONFIGS)["items"][0]["id"].clone();
    let run = server.read("runs")["items"][0]["id"].clone();
    let new = json!({"name": "crew draft", "copy_of": folder});
    let copy = server.post(CONFIGS, &new).is(201).id();
    let before = fields(&server, &copy);
    assert_eq!(before, place.read(format!("crew/{FIELDS}")));

    let path = format!("configs/{copy}/fix");
    let told = ready(&server, &path, &json!({"run_id": run}));
    let hours = told["suggestions"].with("field", "hours");
    has(
        hours,
        json!({"header": "Std.", "reason": "\"hours\" and \"Std.\" both mean \"hours\""}),
    );
    has(&told, json!({"edits": [], "pastes": [], "written": false}));
    let mut accepted = json!({"run_id": run, "accept": [{"field": "hours", "header": "std."}]});
    let shown = server.post(&path, &accepted).is(200).json();
    assert_eq!(shown["edits"][0]["path"], FIELDS);
    let diff = shown["edits"][0]["diff"].text();
    assert!(diff.contains("\"hours worked\", \"Std.\"]"), "{diff}");
    assert_eq!(fields(&server, &copy), before, "it is shown first");
    accepted["write"] = json!(true);
    has(
        &server.post(&path, &accepted).is(200).json(),
        json!({"written": true}),
    );
    let after = before.replace("\"hours worked\"]", "\"hours worked\", \"Std.\"]");
    assert_eq!(fields(&server, &copy), after);
    let hours = |told: &Value| told["fields"].list().contains(&json!("hours"));
    let again = server.post(&path, &json!({"run_id": run})).is(200).json();
    assert!(hours(&told) && !hours(&again), "{again}");

    // A server writes nothing into a folder.
    let of_folder = format!("configs/{}/fix", folder.text());
    server
        .post(&of_folder, &accepted)
        .refuses(409, "not_uploaded");
    let unknown = json!({"run_id": run, "accept": [{"field": "hours", "header": "Farbe"}]});
    server.post(&path, &unknown).refuses_field("accept");
    server.post(&path, &json!({})).refuses_field("run_id");
    let both = json!({"name": "x", "template": "default", "copy_of": folder});
    server.post(CONFIGS, &both).refuses_field("copy_of");
    server.use_token(server.token(ade::store::Scope::Run, None));
    server.post(&path, &accepted).refuses(403, "forbidden");
    worker.stops();
}

#[test]
fn samples_make_a_draft_whose_questions_are_answered() {
    let place = Place::ready();
    let server = Server::of(&place);
    let worker = place.start("worker");
    let upload = |name: &str, headers: &str| {
        let rows: String = (0..30)
            .map(|n| format!("D-{n:03},{}.5,2025-03-{:02}\n", 100 + n, 1 + n % 28))
            .collect();
        server.document(name, format!("{headers}\n{rows}"))
    };
    let one = upload("north-march.csv", "Delivery no,Cost,Delivery date");
    let other = upload("south-march.csv", "Delivery no,Freight,Delivery date");
    let new = json!({"name": "Deliveries of 2025"});
    let id = server.post(CONFIGS, &new).is(201).id();
    let path = format!("configs/{id}/infer");
    let mut samples = json!({"document_ids": [one, other]});
    let told = ready(&server, &path, &samples);
    let names = |told: &Value| {
        let all = told["fields"].list().iter();
        let names = all.map(|one| one["name"].string());
        names.collect::<Vec<_>>()
    };
    let asked = told["questions"].list().iter();
    let same = asked.clone().find(|one| one["kind"] == "same");
    let same = same.unwrap_or_else(|| panic!("{told:#}"));
    assert!(same["offers"][0].get("answer").is_none());
    assert_eq!(names(&told).len(), 4, "{told:#}");

    samples["answers"] = json!([{"question": same["id"], "right": [1]}]);
    // What is there is replaced by who says so alone.
    server
        .post(&path, &samples)
        .refuses(428, "precondition_required");
    let answered = ready(&server, &path, &samples);
    assert_eq!(names(&answered).len(), 3, "{answered:#}");
    let check = server.bare("POST", &format!("configs/{id}/check"));
    has(&check.is(200).json(), json!({"loads": true}));
    let files = server.read(&format!("configs/{id}/files"))["items"].clone();
    let all = files.list().iter();
    let cases = all.filter(|one| one["path"].text().ends_with("expected.csv"));
    assert_eq!(cases.count(), 2, "{files:#}");

    let none = json!({"document_ids": []});
    server.post(&path, &none).refuses_field("document_ids");
    let folder = server.read(CONFIGS)["items"].clone();
    let folder = folder.list().iter();
    let mut folder = folder.filter(|one| one["uploaded"] == false);
    let folder = folder.next().unwrap()["id"].text();
    let of_folder = server.post(&format!("configs/{folder}/infer"), &samples);
    of_folder.refuses(409, "not_uploaded");
    worker.stops();
}
