//! Configurations over the API: uploaded, edited, published, activated.

use crate::common;

use std::io::{Cursor, Write};

use common::api::Server;
use common::{Answer, Place, Told, has};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

pub const CONFIGS: &str = "workspaces/default/configs";
pub const ZIP: &str = "application/zip";

pub const MANIFEST: &str = "[project]\nname = \"orders\"\nversion = \"1\"\n";

/// The files of a small configuration.
pub fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("pyproject.toml", MANIFEST),
        ("src/ade_config/__init__.py", ""),
        (
            "src/ade_config/columns/one.py",
            "def register(registry):\n    pass\n",
        ),
    ]
}

pub fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Uploads an archive as a new configuration.
pub fn upload(server: &Server, kind: &str, archive: &[u8]) -> Answer {
    server.put("POST", CONFIGS, kind, archive)
}

/// Uploads the small configuration; returns its id.
pub fn uploaded(server: &Server) -> String {
    upload(server, ZIP, &zipped(&files())).is(201).id()
}

/// Writes a file of a draft, or all of it, whatever is there.
pub fn put(server: &Server, id: &str, what: &str, bytes: &[u8]) -> Answer {
    put_over(server, id, what, &[("if-match", "*")], bytes)
}

/// Writes a file of a draft, or all of it, with what is said of the content that is replaced.
fn put_over(server: &Server, id: &str, what: &str, said: &[(&str, &str)], bytes: &[u8]) -> Answer {
    let kind = if what == "draft" { ZIP } else { "text/plain" };
    let headers = [&[("content-type", kind)], said].concat();
    server.send("PUT", &format!("configs/{id}/{what}"), &headers, bytes)
}

/// The ETag of some bytes.
fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", ade::base::digest::of(bytes))
}

pub fn post(server: &Server, id: &str, what: &str) -> Answer {
    let body = match what {
        // The environments of these configurations are never built: tests/api_checks.rs has those that are loaded.
        "publish" => json!({"force": true}),
        _ => json!(null),
    };
    server.post(&format!("configs/{id}/{what}"), &body)
}

pub fn names(server: &Server, id: &str) -> Vec<String> {
    let listed = server.read(&format!("configs/{id}/files"));
    listed["items"].texts("path")
}

pub fn small() -> Vec<&'static str> {
    files().iter().map(|(name, _)| *name).collect()
}

