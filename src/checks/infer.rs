//! Infers a configuration from sample files: fields for their columns, with readers, checks and settings, and a case for each
//! sample. `ade init --from`.
//!
//! The engine infers and writes, in a process that is confined as a run is. Its files first form a configuration in a temporary
//! folder, where the cases are run: their results become the expected tables. The new configuration's folder gets all files at
//! once. The environment already belongs to that folder, so that the first run finds it ready.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::cases;
use super::engine::{CheckEngine, EngineAnswer, ask, temporary};
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::configuration::Configuration;
use crate::configuration::scaffold::{self, NewFile};
use crate::engine::EngineQuestion;
use crate::environment::needed::prepare::{PreparedConfiguration, prepare_frozen};
use crate::run::inputs::input::is_supported;
use crate::store::{ConfigurationRecord, EnvironmentRecord};
use crate::workspace::Workspace;

/// The columns that the result should have.
#[derive(Clone, Debug)]
pub enum WishedFields {
    /// The names of the columns.
    Names(Vec<String>),
    /// A file whose header has the columns.
    File(PathBuf),
}

impl WishedFields {
    /// Parses the name of a file, or names with commas between them.
    ///
    /// # Errors
    /// The text looks like the name of a file that does not exist, or names a file of another format.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let path = PathBuf::from(text);
        match path.is_file() {
            true if is_supported(&path) => Ok(Self::File(path)),
            false if !is_supported(&path) => {
                let names = text.split(',').map(|name| name.trim().to_owned());
                Ok(Self::Names(names.filter(|name| !name.is_empty()).collect()))
            }
            is_there => {
                let (code, what) = match is_there {
                    true => (
                        code::UNSUPPORTED_FORMAT,
                        "has a format that is not supported",
                    ),
                    false => (code::INPUT_NOT_FOUND, "is not a file"),
                };
                Err(Error::usage(code, format!("{} {what}", path.display()))
                    .hint("give --fields an .xlsx or .csv file whose header has the wanted columns, or their names: name,date,amount"))
            }
        }
    }
}

/// A field of the new configuration.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredField)]
pub struct SampleField {
    /// The name of the field.
    pub name: String,
    /// The label of the field.
    pub label: String,
    /// The headers by which the field is found.
    pub headers: Vec<String>,
    /// The reader of the field.
    pub read: String,
    /// The checks of the field: `required`, `unique`, `one_of`, `not_negative`.
    pub checks: Vec<String>,
    /// The allowed values of `one_of`.
    pub values: Vec<String>,
    /// The field's columns in the samples: file and header.
    pub columns: Vec<(String, String)>,
    /// Columns with another header that belong to the field, with the reasons.
    pub merges: Vec<Merge>,
    /// A header that possibly means the same.
    pub perhaps: Option<String>,
    /// Remarks for the person who checks the field.
    pub remarks: Vec<String>,
}

/// A column that belongs to a field although its header differs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredMerge)]
pub struct Merge {
    /// The name of the sample.
    pub sample: String,
    /// The header of the column.
    pub header: String,
    /// The reason why it belongs to the field.
    pub reason: String,
}

/// A column that became no field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ColumnLeftOut)]
pub struct OmittedColumn {
    /// The header of the column.
    pub header: String,
    /// The reason why it was left out.
    pub reason: String,
}

/// A setting that columns determine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ShownSetting)]
pub struct ShownSetting {
    /// The name of the setting.
    pub name: String,
    /// The value of the setting.
    pub value: String,
    /// The headers of the columns that determine it.
    pub shown_by: Vec<String>,
}

/// A sender: samples of one layout.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredSender)]
pub struct InferredSender {
    /// The files of the sender.
    pub files: Vec<String>,
    /// The pattern of the file names. Empty if no pattern matches these files alone.
    pub pattern: String,
    /// The fields without a column in these files.
    pub lacks: Vec<String>,
    /// The settings for dates and numbers of this sender.
    pub settings: Vec<SenderSetting>,
}

/// A setting of a sender.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SenderSetting)]
pub struct SenderSetting {
    /// The name of the setting.
    pub name: String,
    /// The value of the setting.
    pub value: String,
    /// The reason for this value.
    pub why: String,
}

