//! Checks that other programs read a painted copy: openpyxl and LibreOffice, if the machine has them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::cases::{self, Case, marks};
use super::common::machine;
use super::common::trials::{Missing, Tried};
use super::package::differing;
use super::{checker, painted};

/// The workbooks that openpyxl cannot read before painting either.
const NOT_BY_OPENPYXL: [&str; 4] = [
    "strict_namespaces.xlsx",
    "nothing_to_mark.xlsx",
    "folders_of_other_names.xlsx",
    "a_sheet_whose_part_is_missing.xlsx",
];

/// Runs the script that makes workbooks and opens copies.
fn script(work: &str, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/painting/made_by_libraries.py");
    let output = machine()
        .python_with_companions()
        .arg(script)
        .arg(work)
        .arg(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the lines that are not empty.
fn lines(said: &str) -> impl Iterator<Item = String> {
    let lines = said.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned)
}

pub fn workbooks_by_libraries_are_painted_and_open_in_openpyxl() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    script("make", folder.path());
    let mut faults = Vec::new();
    let mut count = 0;
    let paths: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for cells in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "cells"))
    {
        count += 1;
        let stem = cells.file_stem().unwrap().to_str().unwrap();
        let name = match stem.ends_with("macros") {
            true => format!("{stem}.xlsm"),
            false => format!("{stem}.xlsx"),
        };
        let places = fs::read_to_string(cells).unwrap();
        let case = Case {
            bytes: fs::read(cells.with_file_name(&name)).unwrap(),
            marks: marks(&places),
            refusal: None,
            name: name.clone(),
        };
        let (copy, _) =
            painted(&case, folder.path()).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let found = checker::faults(&case.bytes, &copy, &case.marks);
        faults.extend(checker::told_of(&name, found));
        let (twice, _) = super::painted_from(&copy, &case, &case.marks, folder.path()).unwrap();
        for part in differing(&copy, &twice) {
            faults.push(format!("{name}: {part} differs when painted twice"));
        }
    }
    assert_eq!(count, 10);
    let others = tempfile::tempdir().unwrap();
    for case in cases::painted() {
        if !NOT_BY_OPENPYXL.contains(&&*case.name) && case.marks.len() < 20 {
            painted(&case, others.path()).unwrap();
        }
    }
    faults.extend(lines(&script("load", others.path())));
    let said = script("open", folder.path());
    faults.extend(lines(&said));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// Opens all copies at once, and writes the first sheet of each as text, which must be the list.
pub fn workbooks_open_in_libreoffice_as_before() -> Tried {
    let soffice = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join("soffice"))
            .find(|found| found.is_file())
    });
    let Some(soffice) = soffice else {
        return Err(Missing("LibreOffice (soffice) is not there".to_owned()));
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut cases = cases::painted();
    // Excel's limit of formats takes LibreOffice a minute to load.
    cases.retain(|case| case.name != "as_many_formats_as_excel_allows.xlsx");
    let mut files = Vec::new();
    for case in &cases {
        painted(case, folder.path()).unwrap();
        files.push(super::place_of_copy(
            &folder.path().join(&case.name),
            folder.path(),
        ));
    }
    let output = Command::new(soffice)
        .arg(format!(
            "-env:UserInstallation=file://{}/profile",
            folder.path().display()
        ))
        .args(["--headless", "--convert-to", "csv", "--outdir"])
        .arg(&out)
        .args(&files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for (case, copy) in cases.iter().zip(&files) {
        let converted = out.join(copy.with_extension("csv").file_name().unwrap());
        let text = fs::read(&converted)
            .unwrap_or_else(|error| panic!("{} was not opened: {error}", case.name));
        let text = String::from_utf8_lossy(&text).into_owned();
        let count = case.marks.len();
        let ending = if count == 1 { "" } else { "s" };
        let count = count.to_string().replace("1100", "1,100");
        let title = format!("{count} issue{ending} in {}", case.name);
        let begins = text.trim_start_matches('"').starts_with(&title);
        assert!(begins, "{}: {text}", case.name);
        let heads = text.contains("Sheet,Cell,Severity,Field,Original value");
        assert!(heads, "{}: {text}", case.name);
    }
    Ok(())
}
