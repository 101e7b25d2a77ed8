//! Finds missing headers for `ade fix`: the columns of a run's file that no field claimed, the fields that they may belong to,
//! and the author's files with the chosen headers added.
//!
//! The engine finds and edits in a process that is confined as a run is. Its edits are written here, on request.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use similar::TextDiff;
use utoipa::ToSchema;

use super::cases::{self, CasesError};
use super::engine::{CheckEngine, ask, no_answer, not_loaded};
use crate::base::cancel::Cancel;
use crate::base::digest;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::engine::{EngineQuestion, RunNotice};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::run::execution::attempt::settings_of;
use crate::run::results::senders::Senders;
use crate::settings::paths::RunFolder;
use crate::settings::{is_former_engine_setting, nearest};
use crate::store::{EnvironmentRecord, KnownConfiguration, RunRecord};
use crate::workspace::Workspace;
use crate::workspace::configurations::draft::{self, Folders};
use crate::workspace::configurations::{Precondition, Spool};

/// The line of `settings.toml` that selects the edition in which all features are on.
const EDITION: &str = "edition = \"2026\"";

/// A column of the file that no field claimed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedColumn)]
pub struct UnclaimedColumn {
    /// The name of the sheet.
    pub sheet: String,
    /// The header of the column.
    pub header: String,
}

/// A column and the field that it belongs to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptedHeader)]
pub struct ColumnOfField {
    /// The name of the field.
    pub field: String,
    /// The header of the column.
    pub header: String,
}

/// A column that may belong to a field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderSuggestion)]
pub struct Suggestion {
    /// The name of the field.
    pub field: String,
    /// The header of the column.
    pub header: String,
    /// The sheet of the column.
    pub sheet: String,
    /// The reason why it belongs to the field; null: only a person can know.
    pub reason: Option<String>,
    /// The likeness of field and header, from 0 to 1.
    pub likeness: f64,
}

/// A word that the file of words of a field lacks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = UnknownWord)]
pub struct UnknownWord {
    /// The name of the field.
    pub field: String,
    /// The text of the cells.
    pub word: String,
    /// The number of cells.
    pub count: u64,
    /// The path of the file in the configuration.
    pub file: String,
}

/// The fields and columns that could be matched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderSuggestions)]
pub struct FixCandidates {
    /// The fields without a column.
    pub fields: Vec<String>,
    /// The columns without a field.
    pub columns: Vec<UnclaimedColumn>,
    /// The columns with a field. They get another one only for one sender.
    pub mapped: Vec<ColumnOfField>,
    /// The possible matches, those with a reason first.
    pub suggestions: Vec<Suggestion>,
    /// The words that the files of words lack, by field, the most frequent first. Accept one as `word=meaning`.
    pub words: Vec<UnknownWord>,
}

/// A changed file of the configuration.
#[derive(Debug, Serialize)]
pub struct Edit {
    /// The path of the file.
    pub file: PathBuf,
    /// The fields, each with its new header.
    pub added: Vec<(String, String)>,
    /// The changes as a unified diff.
    pub diff: String,
    #[serde(skip)]
    old: Vec<u8>,
    #[serde(skip)]
    new: Vec<u8>,
}

/// A header that a person has to add by hand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderToPaste)]
pub struct ManualEdit {
    /// The name of the field.
    pub field: String,
    /// The new header of the field.
    pub header: String,
    /// The reason why it cannot be added automatically.
    pub why: String,
}

/// Returns the error that an accepted match is not among the candidates.
fn unknown(message: String, hint: String) -> Error {
    Error::usage(code::USAGE, message).hint(hint)
}

/// Lists names with commas between them.
pub fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Suggests the name that a misspelt one means, or lists all if none is similar.
fn meant(what: &str, given: &str, there: &[String]) -> String {
    match nearest(given, there.iter()) {
        Some(one) => format!("did you mean {one}?"),
        None => format!("the {what} are: {}", listed(there)),
    }
}

