//! Headers that a configuration lacks: which columns of a run's file no field claimed, which fields they may be, and the author's files
//! with the headers that were chosen. `ade fix`.
//!
//! The engine looks and edits, in a process that is confined as a run is; what it gives back is written here, where it is wanted.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use similar::TextDiff;
use utoipa::ToSchema;

use super::cases::{self, CasesError};
use super::engine::{Engine, ask, no_answer, not_loaded};
use crate::base::cancel::Cancel;
use crate::base::digest;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::engine::{EngineQuestion, Told};
use crate::environment::needed::prepare::Prepared;
use crate::run::execution::attempt::settings_of;
use crate::run::results::senders::Senders;
use crate::settings::paths::RunFolder;
use crate::settings::{is_former_engine_setting, nearest};
use crate::store::{EnvironmentRecord, KnownConfiguration, RunRecord};
use crate::workspace::Workspace;
use crate::workspace::configurations::draft::{self, Folders};
use crate::workspace::configurations::{Precondition, Spool};

/// How `settings.toml` says that a configuration is of the edition in which nothing has to be switched on.
const EDITION: &str = "edition = \"2026\"";

/// A column of the file that no field claimed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = UnclaimedColumn)]
pub struct Column {
    /// The sheet.
    pub sheet: String,
    /// Its header.
    pub header: String,
}

/// A column that may be a field's.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderSuggestion)]
pub struct Suggestion {
    /// The field.
    pub field: String,
    /// The column's header.
    pub header: String,
    /// Its sheet.
    pub sheet: String,
    /// Why it is; null: nobody knows, and a person may.
    pub reason: Option<String>,
    /// How alike they look, from 0 to 1.
    pub likeness: f64,
}

/// What could be mended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderSuggestions)]
pub struct Found {
    /// The fields without a column.
    pub fields: Vec<String>,
    /// The columns without a field.
    pub columns: Vec<Column>,
    /// Which may belong together, those with a reason first.
    pub suggestions: Vec<Suggestion>,
}

/// A file of the configuration with more headers.
#[derive(Debug, Serialize)]
pub struct Edit {
    /// The file.
    pub file: PathBuf,
    /// The fields, each with its new header.
    pub added: Vec<(String, String)>,
    /// What differs, as a patch has it.
    pub diff: String,
    #[serde(skip)]
    old: Vec<u8>,
    #[serde(skip)]
    new: Vec<u8>,
}

/// What a person has to write.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HeaderToPaste)]
pub struct Paste {
    /// The field.
    pub field: String,
    /// Its new header.
    pub header: String,
    /// Why it cannot be written.
    pub why: String,
}

/// What was accepted is none of what could be mended.
fn unknown(message: String, hint: String) -> Error {
    Error::usage(code::USAGE, message).hint(hint)
}

/// Names with commas between them.
pub fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The name that a misspelt one means; where none is near, all.
fn meant(what: &str, given: &str, there: &[String]) -> String {
    match nearest(given, there.iter()) {
        Some(one) => format!("did you mean {one}?"),
        None => format!("the {what} are: {}", listed(there)),
    }
}

