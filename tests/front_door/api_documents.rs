//! Documents over the API: stored once, whole or not at all.

use crate::common;

use common::api::{FORM, Part, Server, form};
use common::{Answer, Place, Told};
use serde_json::json;

const DOCUMENTS: &str = "workspaces/default/documents";

/// The files below the folder of documents.
fn kept(place: &Place) -> Vec<String> {
    place.files_below("data/workspaces/default/documents")
}

/// Sends a document as the body itself.
fn store(server: &Server, name: &str, bytes: &[u8]) -> Answer {
    let path = format!("{DOCUMENTS}?name={name}");
    server.put("POST", &path, "application/octet-stream", bytes)
}

#[test]
fn a_document_is_stored_once_and_comes_back_as_it_was() {
    let place = Place::new();
    let server = Server::of(&place);
    let bytes = b"Name,Email\nAnn,ann@example.org\n";
    let first = server
        .form(DOCUMENTS, &[("file", Some("members.csv"), bytes)])
        .is(201);
    let document = first.json();
    let id = first.id();
    assert_eq!(
        first.header("location").unwrap(),
        format!("/api/v1/documents/{id}")
    );
    assert_eq!(document["name"], "members.csv");
    assert_eq!(document["size_bytes"], bytes.len());
    assert_eq!(document["sha256"].text().len(), 64);

    // The same bytes under the same name, as the body itself: the same document.
    let again = store(&server, "members.csv", bytes).is(200);
    assert_eq!(again.id(), id);
    // Under another name: another one.
    let other = store(&server, "others.csv", bytes).is(201);
    assert_ne!(other.id(), id);
    assert_eq!(kept(&place).len(), 2);

    assert_eq!(server.read(&format!("documents/{id}")), document);
    let download = server.get(&format!("documents/{id}/download")).is(200);
    assert_eq!(download.body, bytes);
    let path = format!("documents/{id}/download");
    let part = server.send("GET", &path, &[("range", "bytes=5-9")], b"");
    assert_eq!(part.is(206).body, b"Email");
}

#[test]
fn a_body_that_ends_early_leaves_nothing() {
    let place = Place::new();
    let server = Server::of(&place);
    let path = format!("{DOCUMENTS}?name=a.csv");
    server.break_off(&path, "text/csv", 1_000_000, &[b'a'; 100_000]);
    // A form whose last boundary never comes, though the body is as long as it says.
    let half = form(&[("file", Some("a.csv"), b"a\n1\n")], false);
    server.break_off(DOCUMENTS, FORM, half.len() + 100, &half);
    server
        .put("POST", DOCUMENTS, FORM, &half)
        .refuses(400, "bad_request");
    // The server is asked after it noticed: what it drops, it drops before it answers on the same thread, or soon after.
    common::wait_for("the files of broken uploads to be gone", || {
        kept(&place).is_empty()
    });
    let page = server.read(DOCUMENTS);
    assert_eq!(page["items"], json!([]));
}

