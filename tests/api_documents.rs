//! Documents over the API: stored once, whole or not at all.

mod common;

use common::Place;
use common::api::{Answer, FORM, Server, form};
use serde_json::json;

const DOCUMENTS: &str = "workspaces/default/documents";

/// The files below the folder of documents.
fn kept(place: &Place) -> Vec<String> {
    place.files_below("data/workspaces/default/documents")
}

fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
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
    let id = id_of(&first);
    assert_eq!(
        first.header("location").unwrap(),
        format!("/api/v1/documents/{id}")
    );
    assert_eq!(document["name"], "members.csv");
    assert_eq!(document["size_bytes"], bytes.len());
    assert_eq!(document["sha256"].as_str().unwrap().len(), 64);

    // The same bytes under the same name, as the body itself: the same document.
    let again = server
        .upload(
            "POST",
            &format!("{DOCUMENTS}?name=members.csv"),
            "text/csv",
            bytes,
        )
        .is(200);
    assert_eq!(id_of(&again), id);
    // Under another name: another one.
    let other = server
        .upload(
            "POST",
            &format!("{DOCUMENTS}?name=others.csv"),
            "application/octet-stream",
            bytes,
        )
        .is(201);
    assert_ne!(id_of(&other), id);
    assert_eq!(kept(&place).len(), 2);

    assert_eq!(
        server.get(&format!("documents/{id}")).is(200).json(),
        document
    );
    let download = server.get(&format!("documents/{id}/download")).is(200);
    assert_eq!(download.body, bytes);
    let tag = download.header("etag").unwrap().to_owned();
    let path = format!("documents/{id}/download");
    server
        .send("GET", &path, &[("if-none-match", &tag)], b"")
        .is(304);
    let part = server
        .send("GET", &path, &[("range", "bytes=5-9")], b"")
        .is(206);
    assert_eq!(part.body, b"Email");
    server
        .send("GET", &path, &[("range", "bytes=500-")], b"")
        .refuses(416, "bad_request");
}

#[test]
fn documents_are_listed_newest_first_page_by_page() {
    let place = Place::new();
    let server = Server::of(&place);
    for number in 0..5 {
        let path = format!("{DOCUMENTS}?name={number}.csv");
        server.upload("POST", &path, "text/csv", b"a\n1\n").is(201);
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server
            .get(&format!("{DOCUMENTS}?limit=2{cursor}"))
            .is(200)
            .json();
        for item in page["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["4.csv", "3.csv", "2.csv", "1.csv", "0.csv"]);
    let problem = server
        .get(&format!("{DOCUMENTS}?limit=0"))
        .refuses(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "limit");
    let problem = server
        .get(&format!("{DOCUMENTS}?cursor=x"))
        .refuses(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "cursor");
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
        .upload("POST", DOCUMENTS, FORM, &half)
        .refuses(400, "bad_request");
    // The server is asked after it noticed: what it drops, it drops before it answers on the same thread, or soon after.
    common::wait_for("the files of broken uploads to be gone", || {
        kept(&place).is_empty()
    });
    let page = server.get(DOCUMENTS).is(200).json();
    assert_eq!(page["items"], json!([]));
}

#[test]
fn what_cannot_be_a_document_is_refused() {
    let place = Place::new();
    let server = Server::with(&place, &[("ADE_API_UPLOAD_LIMIT_MB", "1")]);
    let named = |name: &str| format!("{DOCUMENTS}?name={name}");
    let raw = |name: &str, body: &[u8]| {
        server.upload("POST", &named(name), "application/octet-stream", body)
    };

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
    let unnamed = server.upload("POST", DOCUMENTS, "text/csv", b"a");
    assert_eq!(
        unnamed.refuses(422, "invalid_field")["errors"][0]["field"],
        "name"
    );
    // A form in which its boundary never comes: refused long before the limit, and kept nowhere.
    let endless = vec![b'a'; 512 * 1024];
    let problem = server
        .upload("POST", DOCUMENTS, FORM, &endless)
        .refuses(400, "bad_request");
    assert!(
        problem["detail"].as_str().unwrap().contains("boundary"),
        "{problem}"
    );
    for kind in [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/mixed",
        "multipart/form-data",
    ] {
        server
            .upload("POST", &named("a.csv"), kind, b"{}")
            .refuses(415, "unsupported_media_type");
    }
    let problem = server
        .form(
            DOCUMENTS,
            &[("note", None, b"x"), ("file", Some("a.csv"), b"a")],
        )
        .refuses(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "note");
    let problem = server
        .form(
            DOCUMENTS,
            &[("file", Some("a.csv"), b"a"), ("more", Some("b.csv"), b"b")],
        )
        .refuses(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "more");
    server.form(DOCUMENTS, &[]).refuses(422, "invalid_field");
    server
        .upload(
            "POST",
            "workspaces/other/documents?name=a.csv",
            "text/csv",
            b"a",
        )
        .refuses(404, "not_found");
    server.get("documents/0199").refuses(404, "not_found");
    server
        .get("documents/0199/download")
        .refuses(404, "not_found");

    common::wait_for("nothing to be left but the one that fits", || {
        kept(&place).len() == 1
    });
}

#[test]
fn a_token_stores_and_sees_what_it_is_for() {
    use ade::store::Scope;
    let place = Place::new();
    let mut server = Server::of(&place);
    let answer = server
        .upload(
            "POST",
            &format!("{DOCUMENTS}?name=a.csv"),
            "text/csv",
            b"a\n1\n",
        )
        .is(201);
    let path = format!("documents/{}", id_of(&answer));
    server.use_token(server.token(Scope::Read, None));
    server.get(&path).is(200);
    server
        .upload(
            "POST",
            &format!("{DOCUMENTS}?name=b.csv"),
            "text/csv",
            b"a\n1\n",
        )
        .refuses(403, "forbidden");
    server.use_token(server.token(Scope::Admin, Some(&["elsewhere"])));
    server.get(&path).refuses(404, "not_found");
    server.get(DOCUMENTS).refuses(404, "not_found");
    server.use_token("ade_wrong".to_owned());
    server.get(&path).refuses(401, "unauthorized");
    // Also a client that is still sending gets the answer, not a connection that was reset.
    let large = vec![b'a'; 20 * 1024 * 1024];
    server
        .upload(
            "POST",
            &format!("{DOCUMENTS}?name=c.csv"),
            "text/csv",
            &large,
        )
        .refuses(401, "unauthorized");
}