/// A question to a person whose answer affects cells.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredQuestion)]
pub struct Question {
    /// The number of the question, from 1.
    pub id: usize,
    /// The kind of question: `same`, or the name of the setting in question.
    pub kind: String,
    /// The question in words.
    pub text: String,
    /// The number of cells whose column or value depends on the answer.
    pub cells: usize,
    /// Whether several of the offers may be right.
    pub several: bool,
    /// The header that the question is about.
    pub header: String,
    /// The sample that has the header; none for a requested column.
    pub sample: Option<String>,
    /// Three values of the column.
    pub values: Vec<String>,
    /// The possible answers to it.
    pub offers: Vec<Offer>,
}

/// A possible answer to a question.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredOffer)]
pub struct Offer {
    /// The answer in words.
    pub text: String,
    /// The header, if the answer is a column.
    #[serde(default)]
    pub header: Option<String>,
    /// The sample, if the answer is a column.
    #[serde(default)]
    pub sample: Option<String>,
    /// Three values of the column.
    pub values: Vec<String>,
    /// The number of cells that depend on it.
    pub cells: usize,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    answer: Value,
}

/// A person's answer to a question. Offers that are not listed are wrong.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = InferredAnswer)]
#[serde(deny_unknown_fields)]
pub struct QuestionAnswer {
    /// The number of the question.
    pub question: usize,
    /// The numbers of the right offers, counted from 1.
    pub right: Vec<usize>,
}

impl QuestionAnswer {
    /// Returns the answer in the engine's form.
    fn told(&self, questions: &[Question]) -> Vec<Value> {
        let mut asked = questions
            .iter()
            .filter(|question| question.id == self.question);
        let offers = asked
            .next()
            .map_or(&[][..], |question| &question.offers[..]);
        let told = offers.iter().enumerate().map(|(at, offer)| {
            let mut answer = offer.answer.clone();
            answer["yes"] = self.right.contains(&(at + 1)).into();
            answer
        });
        told.collect()
    }
}

/// Returns the answer, for the engine, that two headers mean the same in all files.
pub fn same_headers(one: &str, other: &str) -> Value {
    json!({"kind": "headers", "headers": [one, other], "yes": true})
}

/// A sample that was read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredSample)]
pub struct Sample {
    /// The name of the file.
    pub name: String,
    /// The number of records in it.
    pub rows: usize,
}

/// A sample that was skipped.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SamplePassedOver)]
pub struct SkippedSample {
    /// The name of the file.
    pub name: String,
    /// The reason why it was skipped.
    pub reason: String,
}

/// A case made from a sample.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredCase)]
pub struct NewCase {
    /// The name of the case.
    pub name: String,
    /// The name of the sample.
    pub sample: String,
    /// The number of the sample's records that the case leaves out.
    pub left_out: usize,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    input: String,
}

/// The configuration inferred from samples.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InferredConfiguration {
    /// The samples that were read.
    pub samples: Vec<Sample>,
    /// The samples that were skipped: empty, broken, or without records.
    pub passed_over: Vec<SkippedSample>,
    /// The fields of the configuration.
    pub fields: Vec<SampleField>,
    /// The columns that became no field.
    pub left_out: Vec<OmittedColumn>,
    /// The settings of the configuration.
    pub settings: Vec<ShownSetting>,
    /// The names of the settings in which the senders differ.
    pub differing: Vec<String>,
    /// The senders of the samples.
    pub senders: Vec<InferredSender>,
    /// The cases made from the samples.
    pub cases: Vec<NewCase>,
    /// Questions to a person, those that affect the most cells first.
    pub questions: Vec<Question>,
    /// The things that a person should check first.
    pub look: Vec<String>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    tables: String,
}

/// The inferred configuration with the engine's answer, which holds its files.
struct InferenceAnswer {
    inferred: InferredConfiguration,
    answer: EngineAnswer,
}

/// A configuration that is being made for a folder.
pub struct InferenceSession<'a> {
    workspace: &'a Workspace,
    name: String,
    record: ConfigurationRecord,
}

impl<'a> InferenceSession<'a> {
    /// Begins a configuration with this name for a folder, which need not exist.
    ///
    /// # Errors
    /// It cannot be recorded.
    pub fn begin(workspace: &'a Workspace, folder: &Path, name: &str) -> Result<Self, Error> {
        let record = ConfigurationRecord {
            id: workspace.machine.new_id(),
            workspace_id: workspace.id().to_owned(),
            name: name.to_owned(),
            path: canonical(folder).map_err(FileError::unwritable)?,
        };
        let record = workspace
            .store
            .ensure_configuration(&record, workspace.machine.now())?;
        Ok(Self::from_record(workspace, record, name))
    }