#[test]
fn what_cannot_be_a_document_is_refused() {
    let place = Place::new();
    let server = Server::with(&place, &[("ADE_API_UPLOAD_LIMIT_MB", "1")]);
    let as_kind = |kind: &str, body: &[u8]| {
        let path = format!("{DOCUMENTS}?name=a.csv");
        server.put("POST", &path, kind, body)
    };
    let raw = |name: &str, body: &[u8]| store(&server, name, body);

    // By its own words, and as it comes: a form's frame is counted apart, so that the limit is met on the way.
    let too_long = vec![b'a'; 2 * 1024 * 1024];
    raw("a.csv", &too_long).refuses(413, "too_large");
    let just = vec![b'a'; 1024 * 1024 + 1];
    server
        .form(DOCUMENTS, &[("file", Some("a.csv"), &just)])
        .refuses(413, "too_large");
    raw("fits.csv", &just[1..]).is(201);

    let problem = raw("a.pdf", b"%PDF").refuses(415, "unsupported_format");
    assert_eq!(problem["errors"][0]["field"], "name");
    for name in ["..%2Fa.csv", "a%2Fb.csv", ".a.csv", "a%0Ab.csv", ""] {
        let problem = raw(name, b"a").refuses(422, "bad_name");
        assert_eq!(problem["errors"][0]["field"], "name", "{name}");
    }
    let long = format!("{}.csv", "a".repeat(250));
    raw(&long, b"a").refuses(422, "bad_name");
    raw("a.csv", b"").refuses(400, "bad_request");
    let unnamed = server.put("POST", DOCUMENTS, "text/csv", b"a");
    unnamed.refuses_field("name");
    // A form in which its boundary never comes: refused long before the limit, and kept nowhere.
    let endless = vec![b'a'; 512 * 1024];
    let problem = as_kind(FORM, &endless).refuses(400, "bad_request");
    assert!(problem.to_string().contains("boundary"), "{problem}");
    for kind in [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/mixed",
        "multipart/form-data",
    ] {
        as_kind(kind, b"{}").refuses(415, "unsupported_media_type");
    }
    let file: Part = ("file", Some("a.csv"), b"a");
    let (note, more): (Part, Part) = (("note", None, b"x"), ("more", Some("b.csv"), b"b"));
    server.form(DOCUMENTS, &[note, file]).refuses_field("note");
    server.form(DOCUMENTS, &[file, more]).refuses_field("more");
    server.form(DOCUMENTS, &[]).refuses(422, "invalid_field");
    let elsewhere = "workspaces/other/documents?name=a.csv";
    let answer = server.put("POST", elsewhere, "text/csv", b"a");
    answer.refuses(404, "not_found");
    for path in ["documents/0199", "documents/0199/download"] {
        server.refuses(path, 404, "not_found");
    }

    common::wait_for("nothing to be left but the one that fits", || {
        kept(&place).len() == 1
    });
}

#[test]
fn a_token_stores_and_sees_what_it_is_for() {
    use ade::store::Scope;
    let place = Place::new();
    let mut server = Server::of(&place);
    let answer = store(&server, "a.csv", b"a\n1\n").is(201);
    let path = format!("documents/{}", answer.id());
    server.use_token(server.token(Scope::Read, None));
    server.get(&path).is(200);
    store(&server, "b.csv", b"a\n1\n").refuses(403, "forbidden");
    server.use_token(server.token(Scope::Admin, Some(&["elsewhere"])));
    server.refuses(&path, 404, "not_found");
    server.refuses(DOCUMENTS, 404, "not_found");
    server.use_token("ade_wrong".to_owned());
    server.refuses(&path, 401, "unauthorized");
    // Also a client that is still sending gets the answer, not a connection that was reset.
    let large = vec![b'a'; 20 * 1024 * 1024];
    store(&server, "c.csv", &large).refuses(401, "unauthorized");
}

#[test]
fn documents_are_found_by_their_bytes_so_that_they_need_not_be_sent_again() {
    let place = Place::new();
    let mut server = Server::of(&place);
    let one = store(&server, "a.csv", b"a\n1\n").is(201);
    let other = store(&server, "b.csv", b"a\n1\n").is(201);
    let last = store(&server, "c.csv", b"a\n2\n").is(201);
    let digest = one.json()["sha256"].string();
    let found = |query: &str| -> Vec<String> {
        let page = server.read(&format!("documents?{query}"));
        page["items"].texts("id")
    };
    let both = [other.id(), one.id()];
    assert_eq!(found(&format!("sha256={digest}")), both);
    let query = format!("sha256={}&workspace=default", digest.to_uppercase());
    assert_eq!(found(&query), both);
    // Newest first, page by page, as the list of a workspace is.
    for list in [
        format!("documents?sha256={digest}&"),
        format!("{DOCUMENTS}?"),
    ] {
        let first = server.read(&format!("{list}limit=1"));
        let next = first["next_cursor"].text();
        let second = server.read(&format!("{list}limit=1&cursor={next}"));
        let ids = [&first, &second].map(|page| page["items"][0]["id"].clone());
        let newest = if list.contains("sha256") {
            both.clone()
        } else {
            [last.id(), other.id()]
        };
        assert_eq!(ids, newest, "{list}");
        server.refuses_field(&format!("{list}limit=0"), "limit");
        let astray = server.get(&format!("{list}cursor=x"));
        astray.refuses_field("cursor");
    }
    assert_eq!(found(&format!("sha256={}", "0".repeat(64))).len(), 0);
    assert_eq!(found("limit=10").len(), 3);
    for wrong in ["x", "", &"g".repeat(64), &digest[1..]] {
        let path = format!("documents?sha256={wrong}");
        server.refuses_field(&path, "sha256");
    }
    let unknown = server.get("documents?workspace=other");
    unknown.refuses(404, "not_found");
    server.use_token(server.token(ade::store::Scope::Admin, Some(&["elsewhere"])));
    let path = format!("documents?sha256={digest}");
    server.refuses(&path, 404, "not_found");
}

