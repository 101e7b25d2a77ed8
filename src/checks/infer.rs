//! The configuration that sample files show: their columns as fields, with readers, checks and settings, and a case of each sample.
//! `ade init --from`.
//!
//! The engine infers and writes, in a process that is confined as a run is. What it makes is a configuration in a temporary folder first,
//! whose cases are run there: what comes out is what they expect. Nothing is in the folder of the new configuration before all of it is
//! there, but its environment is that folder's, so that the first run has it already.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::cases;
use super::engine::{Answer, Engine, ask, temporary};
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::configuration::Configuration;
use crate::configuration::scaffold::{self, NewFile};
use crate::engine::EngineQuestion;
use crate::environment::needed::prepare::{Prepared, prepare_frozen};
use crate::run::inputs::input::is_supported;
use crate::store::{ConfigurationRecord, EnvironmentRecord};
use crate::workspace::Workspace;

/// The wished columns.
#[derive(Clone, Debug)]
pub enum Wished {
    /// By their names.
    Names(Vec<String>),
    /// As a file has them.
    File(PathBuf),
}

impl Wished {
    /// A file, or names with commas between them.
    ///
    /// # Errors
    /// It is named like a file, and there is none.
    pub fn of(text: &str) -> Result<Self, Error> {
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
                    false => (code::INPUT_NOT_FOUND, "is no file"),
                };
                Err(Error::usage(code, format!("{} {what}", path.display()))
                    .hint("--fields takes an .xlsx or .csv file whose header has the wished columns, or their names: name,date,amount"))
            }
        }
    }
}

/// A field of the new configuration.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredField)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The headers that it is found by.
    pub headers: Vec<String>,
    /// Its reader.
    pub read: String,
    /// Its checks: `required`, `unique`, `one_of`, `not_negative`.
    pub checks: Vec<String>,
    /// The values of `one_of`.
    pub values: Vec<String>,
    /// The samples' columns that it has: file and header.
    pub columns: Vec<(String, String)>,
    /// Columns with another header, and why they are the same.
    pub merges: Vec<Merge>,
    /// The header that it is perhaps the same as.
    pub perhaps: Option<String>,
    /// What a person should know of it.
    pub remarks: Vec<String>,
}

/// A column that is a field's for a reason.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredMerge)]
pub struct Merge {
    /// The sample.
    pub sample: String,
    /// Its header.
    pub header: String,
    /// Why.
    pub reason: String,
}

/// A column that is no field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ColumnLeftOut)]
pub struct LeftOut {
    /// Its header.
    pub header: String,
    /// Why.
    pub reason: String,
}

/// A setting that columns show.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ShownSetting)]
pub struct Shown {
    /// The setting.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The headers of the columns.
    pub shown_by: Vec<String>,
}

/// A sender: samples of one layout.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredSender)]
pub struct Sender {
    /// Its files.
    pub files: Vec<String>,
    /// The pattern of their names; empty: there is none that is theirs alone.
    pub pattern: String,
    /// The fields that it has no column of.
    pub lacks: Vec<String>,
    /// How it writes days and numbers.
    pub settings: Vec<Own>,
}

/// A setting of a sender.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SenderSetting)]
pub struct Own {
    /// The setting.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Why it is this one.
    pub why: String,
}

/// What a person may know, and cells depend on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredQuestion)]
pub struct Question {
    /// Its number, from 1.
    pub id: usize,
    /// `same`, or the setting that is asked for.
    pub kind: String,
    /// It in words.
    pub text: String,
    /// So many cells stand elsewhere, or are read otherwise, depending on the answer.
    pub cells: usize,
    /// Whether several of the offers may be right.
    pub several: bool,
    /// The header that is asked about.
    pub header: String,
    /// Its sample; none where it is a wished column.
    pub sample: Option<String>,
    /// Three of its values.
    pub values: Vec<String>,
    /// What may be the answer.
    pub offers: Vec<Offer>,
}

/// A possible answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredOffer)]
pub struct Offer {
    /// It in words.
    pub text: String,
    /// Its header, where it is a column.
    #[serde(default)]
    pub header: Option<String>,
    /// Its sample, where it is a column.
    #[serde(default)]
    pub sample: Option<String>,
    /// Three of its values.
    pub values: Vec<String>,
    /// The cells that depend on it.
    pub cells: usize,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    answer: Value,
}