#[test]
fn an_archive_becomes_a_draft_and_a_published_version() {
    let place = Place::new();
    let server = Server::of(&place);
    let answer = upload(&server, ZIP, &zipped(&files())).is(201);
    let (id, known) = (answer.id(), answer.json());
    assert_eq!(
        answer.header("location").unwrap(),
        format!("/api/v1/configs/{id}")
    );
    assert_eq!(known["name"], "orders");
    has(
        &known,
        json!({"uploaded": true, "default": false, "active_version": null, "runs_use": "nothing"}),
    );
    assert_eq!(known["version"], Value::Null);
    assert_eq!(names(&server, &id), small());

    // Without a version there is nothing that runs could use.
    let path = |rest: &str| format!("configs/{id}/{rest}");
    post(&server, &id, "default").refuses(409, "not_published");
    let build = server.post(&path("builds"), &json!({}));
    build.refuses(409, "not_published");

    let first = post(&server, &id, "publish").is(201).json();
    has(&first, json!({"version": 1, "status": "active"}));
    post(&server, &id, "publish").refuses(409, "nothing_to_publish");

    // Another file makes another version, and the former one is archived; its files stay as they were.
    let module = "files/src/ade_config/columns/one.py";
    let changed = b"def register(registry):\n    return\n";
    put(&server, &id, module, changed).is(200);
    assert_eq!(server.get(&path(module)).is(200).body, changed);
    let second = post(&server, &id, "publish").is(201).json();
    assert_eq!(second["version"], 2);
    let versions = server.read(&path("versions"))["items"].clone();
    let statuses: Vec<&Value> = [&versions[0], &versions[1]]
        .map(|version| &version["status"])
        .into();
    assert_eq!(statuses, ["active", "archived"]);
    let snapshots = place.path(format!("data/workspaces/default/configs/{id}/snapshots"));
    let read = |version: &Value| {
        let digest = version["source_digest"].text();
        let file = snapshots.join(digest).join("src/ade_config/columns/one.py");
        std::fs::read(file).unwrap()
    };
    assert_eq!(read(&versions[0]), changed);
    assert!(read(&versions[1]).ends_with(b"pass\n"));

    // The long name of each route means the same, in its own workspace alone.
    let long = format!("{CONFIGS}/{id}");
    let shown = server.read(&long);
    assert_eq!(shown, server.read(&format!("configs/{id}")));
    assert_eq!(
        (&shown["default"], &shown["version"]["version"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(server.read(&format!("{long}/versions"))["items"], versions);
    server.refuses(&format!("workspaces/other/configs/{id}"), 404, "not_found");

    let default = path("default");
    for (method, is_default) in [("DELETE", false), ("POST", true)] {
        let known = server.bare(method, &default).is(200).json();
        has(&known, json!({"default": is_default, "active_version": 2}));
    }
}

#[test]
fn any_version_is_made_active_again_and_none_too() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = uploaded(&server);
    let activate = |body: Value| server.post(&format!("configs/{id}/activate"), &body);
    let publish = |text: &[u8]| {
        put(&server, &id, "files/notes.txt", text);
        post(&server, &id, "publish").is(201).json()["version"].clone()
    };
    assert_eq!(publish(b"one"), 1);
    assert_eq!(publish(b"two"), 2);

    let changed = || server.read(&format!("configs/{id}"))["changed"].clone();
    assert_eq!(changed(), false);
    let known = activate(json!({"version": 1})).is(200).json();
    assert_eq!(changed(), true, "the draft is that of version 2");
    has(
        &known,
        json!({"active_version": 1, "runs_use": "version", "default": true}),
    );
    assert_eq!(known["version"]["status"], "active");
    // What it does not say is not guessed.
    activate(json!({})).refuses_field("version");
    let nothing = server.bare("POST", &format!("configs/{id}/activate"));
    nothing.refuses_field("version");
    for version in [json!(0), json!(3)] {
        activate(json!({"version": version})).refuses(404, "not_found");
    }
    let known = server.read(&format!("configs/{id}"));
    assert_eq!(known["active_version"], 1);
    let known = post(&server, &id, "deactivate").is(200).json();
    has(
        &known,
        json!({"active_version": null, "version": null, "runs_use": "nothing", "default": true}),
    );
    server
        .post(&format!("configs/{id}/builds"), &json!({}))
        .refuses(409, "not_published");
    assert_eq!(changed(), Value::Null);
    activate(json!({"version": 2})).is(200);
    assert_eq!(changed(), false);
    put(&server, &id, "files/pyproject.toml", b"[project\n").is(200);
    assert_eq!(changed(), true);
}

#[test]
fn a_writer_who_does_not_know_the_content_replaces_none() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = server.post(CONFIGS, &json!({"name": "x"})).is(201).id();
    let file = format!("configs/{id}/files/a.py");
    let write =
        |said: &[(&str, &str)], bytes: &[u8]| put_over(&server, &id, "files/a.py", said, bytes);
    let (first, second) = (tag_of(b"first"), tag_of(b"second"));

    // New files need no word.
    write(&[("if-match", &first)], b"x").refuses(412, "precondition_failed");
    let written = write(&[], b"first").is(201);
    assert_eq!(written.header("etag"), Some(&*first));
    let read = server.get(&file).is(200);
    assert_eq!(read.header("etag"), Some(&*first));
    let cached = server.send("GET", &file, &[("if-none-match", &first)], b"");
    assert_eq!(cached.is(304).header("etag"), Some(&*first));

    write(&[], b"second").refuses(428, "precondition_required");
    let stale = format!("{second}, \"\"");
    write(&[("if-match", &stale)], b"second").refuses(412, "precondition_failed");
    for wrong in ["first", "\"first"] {
        write(&[("if-match", wrong)], b"second").refuses_field("If-Match");
    }
    write(&[("if-match", "*, x")], b"first").is(200);
    write(&[("if-none-match", &first)], b"second").refuses_field("If-None-Match");
    let several = format!("{second}, {first}");
    write(&[("if-match", &several)], b"second").is(200);

    // Of two writers who read the same, one is told.
    let both = std::thread::scope(|scope| {
        let racing = [b"left!", b"right"].map(|bytes| {
            let (write, second) = (&write, &second);
            scope.spawn(move || write(&[("if-match", second)], bytes).status)
        });
        racing.map(|writer| writer.join().unwrap())
    });
    assert!(both.contains(&200) && both.contains(&412), "{both:?}");

    let delete = |said: &[(&str, &str)]| server.send("DELETE", &file, said, b"");
    delete(&[]).refuses(428, "precondition_required");
    delete(&[("if-match", &second)]).refuses(412, "precondition_failed");
    let now = server.get(&file).header("etag").unwrap().to_owned();
    delete(&[("if-match", &now)]).is(204);
}

#[test]
fn a_whole_draft_is_replaced_by_who_knows_it() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = server.post(CONFIGS, &json!({"name": "x"})).is(201).id();
    let list = format!("configs/{id}/files");
    let replace = |said: &[(&str, &str)]| put_over(&server, &id, "draft", said, &zipped(&files()));
    let empty = server.get(&list).is(200);
    let none = empty.header("etag").unwrap().to_owned();
    assert_eq!(none, format!("\"{}\"", empty.json()["digest"].text()));
    let replaced = replace(&[]).is(200);
    let tag = replaced.header("etag").unwrap().to_owned();
    let listed = server.get(&list).is(200);
    assert_eq!(listed.header("etag"), Some(&*tag));
    assert_eq!(listed.json(), replaced.json());
    server
        .send("GET", &list, &[("if-none-match", &tag)], b"")
        .is(304);

    replace(&[]).refuses(428, "precondition_required");
    replace(&[("if-match", &none)]).refuses(412, "precondition_failed");
    // The same files are the same draft, and one more makes it another one.
    let again = replace(&[("if-match", &tag)]).is(200);
    assert_eq!(again.header("etag"), Some(&*tag));
    put(&server, &id, "files/notes.txt", b"").is(201);
    replace(&[("if-match", &tag)]).refuses(412, "precondition_failed");
    assert!(names(&server, &id).contains(&"notes.txt".to_owned()));
}

