//! `ade.toml`: the settings of a folder and of the folders below it.
//!
//! Keys are the names of settings without `ADE_`, in lower case. An unknown key is an error, so that a misspelt setting is
//! noticed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::SettingSource;
use super::table::SETTINGS;
use super::value::EXPLAINED;
use crate::base::files::FileError;
use crate::base::problem::{Error, ProblemKind, code};

/// The name of the file.
pub const FILE_NAME: &str = "ade.toml";

/// A value of the file.
pub struct AdeTomlEntry {
    pub value: String,
    pub line: usize,
}

/// The values of a file, by setting name.
#[derive(Default)]
pub struct AdeTomlFile {
    pub path: PathBuf,
    pub values: BTreeMap<&'static str, AdeTomlEntry>,
}

/// Returns the nearest file, from a folder upwards.
pub fn find(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file())
}

/// The part of a hint that lists the settings.
const LISTED: &str = "`ade settings` lists all settings";

/// Returns the hint for a name that is similar to that of a setting.
pub(super) fn meant(similar: &str) -> String {
    format!("did you mean {similar:?}? {LISTED}")
}

/// Reads the settings of a file.
pub fn read(path: &Path) -> Result<AdeTomlFile, Error> {
    let invalid = |message: String| Error::usage(code::SETTINGS_INVALID, message);
    let unreadable =
        |error| Error::from_problem(error).under(ProblemKind::Usage, code::SETTINGS_INVALID);
    let text = std::fs::read_to_string(path).map_err(FileError::on("read", path));
    let text = text.map_err(unreadable)?;
    let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(span.start));
        invalid(format!("{}:{line}: {}", path.display(), error.message()))
    })?;
    let mut file = AdeTomlFile {
        path: path.to_owned(),
        values: BTreeMap::new(),
    };
    for (key, value) in flat(table.into_inner()) {
        let line = line_of(key.span().start);
        let key = key.into_inner();
        let setting = SETTINGS
            .iter()
            .find(|setting| setting.key() == *key)
            .ok_or_else(|| {
                let hint = similar(&key).map(|similar| meant(&similar));
                invalid(format!(
                    "{}:{line}: unknown setting {key:?}",
                    path.display()
                ))
                .hint(hint.unwrap_or_else(|| LISTED.to_owned()))
            })?;
        let text = match value.into_inner() {
            DeValue::String(text) => text.into_owned(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            _ => {
                let given_by = SettingSource::File(path.to_owned(), line);
                let message = format!(
                    "{given_by}: {} must be a text, a number, true or false; it cannot be a table, a list or a date",
                    setting.key()
                );
                return Err(invalid(message).hint(EXPLAINED));
            }
        };
        file.values
            .insert(setting.name, AdeTomlEntry { value: text, line });
    }
    Ok(file)
}

/// Returns the keys of a file. A key in a table follows the name of its table: `url` in `[on_end]` is `on_end_url`.
fn flat<'a>(table: DeTable<'a>) -> Vec<(Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)> {
    let mut all = Vec::new();
    for (name, value) in table {
        let begin = format!("{}_", name.get_ref());
        let is_table = SETTINGS
            .iter()
            .any(|setting| setting.key().starts_with(&begin));
        let (span, value_span) = (name.span(), value.span());
        match value.into_inner() {
            DeValue::Table(inner) if is_table => {
                all.extend(inner.into_iter().map(|(key, value)| {
                    let whole = format!("{begin}{}", key.get_ref());
                    (Spanned::new(key.span(), Cow::Owned(whole)), value)
                }))
            }
            other => all.push((
                Spanned::new(span, name.into_inner()),
                Spanned::new(value_span, other),
            )),
        }
    }
    all
}

/// Returns the key that a misspelt key most likely meant.
pub(super) fn similar(key: &str) -> Option<String> {
    nearest(key, SETTINGS.iter().map(|setting| setting.key()))
}

/// Returns the known name that a misspelt name most likely meant. At most a third of it differs.
pub fn nearest<T: AsRef<str> + Ord>(given: &str, known: impl Iterator<Item = T>) -> Option<T> {
    known
        .map(|known| (distance(given, known.as_ref()), known))
        .filter(|(distance, known)| *distance <= known.as_ref().len() / 3)
        .min()
        .map(|(_, known)| known)
}

/// Returns the edit distance of Levenshtein.
pub fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