/// What a person says of a question; the other offers are not right.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = InferredAnswer)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The question's number.
    pub question: usize,
    /// The numbers of the offers that are right, from 1.
    pub right: Vec<usize>,
}

impl Said {
    /// What the engine is told.
    fn told(&self, questions: &[Question]) -> Vec<Value> {
        let mut asked = questions.iter().filter(|one| one.id == self.question);
        let offers = asked.next().map_or(&[][..], |one| &one.offers[..]);
        let told = offers.iter().enumerate().map(|(at, offer)| {
            let mut answer = offer.answer.clone();
            answer["yes"] = self.right.contains(&(at + 1)).into();
            answer
        });
        told.collect()
    }
}

/// What the engine is told of two headers that are the same, whatever the files.
pub fn same_headers(one: &str, other: &str) -> Value {
    json!({"kind": "headers", "headers": [one, other], "yes": true})
}

/// A sample that was read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredSample)]
pub struct Sample {
    /// The file's name.
    pub name: String,
    /// The records in it.
    pub rows: usize,
}

/// A sample that nothing can be learnt from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SamplePassedOver)]
pub struct PassedOver {
    /// The file's name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A case of a sample.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InferredCase)]
pub struct NewCase {
    /// Its name.
    pub name: String,
    /// The sample.
    pub sample: String,
    /// How many of its records the case has not.
    pub left_out: usize,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    input: String,
}

/// What samples show.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Inferred {
    /// The samples.
    pub samples: Vec<Sample>,
    /// Those that say nothing: empty, broken, or without records.
    pub passed_over: Vec<PassedOver>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The columns that are none.
    pub left_out: Vec<LeftOut>,
    /// The settings.
    pub settings: Vec<Shown>,
    /// The settings in which the senders differ.
    pub differing: Vec<String>,
    /// The senders.
    pub senders: Vec<Sender>,
    /// The cases.
    pub cases: Vec<NewCase>,
    /// What a person may know, the most cells first.
    pub questions: Vec<Question>,
    /// What a person should look at first.
    pub look: Vec<String>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    tables: String,
}

/// What samples show, with the files that say it.
struct Told {
    inferred: Inferred,
    answer: Answer,
}

/// A configuration that is being made for a folder.
pub struct New<'a> {
    workspace: &'a Workspace,
    name: String,
    record: ConfigurationRecord,
}