#[test]
fn versions_have_their_files_and_differences_are_shown_line_by_line() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = uploaded(&server);
    let path = |rest: &str| format!("configs/{id}/{rest}");
    let module = "src/ade_config/columns/one.py";
    server.refuses(&path("diff"), 409, "not_published");
    post(&server, &id, "publish").is(201);
    let changed = b"def register(registry):\n    return\n";
    put(&server, &id, &format!("files/{module}"), changed).is(200);
    put(&server, &id, "files/picture.bin", &[0xff, 0xfe, 0]).is(201);
    put(&server, &id, "files/notes.txt", b"one\ntwo\n").is(201);
    post(&server, &id, "publish").is(201);
    server
        .send(
            "DELETE",
            &path("files/notes.txt"),
            &[("if-match", "*")],
            b"",
        )
        .is(204);
    // What git ignores is in the draft, and no version has it.
    put(&server, &id, "files/.gitignore", b"*.log\n").is(201);
    put(&server, &id, "files/much.log", b"x").is(201);

    let listed = server.read(&path("versions/1/files"));
    let paths: Vec<&Value> = listed["items"].each("path");
    assert_eq!(paths, small());
    let old = format!("versions/1/files/{module}");
    let read = server.get(&path(&old)).is(200);
    assert!(read.body.ends_with(b"pass\n"));
    assert_eq!(read.header("etag"), Some(&*tag_of(&read.body)));
    assert_eq!(
        server
            .get(&path(&format!("versions/2/files/{module}")))
            .is(200)
            .body,
        changed
    );
    let long = format!("{CONFIGS}/{id}/{old}");
    assert_eq!(server.get(&long).is(200).body, read.body);
    for absent in [
        "versions/3",
        "versions/3/files",
        "versions/x",
        "versions/1/files/notes.txt",
        "versions/1/files/src",
        "diff?from=3",
        "diff?to=7",
    ] {
        server.refuses(&path(absent), 404, "not_found");
    }
    server.refuses(&path("versions/1/files/..%2Fa"), 422, "bad_name");

    let diff = |query: &str| server.read(&path(&format!("diff{query}")));
    let one = diff("?from=1&to=2");
    has(&one, json!({"from": "1", "to": "2"}));
    let files = one["files"].list();
    let told = |file: &Value| format!("{} {}", file["status"].text(), file["path"].text());
    assert_eq!(
        files.iter().map(told).collect::<Vec<_>>(),
        [
            "added notes.txt",
            "added picture.bin",
            &format!("changed {module}")
        ]
    );
    assert_eq!(
        files[0]["patch"],
        "--- /dev/null\n+++ b/notes.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n"
    );
    assert_eq!(
        (&files[0]["from_sha256"], &files[1]["patch"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        files[2]["patch"],
        format!(
            "--- a/{module}\n+++ b/{module}\n@@ -1,2 +1,2 @@\n def register(registry):\n-    pass\n+    return\n"
        )
    );
    // Without words: from the active version to the draft, as publishing would change it.
    let next = diff("");
    has(&next, json!({"from": "2", "to": "draft"}));
    let files = next["files"].list();
    assert_eq!(
        files.iter().map(told).collect::<Vec<_>>(),
        ["added .gitignore", "removed notes.txt"]
    );
    assert_eq!(next, diff("?from=active&to=draft"));
    for same in ["?from=draft&to=draft", "?from=2&to=active"] {
        assert_eq!(diff(same)["files"], json!([]), "{same}");
    }
    // A draft that is no configuration now can be compared all the same.
    put(&server, &id, "files/pyproject.toml", b"[project\n").is(200);
    let files = diff("")["files"].clone();
    let paths = files.list().iter().map(|file| &file["path"]);
    assert_eq!(
        paths.collect::<Vec<_>>(),
        [".gitignore", "much.log", "notes.txt", "pyproject.toml"]
    );
    for wrong in ["from=folder", "from=x", "from=0x1"] {
        server.refuses_field(&path(&format!("diff?{wrong}")), "from");
    }
}

#[test]
fn a_draft_is_edited_file_by_file() {
    let place = Place::new();
    let server = Server::of(&place);
    let created = server.post(CONFIGS, &json!({"name": "by hand"})).is(201);
    let id = created.id();
    let file = |path: &str| format!("configs/{id}/files/{path}");
    let put = |path: &str, bytes: &[u8]| put(&server, &id, &format!("files/{path}"), bytes);
    let publish = || post(&server, &id, "publish");
    assert_eq!(names(&server, &id), [""; 0]);
    let problem = publish().refuses(422, "not_a_configuration");
    let detail = problem["detail"].text();
    assert!(detail.contains("is not a configuration"), "{detail}");

    for (name, content) in files() {
        let written = put(name, content.as_bytes()).is(201).json();
        has(&written, json!({"path": name, "size_bytes": content.len()}));
    }
    assert_eq!(names(&server, &id), small());
    // As the file of a form, too, and with the long name of the route.
    let body = common::api::form(&[("file", Some("x"), b"replaced")], true);
    let long = format!("{CONFIGS}/{id}/files/notes/a%20b.txt");
    let form = common::api::FORM;
    server.put("PUT", &long, form, &body).is(201);
    let notes = file("notes/a%20b.txt");
    assert_eq!(server.get(&notes).is(200).body, b"replaced");

    let delete = || server.send("DELETE", &notes, &[("if-match", "*")], b"");
    delete().is(204);
    delete().refuses(404, "not_found");
    server.refuses(&notes, 404, "not_found");
    server.refuses(&file("src"), 404, "not_found");
    assert_eq!(names(&server, &id), small());
    let draft = place.path(format!("data/workspaces/default/configs/{id}/draft"));
    assert!(draft.exists() && !draft.join("notes").exists());

    for path in ["..%2Fa.py", "%2Fetc%2Fpasswd", "a%00b", "a/"] {
        for method in ["PUT", "GET", "DELETE"] {
            let problem = server
                .put(method, &file(path), "text/plain", b"x")
                .refuses(422, "bad_name");
            assert_eq!(problem["errors"][0]["field"], "path", "{method} {path}");
        }
    }
    for path in ["src", "pyproject.toml/below"] {
        put(path, b"x").refuses(422, "bad_name");
    }
    let large = vec![b'a'; 32 * 1024 * 1024 + 1];
    put("large.bin", &large).refuses(413, "too_large");
    assert_eq!(names(&server, &id), small());
    // Three of the largest files fit, and a fourth would, were there not the others.
    for number in 0..3 {
        put(&format!("{number}.bin"), &large[1..]).is(201);
    }
    put("3.bin", &large[1..]).refuses(413, "too_large");

    put("pyproject.toml", b"[project\n").is(200);
    let problem = publish().refuses(422, "manifest_invalid");
    let detail = problem["detail"].text();
    assert!(detail.starts_with("pyproject.toml:1:"), "{detail}");
}

#[test]
fn a_folder_that_was_run_is_known_and_frozen_by_publishing() {
    let place = Place::ready();
    place.ade("run config members.csv").succeeds();
    let server = Server::of(&place);
    let known = server.read(CONFIGS)["items"][0].clone();
    let id = known["id"].text();
    has(
        &known,
        json!({"uploaded": false, "default": false, "runs_use": "folder"}),
    );
    let place_name = place.path("");
    let place_name = place_name.file_name().unwrap().to_str().unwrap();
    assert_eq!(known["path"], format!("…/{place_name}/config"));
    // Its files are those that runs use, and no others of the folder.
    place.write("config/.gitignore", "secret.txt\n");
    place.write("config/secret.txt", "x");
    let listed = names(&server, id);
    assert!(listed.contains(&"pyproject.toml".to_owned()), "{listed:?}");
    assert!(!listed.contains(&"secret.txt".to_owned()), "{listed:?}");
    server
        .get(&format!("configs/{id}/files/pyproject.toml"))
        .is(200);
    let secret = server.get(&format!("configs/{id}/files/secret.txt"));
    secret.refuses(404, "not_found");
    put(&server, id, "files/a.py", b"").refuses(409, "not_uploaded");
    put(&server, id, "draft", &zipped(&files())).refuses(409, "not_uploaded");
    let publish = || post(&server, id, "publish");
    assert_eq!(publish().is(201).json()["version"], 1);
    publish().refuses(409, "nothing_to_publish");
    place.write(
        "config/src/ade_config/columns/more.py",
        "def register(registry):\n    pass\n",
    );
    // What it differs in, until that is published too.
    let diff = |query: &str| server.read(&format!("configs/{id}/diff{query}"));
    let changed = diff("");
    has(&changed, json!({"from": "1", "to": "folder"}));
    has(
        &changed["files"][0],
        json!({"status": "added", "path": "src/ade_config/columns/more.py"}),
    );
    server.refuses(&format!("configs/{id}/diff?to=draft"), 409, "not_uploaded");
    assert_eq!(publish().is(201).json()["version"], 2);
    assert_eq!(diff("")["files"], json!([]));
    let used = || server.read(&format!("configs/{id}"))["runs_use"].clone();
    assert_eq!(used(), "version");
    assert_eq!(server.read(&format!("configs/{id}"))["changed"], false);
    post(&server, id, "deactivate").is(200);
    assert_eq!(used(), "folder");
    std::fs::rename(place.path("config"), place.path("gone")).unwrap();
    publish().refuses(422, "not_a_configuration");
}

#[test]
fn a_version_is_never_a_mix_of_two_drafts() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = uploaded(&server);
    // Each draft is a hundred files that all say the same.
    let archive = |word: &str| {
        let names: Vec<String> = (0..100)
            .map(|number| format!("src/ade_config/columns/c{number}.py"))
            .collect();
        let mut all: Vec<(&str, &str)> = vec![
            ("pyproject.toml", MANIFEST),
            ("src/ade_config/__init__.py", ""),
        ];
        all.extend(names.iter().map(|name| (name.as_str(), word)));
        zipped(&all)
    };
    let archives = ["a = 1\n", "b = 2\n"].map(archive);
    std::thread::scope(|scope| {
        let replacing = scope.spawn(|| {
            for number in 0..20 {
                put(&server, &id, "draft", &archives[number % 2]).is(200);
            }
        });
        while !replacing.is_finished() {
            let answer = post(&server, &id, "publish");
            assert!([201, 409].contains(&answer.status), "{answer:?}");
        }
    });
    let snapshots = place.path(format!("data/workspaces/default/configs/{id}/snapshots"));
    let mut versions = 0;
    for folder in std::fs::read_dir(snapshots).unwrap().flatten() {
        if !folder.file_type().unwrap().is_dir() {
            continue;
        }
        let columns = folder.path().join("src/ade_config/columns");
        let files = std::fs::read_dir(columns).unwrap().flatten();
        let words: std::collections::BTreeSet<Vec<u8>> = files
            .map(|file| std::fs::read(file.path()).unwrap())
            .collect();
        assert_eq!(words.len(), 1, "{}", folder.path().display());
        versions += 1;
    }
    assert!(versions >= 2, "several were published");
}

