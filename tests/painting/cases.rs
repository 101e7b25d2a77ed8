//! The workbooks of `tests/painting/workbooks`, each in its parts, with its marked cells or the words of its refusal.
//!
//! `NAME.parts` is the workbook of that name. Its first lines describe it; `marks: ` has the positions of its issues, as
//! `North!B2`, `North!A1-A1100`, `North!2:2` (a row), `North!B:B` (a column) and `North!sheet`; `refused: ` has the reason why
//! there is no copy of it. A line `=== PATH` begins a part. Lines of a part are joined without anything between them, and a line
//! that begins with `repeat N: ` is repeated N times, with `{number}` and the letters of that `{column}`. A workbook has the parts
//! of `inline_strings.xlsx` in place of those that it lacks, except those that it names as absent.

use std::fs;
use std::path::{Path, PathBuf};

use ade::issues::{Language, Severity};
use ade::painting::{IssueMark, MarkPosition};

use super::package::{Part, Parts};

/// The workbook whose parts the others have, too.
pub const USUAL: &str = "inline_strings.xlsx";

/// A workbook and its marks.
pub struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    pub marks: Vec<IssueMark>,
    /// The reason why there is no copy of it.
    pub refusal: Option<String>,
}

impl Case {
    fn load(name: &str, usual: &Parts) -> Self {
        let (head, own) = read(name);
        let said = |key: &str| head.lines().find_map(|line| line.strip_prefix(key));
        let mut parts = usual.clone();
        for part in own.0 {
            match part.name.strip_suffix(" is absent") {
                Some(absent) => parts.0.retain(|part| part.name != absent),
                None => match parts.0.iter_mut().find(|old| old.name == part.name) {
                    Some(old) => *old = part,
                    None => parts.0.push(part),
                },
            }
        }
        Self {
            name: name.to_owned(),
            bytes: parts.write(),
            marks: said("marks: ").map(marks).unwrap_or_default(),
            refusal: said("refused: ").map(str::to_owned),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/painting/workbooks")
}

/// Returns the text above the parts of a workbook, and its parts.
fn read(name: &str) -> (String, Parts) {
    let text = fs::read_to_string(folder().join(format!("{name}.parts"))).unwrap();
    let mut sections = text.split("=== ");
    let head = sections.next().unwrap().to_owned();
    let part = |section: &str| {
        let (name, lines) = section.split_once('\n').unwrap();
        Part::new(name, lines.lines().map(line).collect::<String>())
    };
    (head, Parts(sections.map(part).collect()))
}

/// Returns a line of a part, repeated as often as it asks for.
fn line(text: &str) -> String {
    let Some((count, repeated)) = text
        .strip_prefix("repeat ")
        .and_then(|rest| rest.split_once(": "))
    else {
        return text.to_owned();
    };
    let one = |number: u64| {
        let column = MarkPosition::Column(number).to_string();
        let column = column.trim_start_matches("column ");
        let repeated = repeated.replace("{number}", &number.to_string());
        repeated.replace("{column}", column)
    };
    (1..=count.parse().unwrap()).map(one).collect()
}

/// Returns the parts of the usual workbook.
pub fn usual() -> Parts {
    read(USUAL).1
}

/// Returns all workbooks, in the order of their names.
pub fn all() -> Vec<Case> {
    let usual = usual();
    let entries = fs::read_dir(folder()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    let cases = names
        .iter()
        .map(|name| Case::load(name.strip_suffix(".parts").unwrap(), &usual));
    cases.collect()
}

/// Returns the workbooks that are painted.
pub fn painted() -> Vec<Case> {
    let mut all = all();
    all.retain(|case| case.refusal.is_none());
    all
}

/// Returns the workbook of this name.
pub fn named(name: &str) -> Case {
    Case::load(name, &usual())
}

/// Returns an issue at a position; its severity depends on its number: error, warning and info in turn.
pub fn mark(sheet: &str, place: MarkPosition, number: usize) -> IssueMark {
    let severity = Severity::ALL[number % 3];
    IssueMark {
        sheet: sheet.to_owned(),
        place,
        severity,
        field: format!("Field {number}"),
        rule: format!("rule.number_{number}"),
        message: format!("not what <{number}> & others should be"),
        value: "=1+1".to_owned(),
        written: match number.is_multiple_of(2) {
            true => Some(String::new()),
            false => Some("as it is".to_owned()),
        },
        key: number.is_multiple_of(4).then(|| "Ann Example".to_owned()),
        language: Language::English,
    }
}

/// Returns issues at positions: `North!B2, South!A1`.
pub fn marks(places: &str) -> Vec<IssueMark> {
    let column_of = |letters: &str| match MarkPosition::named(&format!("{letters}1")) {
        Some(MarkPosition::Cell(cell)) => cell.column,
        other => panic!("{letters} is no column: {other:?}"),
    };
    let mut found = Vec::new();
    for place in places.split(", ") {
        let (sheet, place) = place.split_once('!').unwrap();
        let all = match (place.split_once('-'), place.split_once(':')) {
            (Some((_, last)), _) => (1..=last[1..].parse().unwrap())
                .map(|row: u64| MarkPosition::named(&format!("A{row}")).unwrap())
                .collect(),
            (_, Some((one, _))) => vec![match one.parse() {
                Ok(row) => MarkPosition::Row(row),
                Err(_) => MarkPosition::Column(column_of(one)),
            }],
            _ if place == "sheet" => vec![MarkPosition::Sheet],
            _ => vec![MarkPosition::named(place).unwrap()],
        };
        for place in all {
            found.push(mark(sheet, place, found.len()));
        }
    }
    found
}
