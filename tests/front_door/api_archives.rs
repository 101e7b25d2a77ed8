//! Archives of configurations over the API: which are taken, and that nothing is kept of one that is refused.

use crate::common;

use std::io::{Cursor, Write};
use std::path::Path;

use common::api::{Part, Server};
use common::{Place, Told};
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::api_configurations::{
    CONFIGS, MANIFEST, ZIP, files, names, post, put, small, upload, uploaded, zipped,
};

/// An archive made by hand, one header after the other, so that it can hold what tools refuse to write.
struct Tar(GzEncoder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), flate2::Compression::fast()))
    }

    fn add(mut self, name: &str, kind: tar::EntryType, link: &str, content: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        self.0.write_all(header.as_bytes()).unwrap();
        self.0.write_all(content).unwrap();
        let filling = vec![0; content.len().next_multiple_of(512) - content.len()];
        self.0.write_all(&filling).unwrap();
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.add(name, tar::EntryType::Regular, "", content)
    }

    fn done(mut self) -> Vec<u8> {
        self.0.write_all(&[0; 1024]).unwrap();
        self.0.finish().unwrap()
    }
}

#[test]
fn archives_of_either_kind_and_with_a_folder_around_are_taken() {
    let place = Place::new();
    let server = Server::of(&place);
    let around: Vec<(String, &str)> = files()
        .into_iter()
        .map(|(name, content)| (format!("orders-main/{name}"), content))
        .collect();
    let around: Vec<(&str, &str)> = around
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let with_extras = [
        around.as_slice(),
        &[
            ("__MACOSX/orders-main/._pyproject.toml", "x"),
            ("orders-main/.DS_Store", "x"),
        ],
    ]
    .concat();
    let tar = |prefix: &str| {
        let tar = Tar::new()
            .add(
                "pax_global_header",
                tar::EntryType::XGlobalHeader,
                "",
                b"52 comment=x\n",
            )
            .add(&format!("{prefix}/"), tar::EntryType::Directory, "", b"");
        let all = files().into_iter().fold(tar, |tar, (name, content)| {
            tar.file(&format!("{prefix}/{name}"), content.as_bytes())
        });
        all.done()
    };
    for (kind, archive) in [
        (ZIP, zipped(&around)),
        (ZIP, zipped(&with_extras)),
        ("application/octet-stream", zipped(&files())),
        ("application/gzip", tar("orders-main")),
        ("application/gzip", tar(".")),
    ] {
        let answer = upload(&server, kind, &archive).is(201);
        assert_eq!(names(&server, &answer.id()), small());
    }
    // Names for which a header has no room come before it, in two ways.
    let long = format!("notes/{}.txt", "n".repeat(120));
    let pax = |path: &str| {
        let record = |length: usize| format!("{length} path={path}\n");
        let length = (0..).find(|length| record(*length).len() == *length);
        record(length.unwrap())
    };
    let tar = Tar::new()
        .add("x", tar::EntryType::XHeader, "", b"14 mtime=1.5\n\n")
        .file("pyproject.toml", MANIFEST.as_bytes())
        .add(
            "././@LongLink",
            tar::EntryType::GNULongName,
            "",
            format!("{long}\0").as_bytes(),
        )
        .file("notes/n", b"1")
        .add(
            "x",
            tar::EntryType::XHeader,
            "",
            pax("notes/größe.txt").as_bytes(),
        )
        .file("notes/gr", b"2")
        .file("src/ade_config/__init__.py", b"");
    let answer = upload(&server, "application/gzip", &tar.done()).is(201);
    assert_eq!(
        names(&server, &answer.id()),
        [
            "notes/größe.txt",
            &long,
            "pyproject.toml",
            "src/ade_config/__init__.py"
        ]
    );
    // As the file of a form, under a name of its own.
    let file: Part = ("file", Some("orders.zip"), &zipped(&files()));
    let answer = server.form(&format!("{CONFIGS}?name=mine"), &[file]);
    assert_eq!(answer.is(201).json()["name"], "mine");
    // A folder that is itself the package keeps its name, and gives it to the configuration.
    let package = [
        ("my_orders/__init__.py", ""),
        (
            "my_orders/columns/one.py",
            "def register(registry):\n    pass\n",
        ),
    ];
    let answer = upload(&server, ZIP, &zipped(&package)).is(201);
    assert_eq!(answer.json()["name"], "my_orders");
    let id = answer.id();
    assert_eq!(
        names(&server, &id),
        ["src/my_orders/__init__.py", "src/my_orders/columns/one.py"]
    );
    post(&server, &id, "publish").is(201);
}