#[test]
fn configurations_are_changed_by_administrators_and_found_by_their_workspace() {
    use ade::store::Scope;
    let place = Place::new();
    let mut server = Server::of(&place);
    let id = uploaded(&server);
    server.use_token(server.token(Scope::Run, None));
    server.get(&format!("configs/{id}")).is(200);
    upload(&server, ZIP, &zipped(&files())).refuses(403, "forbidden");
    post(&server, &id, "publish").refuses(403, "forbidden");
    put(&server, &id, "files/a.py", b"").refuses(403, "forbidden");
    server.use_token(server.token(Scope::Admin, Some(&["other"])));
    server.refuses(&format!("configs/{id}"), 404, "not_found");
    server.refuses(CONFIGS, 404, "not_found");
    server
        .post("workspaces", &json!({"id": "mine"}))
        .refuses(422, "invalid_field");
    server.post("workspaces", &json!({"id": "other"})).is(201);
    let listed = server.read("workspaces");
    assert_eq!(listed["items"].list().len(), 1);
    assert_eq!(listed["items"][0]["id"], "other");
}

#[test]
fn a_configuration_begins_with_a_template() {
    let place = Place::new();
    let server = Server::of(&place);
    let templates = server.read("templates")["items"].clone();
    let default = &templates.with("name", "default");
    assert_ne!(default["description"], "");
    let new = json!({"name": "Crew of 2026", "template": "default"});
    let made = server.post(CONFIGS, &new).is(201);
    assert_eq!(made.json()["name"], "Crew of 2026");
    // The files are those that `ade init` writes, and are published as they are.
    let id = made.id();
    let mut listed: Vec<String> = default["files"]
        .list()
        .iter()
        .map(|path| path.string())
        .collect();
    listed.sort();
    assert_eq!(names(&server, &id), listed);
    let manifest = server
        .get(&format!("configs/{id}/files/pyproject.toml"))
        .is(200)
        .text();
    assert!(manifest.contains("name = \"crew-of-2026\""), "{manifest}");
    post(&server, &id, "publish").is(201);
    let sample = server.get("templates/default/sample").is(200);
    assert!(sample.body.starts_with(b"PK"));
    assert!(
        sample
            .header("content-disposition")
            .unwrap()
            .contains("sample.xlsx")
    );
    server.refuses("templates/other/sample", 404, "not_found");
    let new = json!({"name": "x", "template": "other"});
    server.post(CONFIGS, &new).refuses_field("template");
    let known = server.read(CONFIGS);
    assert_eq!(
        known["items"].list().len(),
        1,
        "nothing is kept of what was refused"
    );
}