impl Found {
    /// What was accepted, each `(field, header)`, as the file has it: it has to be suggested, or a field without a column and a column
    /// without a field.
    ///
    /// # Errors
    /// It is neither.
    pub fn demand_known(
        &self,
        accepted: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Error> {
        let is_same =
            |header: &str, wanted: &str| header.trim().to_lowercase() == wanted.to_lowercase();
        let known = accepted.iter().map(|(field, header)| {
            let mut suggested = self.suggestions.iter();
            if let Some(one) =
                suggested.find(|one| one.field == *field && is_same(&one.header, header))
            {
                return Ok((field.clone(), one.header.clone()));
            }
            if !self.fields.contains(field) {
                let message = format!("{field} is not among the fields without a column");
                return Err(unknown(message, meant("fields", field, &self.fields)));
            }
            let mut headers = self.headers();
            let column = headers.find(|one| is_same(one, header));
            let column = column.ok_or_else(|| {
                let headers: Vec<String> = self.headers().cloned().collect();
                let message = format!("there is no column \"{header}\" that no field claimed");
                unknown(message, meant("columns", header, &headers))
            })?;
            Ok((field.clone(), column.clone()))
        });
        known.collect()
    }

    /// The headers of the columns without a field.
    pub fn headers(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().map(|column| &column.header)
    }
}

/// The folder of the author that a run's configuration came from: the one that is `given`, or the run's own.
///
/// # Errors
/// The run used a stored configuration, or its folder is gone.
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

/// The input of a run, where it still is.
///
/// # Errors
/// It is gone.
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

/// What of a run's file could be mended in a configuration whose environment is ready.
///
/// # Errors
/// The input is gone, or the engine cannot run it.
pub fn suggest(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    run: &RunRecord,
    cancel: &Cancel,
) -> Result<Found, Error> {
    let input = input_of(run)?;
    let input = input.canonicalize().unwrap_or(input);
    let asked = json!({
        "root": prepared.configuration.root, "input": input,
        "input_sheets": run.input_sheets, "active_sheet_only": run.options.active_sheet_only,
        "settings": settings_of(&run.options),
    });
    let engine = Engine {
        workspace,
        prepared,
        environment,
    };
    let answer = ask(engine, (EngineQuestion::Fix, &asked), vec![input], cancel)?;
    match answer.error() {
        Some(error) => Err(not_loaded(error.to_string())),
        None => answer.read(),
    }
}

/// The files of a configuration with more headers, each `(field, header)`; and what a person has to write. Nothing is written.
///
/// # Errors
/// The engine failed, or a file cannot be read.
pub fn edits(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    accepted: &[(String, String)],
    cancel: &Cancel,
) -> Result<(Vec<Edit>, Vec<Paste>), Error> {
    #[derive(Deserialize)]
    struct Made {
        file: PathBuf,
        new: String,
        added: Vec<(String, String)>,
    }
    #[derive(Deserialize)]
    struct Answer {
        edits: Vec<Made>,
        pastes: Vec<Paste>,
    }
    let root = &prepared.configuration.root;
    let asked = json!({"root": root, "accept": accepted});
    let engine = Engine {
        workspace,
        prepared,
        environment,
    };
    let answer = ask(engine, (EngineQuestion::Fix, &asked), Vec::new(), cancel)?;
    let Answer { edits, pastes } = answer.read()?;
    let edit = |Made { file, new, added }: Made| {
        // The engine's process runs the author's code, too: what it names is looked at before it is believed.
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

/// The `settings.toml` of a configuration in edition 2026; `None`: it is.
///
/// # Errors
/// It cannot be read.
pub fn of_edition(root: &Path) -> Result<Option<Edit>, Error> {
    of_settings(root, in_edition)
}

/// The `settings.toml` of a configuration in which these notices are known of the sender of `file`; `None`: they are.
///
/// # Errors
/// It cannot be read.
pub fn acknowledged(root: &Path, file: &str, notices: &[&Told]) -> Result<Option<Edit>, Error> {
    let senders = Senders::of(root);
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

/// The `settings.toml` of a configuration with a change; `None`: it is the same.
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

/// Settings with the edition at their top and without those that it has made superfluous, nor what is said of these alone.
fn in_edition(text: &str) -> String {
    let key_of = |line: &str| {
        let (key, _) = line.split_once('=')?;
        Some(key.trim().to_owned()).filter(|key| !key.contains('#'))
    };
    let goes = |line: &str| key_of(line).is_some_and(|key| is_former_engine_setting(&key));
    let is_of_edition = |line: &str| key_of(line).is_some_and(|key| key == "edition");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // Paragraphs with the blank lines behind them.
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

/// Writes an edit into a configuration that is edited over the API: its draft, or its folder where that may be edited.
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
    let before = Precondition::Digest(vec![digest::of(&edit.old).to_string()]);
    let path = edit.path(known);
    draft::write(workspace, (known, folders), &path, content, &before)?;
    Ok(())
}

/// Has the cases of a configuration that were made of a run's file know its name. Returns the files that were written.
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

/// Writes an edit: the file as a whole, if it is still the one that was read.
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
    /// The file's path in its configuration, with `/` between folders.
    pub fn path(&self, known: &KnownConfiguration) -> String {
        let below = self.file.strip_prefix(&known.record.path);
        below.unwrap_or(&self.file).to_string_lossy().into_owned()
    }

    /// The edit that takes this one back.
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