impl FixCandidates {
    /// Checks the accepted matches, each `(field, header)`. Each must be a suggestion, or combine a field without a column and
    /// a column without a field, or be `word=meaning` for an unknown word of the field. `for_sender`: they may have others for
    /// other senders. Returns them with the headers spelt as in the file.
    ///
    /// # Errors
    /// A match is neither.
    pub fn demand_known(
        &self,
        accepted: &[(String, String)],
        for_sender: bool,
    ) -> Result<Vec<(String, String)>, Error> {
        let mapped = self.mapped.iter().filter(|_| for_sender);
        let (mut fields, mut headers) = (self.fields.clone(), self.headers());
        for column in mapped {
            fields.push(column.field.clone());
            headers.push(column.header.clone());
        }
        let without = if for_sender { "" } else { " without a field" };
        let is_same =
            |header: &str, wanted: &str| header.trim().to_lowercase() == wanted.to_lowercase();
        let known = accepted.iter().map(|(field, header)| {
            let mut suggested = self.suggestions.iter();
            if let Some(offer) =
                suggested.find(|offer| offer.field == *field && is_same(&offer.header, header))
            {
                return Ok((field.clone(), offer.header.clone()));
            }
            if self.word_of(field, header).is_some() {
                return Ok((field.clone(), header.clone()));
            }
            if !fields.contains(field) {
                let message = match for_sender {
                    true => format!("there is no field {field}"),
                    false => format!("{field} is not among the fields without a column"),
                };
                return Err(unknown(message, meant("fields", field, &fields)));
            }
            let column = headers.iter().find(|known| is_same(known, header));
            let column = column.ok_or_else(|| {
                let message = format!("there is no column \"{header}\"{without}");
                unknown(message, meant("columns", header, &headers))
            })?;
            Ok((field.clone(), column.clone()))
        });
        known.collect()
    }

    /// Returns the unknown word of a field, and its meaning, of `word=meaning`.
    fn word_of<'a>(&self, field: &str, said: &'a str) -> Option<(&UnknownWord, &'a str)> {
        let (word, meaning) = said.rsplit_once('=')?;
        let is_meant = |known: &&UnknownWord| {
            known.field == field && known.word.to_lowercase() == word.trim().to_lowercase()
        };
        Some((self.words.iter().find(is_meant)?, meaning.trim()))
    }

    /// Returns the headers of the columns without a field.
    pub fn headers(&self) -> Vec<String> {
        let columns = self.columns.iter();
        columns.map(|column| column.header.clone()).collect()
    }
}

/// Returns the folder where the author edits a run's configuration: the given one, or the run's own.
///
/// # Errors
/// The run used a published configuration, or its folder is gone.
pub fn folder_of(
    workspace: &Workspace,
    run: &RunRecord,
    given: Option<&Path>,
) -> Result<PathBuf, Error> {
    let folder = given.unwrap_or(&run.configuration_path);
    let is_stored = run.options.configuration_version.is_some()
        || folder.starts_with(workspace.paths.configurations(workspace.id()));
    if given.is_none() && (is_stored || !folder.is_dir()) {
        let message = format!(
            "run {} used a published configuration, and a published version cannot be edited",
            run.id
        );
        return Err(Error::usage(code::USAGE, message)
            .hint("name the folder that you edit with --config DIR"));
    }
    Ok(folder.to_owned())
}

/// Returns the input of a run, if it is still there.
///
/// # Errors
/// The input is gone.
pub fn input_of(run: &RunRecord) -> Result<PathBuf, Error> {
    let staged = RunFolder::at(&run.run_dir).staged(&run.input_name);
    [run.input_path.clone(), staged]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            let message = format!("the input of run {} is gone", run.id);
            Error::usage(code::INPUT_GONE, message)
                .hint("run the original file again with `ade run`, and fix that run")
        })
}

/// Returns the possible fixes of a run's file, for a configuration whose environment is ready.
///
/// # Errors
/// The input is gone, or the engine cannot run it.
pub fn suggest(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    run: &RunRecord,
    cancel: &Cancel,
) -> Result<FixCandidates, Error> {
    let input = input_of(run)?;
    let input = input.canonicalize().unwrap_or(input);
    let asked = json!({
        "root": prepared.configuration.root, "input": input,
        "input_sheets": run.input_sheets, "active_sheet_only": run.options.active_sheet_only,
        "settings": settings_of(&run.options),
    });
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let answer = ask(engine, (EngineQuestion::Fix, &asked), vec![input], cancel)?;
    match answer.error() {
        Some(error) if error.code == code::CONFIG_ERROR => Err(not_loaded(error.to_string())),
        Some(error) => Err(Error::refused(error.known_code(), error.message)),
        None => answer.read(),
    }
}