#[test]
fn the_sheets_of_a_document_are_known_before_a_run() {
    let place = Place::new();
    let server = Server::of(&place);
    let sheets = |name: &str, bytes: &[u8]| {
        let id = store(&server, name, bytes).is(201).id();
        server.get(&format!("documents/{id}/sheets"))
    };
    let book = common::workbook(&[
        ("North", &[&["Name", "Email"], &["Ann", "ann@example.org"]]),
        ("South", &[&["Name"]]),
    ]);
    let listed = sheets("book.xlsx", &book).is(200).json();
    let listed = listed["sheets"].list();
    assert_eq!(listed.len(), 2);
    let first = json!({"name": "North", "index": 0, "state": "visible", "rows": 2, "columns": 2});
    common::has(&listed[0], first);
    common::has(
        &listed[1],
        json!({"name": "South", "rows": 1, "columns": 1}),
    );
    let csv = sheets("members.csv", b"Name,Email,Phone\n").is(200).json();
    common::has(&csv["sheets"][0], json!({"name": "members", "columns": 3}));
    sheets("broken.xlsx", b"no workbook").refuses(422, "workbook_unreadable");
    server.refuses("documents/0199/sheets", 404, "not_found");
}

#[test]
fn a_deleted_document_is_gone_and_its_record_stays() {
    let place = Place::cold();
    let configuration = place.configuration_id("config");
    let mut server = Server::of(&place);
    let bytes = place.read("members.csv");
    let id = store(&server, "members.csv", bytes.as_bytes()).is(201).id();
    let path = format!("documents/{id}");
    let delete = |server: &Server| server.bare("DELETE", &path);
    let runs = format!("configs/{configuration}/runs");
    let run = server.post(&runs, &json!({"document_id": id})).is(201).id();
    delete(&server).refuses(409, "document_in_use");
    let admin = server.token(ade::store::Scope::Admin, None);
    server.use_token(server.token(ade::store::Scope::Run, None));
    delete(&server).refuses(403, "forbidden");
    server
        .post(&format!("runs/{run}/cancel"), &json!({}))
        .is(200);
    server.use_token(admin);
    assert_eq!(server.read(&path)["deleted_at"], json!(null));
    delete(&server).is(204);
    delete(&server).is(204);
    assert_eq!(kept(&place), Vec::<String>::new());

    let shown = server.read(&path);
    assert!(shown["deleted_at"].is_string(), "{shown}");
    for route in ["download", "sheets"] {
        let answer = server.get(&format!("{path}/{route}"));
        answer.refuses(410, "document_deleted");
    }
    let again = server.post(&runs, &json!({"document_id": id}));
    again.refuses(410, "document_deleted");
    let jobs = server.post(
        "jobs",
        &json!({"document_id": id, "config_id": configuration}),
    );
    jobs.refuses(410, "document_deleted");
    for list in [DOCUMENTS.to_owned(), "documents".to_owned()] {
        assert_eq!(server.read(&list)["items"], json!([]), "{list}");
    }
    assert_eq!(server.read(&format!("runs/{run}"))["document_id"], *id);
    // The same file is another document now, and as good as any.
    let stored = store(&server, "members.csv", bytes.as_bytes()).is(201);
    assert_ne!(stored.id(), id);
    server
        .post(&runs, &json!({"document_id": stored.id()}))
        .is(201);
    server
        .bare("DELETE", "documents/0199")
        .refuses(404, "not_found");
}