/// Archives of which nothing may be kept, with a word of what is told about them.
fn bad_archives() -> Vec<(&'static str, Vec<u8>)> {
    use tar::EntryType;
    let mut link = zip::ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("a.py", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let link = link.finish().unwrap().into_inner();

    let zeros = vec![0; 33 * 1024 * 1024];
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("a.bin", SimpleFileOptions::default())
        .unwrap();
    bomb.write_all(&zeros).unwrap();
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 200_000, "it is small as it is sent");

    let many = (0..5).fold(Tar::new(), |tar, number| {
        tar.file(&format!("{number}.bin"), &zeros[..30 * 1024 * 1024])
    });
    let endless_name = Tar::new().add(
        "././@LongLink",
        EntryType::GNULongName,
        "",
        &vec![b'a'; 1024 * 1024],
    );

    let names: Vec<String> = (0..2001).map(|number| format!("{number}.py")).collect();
    let entries: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let crowd = names
        .iter()
        .fold(Tar::new(), |tar, name| tar.file(name, b""));

    // Bytes that are not those of the checksum.
    let mut lying = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    lying.start_file("a.py", stored).unwrap();
    lying.write_all(b"text").unwrap();
    let mut lying = lying.finish().unwrap().into_inner();
    let declared = lying.windows(4).position(|bytes| bytes == b"text").unwrap();
    lying[declared] = b'X';

    let whole = zipped(&files());
    let one = |kind: EntryType, link: &str| Tar::new().add("a.py", kind, link, b"").done();
    vec![
        ("neither", b"hello".to_vec()),
        ("no whole ZIP", whole[..whole.len() - 10].to_vec()),
        (
            "no whole ZIP",
            [b"PK\x03\x04".as_slice(), &[0; 500]].concat(),
        ),
        ("cannot be unpacked", lying),
        ("holds no file", zipped(&[])),
        ("leads out", zipped(&[("../a.py", "")])),
        ("folder and a file", zipped(&[("a", ""), ("a/b", "")])),
        ("link", link),
        ("more than 33554432 bytes", bomb),
        ("more than 2000 entries", zipped(&entries)),
        ("more than 2000 entries", crowd.done()),
        ("leads out", Tar::new().file("../a.py", b"").done()),
        (
            "comes twice",
            Tar::new().file("a.py", b"1").file("a.py", b"2").done(),
        ),
        ("link", one(EntryType::Symlink, "/etc/passwd")),
        ("link", one(EntryType::Link, "/etc/passwd")),
        ("special", one(EntryType::Fifo, "")),
        ("more than 134217728 bytes", many.done()),
        ("name in it is too long", endless_name.done()),
        (
            "no whole tar",
            Tar::new().file("a.py", &[1; 5000]).done()[..60].to_vec(),
        ),
    ]
}

#[test]
fn nothing_is_kept_of_an_archive_that_is_refused() {
    let place = Place::new();
    let server = Server::of(&place);
    let id = uploaded(&server);
    let folder = place.path("data/workspaces/default/configs");
    for (word, archive) in bad_archives() {
        let created = server.put("POST", &format!("{CONFIGS}?name=x"), ZIP, &archive);
        let problem = created.refuses(422, "archive_invalid");
        let detail = problem["detail"].text();
        assert!(detail.contains(word), "{word}: {detail}");
        put(&server, &id, "draft", &archive).refuses(422, "archive_invalid");
        assert_eq!(names(&server, &id), small(), "{word}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "{word}");
    }
    assert_eq!(
        place.files_below(folder.join(&id)).len(),
        small().len() + 1,
        "the files, and the lock"
    );
    assert!(!Path::new("/tmp/a.py").exists());

    // An archive that breaks off, one that is too large, and one of a wrong type.
    server.break_off(&format!("{CONFIGS}?name=x"), ZIP, 1_000_000, b"PK\x03\x04");
    let listed = server.read(CONFIGS);
    assert_eq!(listed["items"].list().len(), 1);
    let whole = zipped(&files());
    upload(&server, "text/plain", &whole).refuses(415, "unsupported_media_type");
    let unnamed = upload(&server, ZIP, &zipped(&[("a.py", "")]));
    assert_eq!(
        unnamed.refuses(422, "bad_name")["errors"][0]["field"],
        "name"
    );
    for name in ["", "%20", "a%0Ab", &"a".repeat(101)] {
        let named = server.put("POST", &format!("{CONFIGS}?name={name}"), ZIP, &whole);
        named.refuses(422, "bad_name");
    }
    let small = Server::with(&place, &[("ADE_API_UPLOAD_LIMIT_MB", "1")]);
    let large = vec![b'P'; 1024 * 1024 + 1];
    upload(&small, ZIP, &large).refuses(413, "too_large");
}