/// Returns the configuration's files with added headers and words, each `(field, header)` as [`FixCandidates::demand_known`]
/// returns it, and those that a person has to add. `sender`: the name of the file whose sender alone gets the headers.
/// Writes nothing.
///
/// # Errors
/// The engine failed, or a file cannot be read.
pub fn edits(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    (found, accepted, sender): (&FixCandidates, &[(String, String)], Option<&str>),
    cancel: &Cancel,
) -> Result<(Vec<Edit>, Vec<ManualEdit>), Error> {
    #[derive(Deserialize)]
    struct FixEditAnswer {
        file: PathBuf,
        new: String,
        added: Vec<(String, String)>,
    }
    #[derive(Deserialize)]
    struct FixAnswer {
        edits: Vec<FixEditAnswer>,
        pastes: Vec<ManualEdit>,
    }
    let root = &prepared.configuration.root;
    let (mut headers, mut words) = (Vec::new(), Vec::new());
    for pair in accepted {
        match found.word_of(&pair.0, &pair.1) {
            Some((known, meaning)) => words.push(json!({
                "field": known.field, "word": known.word, "meaning": meaning, "file": known.file,
            })),
            None => headers.push(pair),
        }
    }
    let asked = json!({"root": root, "accept": headers, "words": words, "sender": sender});
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let answer = ask(engine, (EngineQuestion::Fix, &asked), Vec::new(), cancel)?;
    let FixAnswer { edits, pastes } = answer.read()?;
    let edit = |FixEditAnswer { file, new, added }: FixEditAnswer| {
        // The engine's process also runs the author's code, so the path that it names is checked.
        let is_inside = file.strip_prefix(root).is_ok_and(files::stays_below);
        if !is_inside {
            let why = format!("it changed {}", file.display());
            return Err(no_answer(why));
        }
        let old = fs::read(&file)
            .map_err(FileError::on("read", &file))
            .map_err(FileError::unwritable)?;
        let new = answer.file(&new)?;
        let diff = diff_of(file.strip_prefix(root).unwrap_or(&file), &old, &new);
        Ok(Edit {
            file,
            added,
            diff,
            old,
            new,
        })
    };
    let edits: Result<Vec<Edit>, Error> = edits.into_iter().map(edit).collect();
    Ok((edits?, pastes))
}

/// Changes the `settings.toml` of a configuration to edition 2026. `None` if it has that edition already.
///
/// # Errors
/// The file cannot be read.
pub fn of_edition(root: &Path) -> Result<Option<Edit>, Error> {
    of_settings(root, in_edition)
}

/// Adds these notices to the known ones of the sender of `file` in `settings.toml`. `None` if all are known already.
///
/// # Errors
/// The file cannot be read.
pub fn acknowledged(
    root: &Path,
    file: &str,
    notices: &[&RunNotice],
) -> Result<Option<Edit>, Error> {
    let senders = Senders::load(root);
    let mut all: Vec<([String; 3], &str)> = Vec::new();
    for told in notices {
        let entry = senders.entry(file, told);
        if !senders.knows(&entry) && all.iter().all(|(known, _)| *known != entry) {
            all.push((entry, told.message()));
        }
    }
    if all.is_empty() {
        return Ok(None);
    }
    of_settings(root, |text| {
        let mut text = text.trim_end().to_owned();
        for ([sender, rule, fingerprint], said) in &all {
            let value = |text: &str| toml::Value::String(text.to_owned());
            let (sender, said) = (value(sender), said.replace(char::is_control, " "));
            text += &format!(
                "\n\n# {said}\n[[known]]\nsender = {sender}\nrule = {}\nfingerprint = {}",
                value(rule),
                value(fingerprint)
            );
        }
        text.trim_start().to_owned() + "\n"
    })
}

/// Applies a change to the `settings.toml` of a configuration. `None` if the text stays the same.
fn of_settings(root: &Path, change: impl Fn(&str) -> String) -> Result<Option<Edit>, Error> {
    let file = root.join("settings.toml");
    let old = files::read_if_there(&file)
        .map_err(FileError::unwritable)?
        .unwrap_or_default();
    let new = change(&String::from_utf8_lossy(&old)).into_bytes();
    Ok((old != new).then(|| Edit {
        diff: diff_of(Path::new("settings.toml"), &old, &new),
        file,
        added: Vec::new(),
        old,
        new,
    }))
}

/// Puts the edition at the top of the settings, and removes the settings that it makes superfluous, with comments about these
/// alone.
fn in_edition(text: &str) -> String {
    let key_of = |line: &str| {
        let (key, _) = line.split_once('=')?;
        Some(key.trim().to_owned()).filter(|key| !key.contains('#'))
    };
    let goes = |line: &str| key_of(line).is_some_and(|key| is_former_engine_setting(&key));
    let is_of_edition = |line: &str| key_of(line).is_some_and(|key| key == "edition");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // A paragraph includes the blank lines after it.
    let ends_paragraph =
        |line: &&str, next: &&str| line.trim().is_empty() && !next.trim().is_empty();
    let mut new = match lines
        .iter()
        .any(|line| line.contains("edition") && is_of_edition(line))
    {
        true => String::new(),
        false => format!("{EDITION}\n\n"),
    };
    for paragraph in lines.chunk_by(|line, next| !ends_paragraph(line, next)) {
        let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let (gone, rest): (Vec<&str>, Vec<&str>) = paragraph.iter().partition(|line| goes(line));
        if !gone.is_empty() && !rest.iter().any(says) {
            continue;
        }
        for line in rest {
            if is_of_edition(line) {
                new += &format!("{EDITION}\n")
            } else {
                new += line
            }
        }
    }
    new
}

