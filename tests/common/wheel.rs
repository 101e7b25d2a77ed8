//! Makes wheels of pure Python for tests.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

/// Returns the bytes of a wheel. Its project's name uses hyphens; `requires` is its dependency, or empty.
pub fn wheel(name: &str, version: &str, requires: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let info = format!("{name}-{version}.dist-info");
    let project = name.replace('_', "-");
    let mut metadata = format!("Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n");
    if !requires.is_empty() {
        metadata += &format!("Requires-Dist: {requires}\n");
    }
    let kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let own = files.iter().map(|(path, text)| ((*path).to_owned(), *text));
    let mut all: Vec<(String, &str)> = own.collect();
    all.push((format!("{info}/METADATA"), &metadata));
    all.push((format!("{info}/WHEEL"), kind));
    let mut record: String = all.iter().map(|(path, _)| format!("{path},,\n")).collect();
    record += &format!("{info}/RECORD,,\n");
    all.push((format!("{info}/RECORD"), &record));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in all {
        archive
            .start_file(path, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