impl<'a> New<'a> {
    /// One of this name for a folder, which need not exist.
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
        Ok(Self::of(workspace, record, name))
    }

    /// One that is recorded already.
    pub fn of(workspace: &'a Workspace, record: ConfigurationRecord, name: &str) -> Self {
        let name = name.to_owned();
        Self {
            workspace,
            name,
            record,
        }
    }

    /// It without any fields, to find out what the samples hold. Its environment is the one of the configuration that will be.
    ///
    /// # Errors
    /// It cannot be kept, or no Python suits it.
    pub fn without_fields(&self) -> Result<Prepared, Error> {
        let mut files = scaffold::files_for(&self.name, "", &[]);
        files.push((
            PathBuf::from(scaffold::FIELDS),
            b"def register(registry):\n    pass\n".to_vec(),
        ));
        self.prepared(&files)
    }

    /// A snapshot of files as this configuration, prepared.
    fn prepared(&self, files: &[NewFile]) -> Result<Prepared, Error> {
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

    /// What samples show, and the files of the configuration that follows. `empty`: the configuration without fields, whose environment is
    /// ready; `known`: headers that are the same ([`same_headers`]); `asks`: what a person says of the questions.
    ///
    /// # Errors
    /// The engine failed, or a sample says too little.
    pub fn infer(
        &self,
        engine: (&Prepared, &EnvironmentRecord),
        samples: &[PathBuf],
        wished: Option<&Wished>,
        (mut known, asks): (Vec<Value>, impl FnOnce(&[Question]) -> Vec<Said>),
        cancel: &Cancel,
    ) -> Result<(Inferred, Vec<NewFile>), Error> {
        let infer = |known: &[Value]| self.told(engine, samples, wished, known, cancel);
        let mut told = infer(&known)?;
        let questions = &told.inferred.questions;
        let said = asks(questions);
        if !said.is_empty() {
            known.extend(said.iter().flat_map(|one| one.told(questions)));
            told = infer(&known)?;
        }
        let files = self.files(&told, engine.1, wished.is_some(), cancel)?;
        Ok((told.inferred, files))
    }

    fn told(
        &self,
        (empty, environment): (&Prepared, &EnvironmentRecord),
        samples: &[PathBuf],
        wished: Option<&Wished>,
        answers: &[Value],
        cancel: &Cancel,
    ) -> Result<Told, Error> {
        let engine = Engine {
            workspace: self.workspace,
            prepared: empty,
            environment,
        };
        let (asked, inputs) = asked(samples, wished, answers);
        let answer = ask(engine, (EngineQuestion::Infer, &asked), inputs, cancel)?;
        if let Some(error) = answer.error() {
            let code = code::known(&error.code).unwrap_or(code::INPUT_ERROR);
            return Err(Error::usage(code, error.message).hint(
                "a sample is a file of one sender with a row of headers and records below it",
            ));
        }
        let inferred = answer.read()?;
        Ok(Told { inferred, answer })
    }

    /// The files of the configuration that follows.
    fn files(
        &self,
        Told { inferred, answer }: &Told,
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

    /// Runs the cases of the new configuration, and adds what comes out as what they expect.
    fn expect(
        &self,
        files: &mut Vec<NewFile>,
        inferred: &Inferred,
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
        files.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(())
    }
}

/// The path that a folder will have once it exists.
fn canonical(folder: &Path) -> Result<PathBuf, FileError> {
    let whole = std::path::absolute(folder).map_err(FileError::on("find", folder))?;
    let there = whole.ancestors().find(|one| one.exists());
    let there = there.unwrap_or(Path::new("/"));
    let known = fs::canonicalize(there).map_err(FileError::on("open", there))?;
    let rest = whole.strip_prefix(there).unwrap_or(Path::new(""));
    Ok(if rest == Path::new("") {
        known
    } else {
        known.join(rest)
    })
}

/// What the engine is asked, and the files that it reads.
fn asked(samples: &[PathBuf], wished: Option<&Wished>, answers: &[Value]) -> (Value, Vec<PathBuf>) {
    let whole = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let mut inputs: Vec<PathBuf> = samples.iter().map(whole).collect();
    let listed: Vec<Value> = samples
        .iter()
        .zip(&inputs)
        .map(|(path, input)| json!({"name": files::name_of(path), "input": input}))
        .collect();
    let fields = match wished {
        None => Value::Null,
        Some(Wished::Names(names)) => json!({"names": names}),
        Some(Wished::File(path)) => {
            inputs.push(whole(path));
            json!({"file": whole(path), "name": files::name_of(path)})
        }
    };
    let asked = json!({"samples": listed, "fields": fields, "answers": answers});
    (asked, inputs)
}

/// What the new configuration is for.
fn about(inferred: &Inferred) -> String {
    let names: Vec<String> = inferred
        .samples
        .iter()
        .map(|one| plain(&one.name))
        .collect();
    format!("Reads tables such as those of {}", names.join(", "))
}

/// A text that can stand in a comment and in a quoted text.
fn plain(text: &str) -> String {
    let is_plain = |letter: &char| !letter.is_control() && !"\"\\".contains(*letter);
    text.chars().filter(is_plain).collect()
}

/// The lines of settings.toml that are others than the template's.
fn lines(inferred: &Inferred, is_wished: bool) -> Vec<(&str, String)> {
    let shown = inferred.settings.iter().map(|one| {
        let by: Vec<String> = one.shown_by.iter().take(3).map(|one| plain(one)).collect();
        let line = format!(
            "{} = {:?}  # shown by {}",
            one.name,
            one.value,
            by.join(", ")
        );
        (one.name.as_str(), line)
    });
    let differing = inferred.differing.iter().map(|name| {
        let line = format!("# {name}: the senders differ, see the tables at the end");
        (name.as_str(), line)
    });
    let all = ("all_fields", "all_fields = true".to_owned());
    shown
        .chain(differing)
        .chain(is_wished.then_some(all))
        .collect()
}

/// The `case.toml` of a case that was made, and not written by a person.
fn unchecked(case: &NewCase, input: &Path) -> String {
    let cut = match case.left_out {
        0 => String::new(),
        1 => ", without 1 of its records".to_owned(),
        count => format!(", without {count} of its records"),
    };
    // A case is in one of few formats, whatever the sample is in.
    let name = Path::new(&case.sample).with_extension(input.extension().unwrap_or_default());
    format!(
        "# Of {}{cut}. Nobody has checked expected.csv: it is what the configuration makes of the input today.\n{}checked = false\n",
        plain(&case.sample),
        cases::input_name_line(&name.to_string_lossy())
    )
}