    /// Continues with a configuration that is already recorded.
    pub fn from_record(workspace: &'a Workspace, record: ConfigurationRecord, name: &str) -> Self {
        let name = name.to_owned();
        Self {
            workspace,
            name,
            record,
        }
    }

    /// Prepares the configuration without any fields, to find out what the samples hold. It shares the environment of the
    /// finished configuration.
    ///
    /// # Errors
    /// The snapshot cannot be stored, or no suitable Python is found.
    pub fn without_fields(&self) -> Result<PreparedConfiguration, Error> {
        let mut files = scaffold::files_for(&self.name, "", &[]);
        files.push((
            PathBuf::from(scaffold::FIELDS),
            b"def register(registry):\n    pass\n".to_vec(),
        ));
        self.prepared(&files)
    }

    /// Prepares a snapshot of these files as this configuration.
    fn prepared(&self, files: &[NewFile]) -> Result<PreparedConfiguration, Error> {
        let (place, []) = temporary([])?;
        scaffold::write(place.path(), files).map_err(FileError::unwritable)?;
        let configuration = Configuration::open(place.path())?;
        let paths = &self.workspace.paths;
        let snapshots = paths.snapshots(self.workspace.id(), &self.record.id);
        let (sources, snapshot) = configuration.snapshot_except(&snapshots, &[])?;
        Ok(prepare_frozen(
            self.workspace,
            &self.record,
            &snapshot,
            &sources.digest,
        )?)
    }

    /// Infers a configuration from samples. Returns it with its files. `engine`: the configuration without fields and its ready
    /// environment; `known`: headers that mean the same ([`same_headers`]); `asks`: returns a person's answers to some of the
    /// questions. It is called again with the questions that are left after them, until it returns none.
    ///
    /// # Errors
    /// The engine failed, or a sample holds too little.
    pub fn infer(
        &self,
        engine: (&PreparedConfiguration, &EnvironmentRecord),
        samples: &[PathBuf],
        wished: Option<&WishedFields>,
        (mut known, mut asks): (Vec<Value>, impl FnMut(&[Question]) -> Vec<QuestionAnswer>),
        cancel: &Cancel,
    ) -> Result<(InferredConfiguration, Vec<NewFile>), Error> {
        let infer = |known: &[Value]| self.told(engine, samples, wished, known, cancel);
        let mut told = infer(&known)?;
        loop {
            let questions = &told.inferred.questions;
            let said = asks(questions);
            if said.is_empty() {
                break;
            }
            known.extend(said.iter().flat_map(|answer| answer.told(questions)));
            told = infer(&known)?;
        }
        let files = self.files(&told, engine.1, wished.is_some(), cancel)?;
        Ok((told.inferred, files))
    }

    fn told(
        &self,
        (empty, environment): (&PreparedConfiguration, &EnvironmentRecord),
        samples: &[PathBuf],
        wished: Option<&WishedFields>,
        answers: &[Value],
        cancel: &Cancel,
    ) -> Result<InferenceAnswer, Error> {
        let engine = CheckEngine {
            workspace: self.workspace,
            prepared: empty,
            environment,
        };
        let (asked, inputs) = asked(samples, wished, answers);
        let answer = ask(engine, (EngineQuestion::Infer, &asked), inputs, cancel)?;
        if let Some(error) = answer.error() {
            return Err(Error::usage(error.known_code(), error.message)
                .hint("use a file of one sender that has a header row and records below it"));
        }
        let inferred = answer.read()?;
        Ok(InferenceAnswer { inferred, answer })
    }

    /// Returns the files of the new configuration.
    fn files(
        &self,
        InferenceAnswer { inferred, answer }: &InferenceAnswer,
        environment: &EnvironmentRecord,
        is_wished: bool,
        cancel: &Cancel,
    ) -> Result<Vec<NewFile>, Error> {
        let mut files =
            scaffold::files_for(&self.name, &about(inferred), &lines(inferred, is_wished));
        if let Some((_, settings)) = files
            .iter_mut()
            .find(|(path, _)| path == Path::new("settings.toml"))
        {
            settings.extend(inferred.tables.as_bytes());
        }
        files.push((PathBuf::from(scaffold::FIELDS), answer.file("fields.py")?));
        for case in &inferred.cases {
            let folder = PathBuf::from("tests/cases").join(&case.name);
            let name = files::name_of(Path::new(&case.input));
            let options = unchecked(case, Path::new(&name));
            files.push((folder.join(name), answer.file(&case.input)?));
            files.push((folder.join("case.toml"), options.into_bytes()));
        }
        self.expect(&mut files, inferred, environment, cancel)?;
        Ok(files)
    }

