//! The names of places within a page, for links.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::letters;

/// The names of a file's places. Each name is letters, digits, `_` and `-`, and stands once in a page.
pub struct Names {
    file: String,
    sheets: BTreeMap<String, String>,
}

/// Names that would be parts of others.
const TAKEN: [&str; 3] = ["i", "sheet", "file"];

impl Names {
    /// The names of a file with these sheets; `file` is its number in a batch.
    pub fn of<'a>(file: Option<usize>, titles: impl Iterator<Item = &'a str>) -> Self {
        let mut sheets: BTreeMap<String, String> = BTreeMap::new();
        let mut used = BTreeSet::new();
        for title in titles {
            let mut stem = title.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
            stem.truncate(40);
            if stem.is_empty() || TAKEN.contains(&stem.as_str()) {
                stem.push('_');
            }
            let mut name = stem.clone();
            let mut number = 1;
            while !used.insert(name.clone()) {
                number += 1;
                name = format!("{stem}_{number}");
            }
            sheets.insert(title.to_owned(), name);
        }
        Self {
            file: file.map(|file| format!("f{file}-")).unwrap_or_default(),
            sheets,
        }
    }

    fn own(&self, sheet: &str) -> &str {
        self.sheets.get(sheet).map_or("_", String::as_str)
    }

    /// A place of the file as it is said: without its sheet where the file has no other.
    pub fn said(&self, sheet: &str, place: &str) -> String {
        match (self.sheets.contains_key(sheet), self.sheets.len(), place) {
            (true, 1, place) if !place.is_empty() => place.to_owned(),
            (_, _, "") => sheet.to_owned(),
            _ => format!("{sheet}!{place}"),
        }
    }

    /// Of a cell in a grid.
    pub fn cell(&self, sheet: &str, row: u64, column: u64) -> String {
        let (file, sheet, letters) = (&self.file, self.own(sheet), letters(column));
        format!("{file}{sheet}-{letters}{row}")
    }

    /// Of the line of a cell's issue in the list.
    pub fn line(&self, sheet: &str, row: u64, column: u64) -> String {
        format!("i-{}", self.cell(sheet, row, column))
    }

    /// Of a sheet's section.
    pub fn sheet(&self, sheet: &str) -> String {
        format!("{}sheet-{}", self.file, self.own(sheet))
    }

    /// Of a part of the file's sections.
    pub fn part(&self, part: &str) -> String {
        format!("{}{part}", self.file)
    }
}