#[test]
fn what_is_exported_is_uploaded_again_under_whatever_name() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = uploaded(&server);
    let (path, archive) = (format!("configs/{id}"), format!("configs/{id}/archive"));
    let digest = |id: &str| server.read(&format!("configs/{id}/files"))["digest"].clone();
    let round = |what: &str| {
        let exported = server.get(&format!("{archive}{what}")).is(200);
        assert_eq!(exported.header("content-type"), Some(ZIP));
        upload(&server, ZIP, &exported.body).is(201).id()
    };
    post(&server, &id, "publish").is(201);
    let published = digest(&id);
    put(&server, &id, "files/src/notes/größe.txt", b"1").is(201);
    assert_eq!(digest(&round("")), published);
    assert_eq!(digest(&round("?version=1")), published);
    assert_eq!(digest(&round("?draft=true")), digest(&id));
    server
        .get(&format!("{archive}?version=9"))
        .refuses(404, "not_found");
    let both = server.get(&format!("{archive}?version=1&draft=true"));
    both.refuses(422, "invalid_field");

    let named = |name: &str| server.patch(&path, &json!({"name": name}));
    assert_eq!(named("Orders / 2").is(200).json()["name"], "Orders / 2");
    named("").refuses(422, "bad_name");
    post(&server, &id, "publish").is(201);
    assert_eq!(server.read(&path)["name"], "Orders / 2");
    let exported = server.get(&archive);
    let file = exported.header("content-disposition").unwrap();
    assert!(file.contains("Orders - 2.zip"), "{file}");
}