/// Writes an edit into a configuration that is edited over the API: into its draft, or its folder if that may be edited.
///
/// # Errors
/// The file was changed meanwhile, or cannot be written.
pub fn write_into(
    workspace: &Workspace,
    (known, folders): (&KnownConfiguration, Folders),
    edit: &Edit,
) -> Result<(), Error> {
    let mut content = Spool::begin(workspace, u64::MAX)?;
    content.write(&edit.new)?;
    let before = Precondition::Digest(vec![digest::sha256(&edit.old).to_string()]);
    let path = edit.path(known);
    draft::write(workspace, (known, folders), &path, content, &before)?;
    Ok(())
}

/// Adds the name of a run's file to the cases that were made of it. Returns the written files.
///
/// # Errors
/// The file of a case cannot be read or written.
pub fn name_cases(folder: &Path, run: &RunRecord) -> Result<Vec<PathBuf>, CasesError> {
    let mut all = match cases::find(folder) {
        Err(CasesError::None(_)) => Vec::new(),
        found => found?,
    };
    let named = |case| cases::name_input(case, std::iter::once(Ok(run.clone()))).transpose();
    all.iter_mut().filter_map(named).collect()
}

fn diff_of(name: &Path, old: &[u8], new: &[u8]) -> String {
    let name = name.to_string_lossy();
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let lines = TextDiff::from_lines(&*old, &*new);
    let mut shown = lines.unified_diff();
    shown
        .context_radius(1)
        .header(&format!("a/{name}"), &format!("b/{name}"));
    shown.to_string()
}

/// Writes the whole edited file, if it is still the file that was read.
///
/// # Errors
/// The file was changed meanwhile, or cannot be written.
pub fn write(edit: &Edit) -> Result<(), Error> {
    let now = files::read_if_there(&edit.file).map_err(FileError::unwritable)?;
    if now.unwrap_or_default() != edit.old {
        let message = format!("{} was changed meanwhile", edit.file.display());
        return Err(Error::refused(code::USAGE, message).hint("run `ade fix` again"));
    }
    let permissions = fs::metadata(&edit.file).map(|facts| facts.permissions());
    files::write_whole(&edit.file, &edit.new).map_err(FileError::unwritable)?;
    if let Ok(permissions) = permissions {
        let set = fs::set_permissions(&edit.file, permissions);
        set.map_err(FileError::on("write", &edit.file))
            .map_err(FileError::unwritable)?;
    }
    Ok(())
}

impl Edit {
    /// Returns the file's path in its configuration, with `/` between folders.
    pub fn path(&self, known: &KnownConfiguration) -> String {
        let below = self.file.strip_prefix(&known.record.path);
        below.unwrap_or(&self.file).to_string_lossy().into_owned()
    }

    /// Returns the edit that undoes this one.
    pub fn back(&self) -> Self {
        Self {
            file: self.file.clone(),
            added: Vec::new(),
            diff: String::new(),
            old: self.new.clone(),
            new: self.old.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_edition_makes_superfluous_goes_with_what_is_said_of_it() {
        for (old, new) in [
            ("", "edition = \"2026\"\n\n"),
            (
                "# Mine.\n\n# Rows.\ndetect_rows = true # all\n\n\ndate_order = \"mdy\"\n",
                "edition = \"2026\"\n\n# Mine.\n\ndate_order = \"mdy\"\n",
            ),
            (
                "edition = '1.9'\n# Both.\nissue_list = true\nissues_sheet = false\n",
                "edition = \"2026\"\n# Both.\nissues_sheet = false\n",
            ),
            (
                "edition = \"2026\"\n[files.\"us_*\"]\ntyped_fields = false\n# typed_fields = true\n",
                "edition = \"2026\"\n[files.\"us_*\"]\n# typed_fields = true\n",
            ),
        ] {
            assert_eq!(in_edition(old), new, "{old}");
            assert_eq!(in_edition(new), new, "{new}");
        }
    }
}