    /// Runs the cases of the new configuration, and adds the results as the expected tables.
    fn expect(
        &self,
        files: &mut Vec<NewFile>,
        inferred: &InferredConfiguration,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let prepared = self.prepared(files)?;
        let found = cases::find(&prepared.snapshot)?;
        let results = cases::run(self.workspace, &prepared, environment, &found, cancel)?;
        for result in results {
            let folder = PathBuf::from("tests/cases").join(&result.name);
            let Some(text) = result.came_out else {
                let sample = inferred.cases.iter().find(|case| case.name == result.name);
                let sample = sample.map_or("", |case| &case.sample);
                let why = result.error.unwrap_or_default();
                let message =
                    format!("the new configuration does not run the sample {sample}: {why}");
                return Err(Error::refused(code::CONFIG_INVALID, message));
            };
            files.push((folder.join("expected.csv"), text.into_bytes()));
        }
        files.sort_by(|file, other| file.0.cmp(&other.0));
        Ok(())
    }
}

/// Returns the canonical path that a folder will have once it exists.
fn canonical(folder: &Path) -> Result<PathBuf, FileError> {
    let whole = std::path::absolute(folder).map_err(FileError::on("find", folder))?;
    let there = whole.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or(Path::new("/"));
    let known = fs::canonicalize(there).map_err(FileError::on("open", there))?;
    let rest = whole.strip_prefix(there).unwrap_or(Path::new(""));
    Ok(if rest == Path::new("") {
        known
    } else {
        known.join(rest)
    })
}

/// Returns the question to the engine, and the files that it reads.
fn asked(
    samples: &[PathBuf],
    wished: Option<&WishedFields>,
    answers: &[Value],
) -> (Value, Vec<PathBuf>) {
    let whole = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let mut inputs: Vec<PathBuf> = samples.iter().map(whole).collect();
    let listed: Vec<Value> = samples
        .iter()
        .zip(&inputs)
        .map(|(path, input)| json!({"name": files::name_of(path), "input": input}))
        .collect();
    let fields = match wished {
        None => Value::Null,
        Some(WishedFields::Names(names)) => json!({"names": names}),
        Some(WishedFields::File(path)) => {
            inputs.push(whole(path));
            json!({"file": whole(path), "name": files::name_of(path)})
        }
    };
    let asked = json!({"samples": listed, "fields": fields, "answers": answers});
    (asked, inputs)
}

/// Returns the description of the new configuration.
fn about(inferred: &InferredConfiguration) -> String {
    let names: Vec<String> = inferred
        .samples
        .iter()
        .map(|sample| plain(&sample.name))
        .collect();
    format!("Reads tables such as those of {}", names.join(", "))
}

/// Returns a text without the characters that end a comment or a quoted text.
fn plain(text: &str) -> String {
    let is_plain = |letter: &char| !letter.is_control() && !"\"\\".contains(*letter);
    text.chars().filter(is_plain).collect()
}

/// Returns the lines of settings.toml that differ from the template's.
fn lines(inferred: &InferredConfiguration, is_wished: bool) -> Vec<(&str, String)> {
    let shown = inferred.settings.iter().map(|setting| {
        let by: Vec<String> = setting
            .shown_by
            .iter()
            .take(3)
            .map(|header| plain(header))
            .collect();
        let line = format!(
            "{} = {:?}  # shown by {}",
            setting.name,
            setting.value,
            by.join(", ")
        );
        (setting.name.as_str(), line)
    });
    let differing = inferred.differing.iter().map(|name| {
        let line = format!("# {name}: not the same for all senders, see the tables at the end");
        (name.as_str(), line)
    });
    let all = ("all_fields", "all_fields = true".to_owned());
    shown
        .chain(differing)
        .chain(is_wished.then_some(all))
        .collect()
}

/// Returns the `case.toml` of a case that was made automatically.
fn unchecked(case: &NewCase, input: &Path) -> String {
    let cut = match case.left_out {
        0 => String::new(),
        1 => ", without 1 of its records".to_owned(),
        count => format!(", without {count} of its records"),
    };
    // Cases use few formats, so the extension may differ from the sample's.
    let name = Path::new(&case.sample).with_extension(input.extension().unwrap_or_default());
    format!(
        "# From {}{cut}. Nobody has checked expected.csv yet: it is the result for the input today.\n{}checked = false\n",
        plain(&case.sample),
        cases::input_name_line(&name.to_string_lossy())
    )
}