#[test]
fn a_configuration_is_put_away_and_a_workspace_deleted_with_what_goes_along_said_first() {
    let place = Place::new();
    let server = Server::of(&place);
    let other = json!({"id": "other"});
    server.post("workspaces", &other).is(201);
    let uploading = server.put("POST", "workspaces/other/configs", ZIP, &zipped(&files()));
    let id = uploading.is(201).id();
    let path = format!("configs/{id}");
    post(&server, &id, "publish").is(201);
    let listed = |query: &str| {
        let page = server.read(&format!("workspaces/other/configs{query}"));
        page["items"].texts("id")
    };
    let archived = |to: bool| server.patch(&path, &json!({"archived": to})).is(200).json();
    let away = archived(true);
    assert!(
        away["archived_at"].is_string() && away["default"] == false,
        "{away}"
    );
    assert_eq!((listed("").len(), listed("?archived=true").len()), (0, 1));
    let build = server.post(&format!("{path}/builds"), &json!({}));
    build.refuses(409, "configuration_archived");
    assert_eq!(names(&server, &id), small());
    assert_eq!(archived(false)["archived_at"], Value::Null);

    let deleted = |path: &str| server.bare("DELETE", path);
    deleted("workspaces/other").refuses(409, "workspace_in_use");
    let kinds = |path: &str| deleted(path).is(200).json()["removed"].texts("kind");
    let along = ["version", "draft", "configuration"];
    assert_eq!(kinds(&format!("{path}?dry_run=true")), along);
    assert!(server.read(&path)["id"].is_string());
    let folder = place.path(format!("data/workspaces/other/configs/{id}"));
    assert!(folder.exists());
    assert_eq!(kinds(&path), along);
    assert!(!folder.exists());
    server.refuses(&path, 404, "not_found");

    let renamed = server
        .patch("workspaces/other", &json!({"name": "Others"}))
        .is(200);
    has(&renamed.json(), json!({"id": "other", "name": "Others"}));
    assert_eq!(kinds("workspaces/other?dry_run=true"), ["workspace"]);
    assert_eq!(kinds("workspaces/other"), ["workspace"]);
    server.refuses("workspaces/other", 404, "not_found");
    deleted("workspaces/default").refuses(409, "workspace_in_use");
}
