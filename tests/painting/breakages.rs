//! The copies of `breakages.toml`, which are broken on purpose: the checker must find each.

use super::cases;
use super::checker;
use super::common::trials::Tried;
use super::package::{Part, Parts};
use super::painted;

#[derive(serde::Deserialize)]
struct Breakages {
    breakage: Vec<Breakage>,
}

#[derive(serde::Deserialize)]
struct Breakage {
    about: String,
    workbook: String,
    part: String,
    old: Option<String>,
    new: String,
}

impl Breakage {
    fn apply(&self, parts: &mut Parts) {
        let Some(old) = &self.old else {
            return parts.0.push(Part::new(&self.part, self.new.as_str()));
        };
        let old = regex::Regex::new(&format!("(?s){old}")).unwrap();
        let text = parts.text(&self.part);
        assert!(old.is_match(&text), "{}: {text}", self.about);
        let new = old.replace(&text, &self.new).into_owned();
        parts.set(&self.part, new);
    }
}

pub fn every_breakage_is_found() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let listed: Breakages = toml::from_str(include_str!("breakages.toml")).unwrap();
    let mut missed = Vec::new();
    for breakage in &listed.breakage {
        let case = cases::named(&breakage.workbook);
        let (copy, _) = painted(&case, folder.path()).unwrap();
        let mut parts = Parts::read(&copy).unwrap();
        let whole = checker::faults(&case.bytes, &parts.write(), &case.marks);
        assert!(whole.is_empty(), "{}: {whole:?}", breakage.workbook);
        breakage.apply(&mut parts);
        if checker::faults(&case.bytes, &parts.write(), &case.marks).is_empty() {
            missed.push(&breakage.about);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
    Ok(())
}
