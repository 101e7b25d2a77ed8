//! `ade init`: writes a configuration that runs at once, or infers one from samples.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ade::base::files::{self, FileError};
use ade::base::problem::typed;
use ade::checks::infer::{
    InferenceSession, InferredConfiguration, Question, QuestionAnswer, SampleField, WishedFields,
    same_headers,
};
use ade::configuration::scaffold;
use ade::run::inputs::input::{self, Search};
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::test::environment_for;
use crate::ui::{LiveLines, Tone, Ui, merged, pair, plural};

/// Create a configuration that is ready to run and edit
///
/// A configuration is a folder with a small Python package: its fields, and how their cells are read and checked. The folder
/// also gets `sample.xlsx`, a messy roster to try. Existing files are never overwritten.
///
/// With --from, fields, readers, checks and settings are inferred from files. Each file becomes a case in tests/cases. Files
/// with the same layout count as one sender, whose own formats (dates, decimal marks) go to a table in settings.toml. Columns
/// become one field only with a reason, which is printed. Asks up to ten questions on a terminal; open points become comments.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade init team-orders\n  ade run team-orders team-orders/sample.xlsx\n  ade init staff --template minimal\n  ade init invoices --from acme-march.xlsx acme-april.xlsx\n  ade init invoices --from acme-april.xlsx --fields 'invoice_no,date,net'\n  ade init sites --from january/*.xlsx --same 'Consumption=Verbrauch'"
)]
pub struct Args {
    /// The folder to create, or an empty one
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The configuration's name [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// The template to start from
    #[arg(long, default_value = "default", value_parser = PossibleValuesParser::new(scaffold::templates().map(described)))]
    template: String,
    /// Infer the fields from these files: a month of one sender, or of all
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "template")]
    from: Vec<PathBuf>,
    /// The wanted columns: an .xlsx or .csv file with them as its header, or names separated by commas
    #[arg(long, value_name = "FILE|LIST", requires = "from")]
    fields: Option<String>,
    /// Treat columns with these headers as one field; may be repeated
    #[arg(long, value_name = "HEADER=HEADER", requires = "from", value_parser = same)]
    same: Vec<(String, String)>,
}

fn same(text: &str) -> Result<(String, String), String> {
    pair(text, "HEADER=HEADER, such as 'Consumption=Verbrauch'")
}

/// Returns a template's name with its description.
fn described(template: &'static str) -> PossibleValue {
    PossibleValue::new(template).help(scaffold::about(template))
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    if !args.from.is_empty() {
        return from_samples(args, context);
    }
    let files = scaffold::scaffold(&args.dir, args.name.as_deref(), &args.template)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&json!({"path": args.dir, "template": args.template, "files": files}));
        return Ok(ExitStatus::Done);
    }
    let sample = typed_in(&args.dir, scaffold::SAMPLE);
    print_files(ui, &args.dir, &files);
    ui.say(format_args!(
        "\nNext: ade run {name} {}   (a messy roster; the first run builds an environment)\n      ade test {name}   (compares results with the expected ones)",
        typed(sample.display().to_string()),
        name = typed(args.dir.display()),
    ));
    Ok(ExitStatus::Done)
}

/// Returns a file in the folder as users type it: in the current folder only its name.
fn typed_in(dir: &Path, file: &str) -> PathBuf {
    match dir.as_os_str() == "." {
        true => PathBuf::from(file),
        false => dir.join(file),
    }
}

fn print_files(ui: &Ui, dir: &Path, files: &[PathBuf]) {
    ui.line(format_args!(
        "{} a configuration in {}",
        ui.paint(Tone::Good, "Created"),
        ui.paint(Tone::Name, dir.display())
    ));
    for file in files {
        ui.line(format_args!("  {}", file.display()));
    }
}

fn from_samples(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (dir, from) = folder_and_samples(args);
    let name = scaffold::name_for(dir, args.name.as_deref())?;
    let samples = samples(from)?;
    let wished = args
        .fields
        .as_deref()
        .map(WishedFields::parse)
        .transpose()?;
    let workspace = context.open_or_create()?;
    let new = InferenceSession::begin(&workspace, dir, &name)?;
    let empty = new.without_fields()?;
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let environment = environment_for(&lines, &workspace, &empty, &cancel)?;
    let same = args.same.iter();
    let same: Vec<Value> = same
        .map(|(first, other)| same_headers(first, other))
        .collect();
    let mut interview = Interview::default();
    let asks = |questions: &[Question]| match ui.json() || !ui.can_ask() {
        true => Vec::new(),
        false => interview.ask(ui, questions),
    };
    let engine = (&empty, &environment);
    let (inferred, files) = new.infer(engine, &samples, wished.as_ref(), (same, asks), &cancel)?;
    // The folder may have been written to in the meantime.
    scaffold::name_for(dir, Some(&name))?;
    let files = scaffold::write(dir, &files).map_err(FileError::unwritable)?;
    if ui.json() {
        let told = json!({"path": dir, "name": name, "files": files});
        ui.document(&merged(told, json!(inferred)));
        return Ok(ExitStatus::Done);
    }
    print_files(ui, dir, &files);
    print_inferred(ui, &inferred);
    let was_read = |path: &&PathBuf| {
        inferred
            .samples
            .iter()
            .any(|sample| sample.name == files::name_of(path))
    };
    let read = samples.iter().filter(was_read);
    print_next(ui, dir, &read.collect::<Vec<_>>(), &inferred);
    Ok(ExitStatus::Done)
}

/// Returns the folder to create and the samples. The folder may stand last, where it looks like one more sample.
fn folder_and_samples(args: &Args) -> (&Path, &[PathBuf]) {
    match args.from.split_last() {
        Some((last, samples))
            if args.dir == Path::new(".")
                && !samples.is_empty()
                && last.extension().is_none()
                && !last.exists() =>
        {
            (last, samples)
        }
        _ => (&args.dir, &args.from),
    }
}

/// The maximum number of questions to a person, and of those that are asked before the answers to them count.
const MAX_QUESTIONS: usize = 10;
const MAX_QUESTIONS_AT_ONCE: usize = 5;

/// The questions that a person was asked so far.
#[derive(Default)]
struct Interview {
    asked: Vec<String>,
}

impl Interview {
    /// Asks the next questions and returns the answers, after which others may be left. A skipped question is not asked again.
    fn ask(&mut self, ui: &Ui, questions: &[Question]) -> Vec<QuestionAnswer> {
        let left = questions
            .iter()
            .filter(|question| !self.asked.contains(&question.text))
            .take(MAX_QUESTIONS - self.asked.len());
        let left: Vec<&Question> = left.collect();
        if self.asked.is_empty() && !left.is_empty() {
            let count = plural(left.len() as u64, "question");
            ui.say(format_args!("{count}. Press Enter to skip one."));
        }
        let count = self.asked.len() + left.len();
        let mut answers = Vec::new();
        for some in left.chunks(MAX_QUESTIONS_AT_ONCE) {
            for question in some {
                self.asked.push(question.text.clone());
                let number = self.asked.len();
                answers.extend(asked(ui, &format!("{number} of {count}"), question));
            }
            if !answers.is_empty() {
                break;
            }
        }
        answers
    }
}

/// Asks a question that a person may be able to answer.
fn asked(ui: &Ui, place: &str, question: &Question) -> Option<QuestionAnswer> {
    let values = shown(&question.values);
    ui.say(format_args!("\n{place}: {}{values}", question.text));
    for (place, offer) in question.offers.iter().enumerate() {
        let values = shown(&offer.values);
        ui.say(format_args!("  {}  {}{values}", place + 1, offer.text));
    }
    let count = question.offers.len();
    let keys = match (count, question.several, question.kind.as_str()) {
        (1, _, "same") => "[y] same  [n] different  [?] later:".to_owned(),
        (1, ..) => "[y] yes  [n] no  [?] later:".to_owned(),
        (_, true, _) => format!("[y] all  [n] none  [1-{count}] these  [?] later:"),
        _ => format!("[1-{count}] this one  [n] none  [?] later:"),
    };
    let said = ui.asked(&keys);
    let is_all = matches!(said.as_str(), "y" | "yes" | "a" | "all")
        && (question.several || question.offers.len() == 1);
    let numbers: Vec<usize> = said
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    let is_none = matches!(said.as_str(), "n" | "no" | "none");
    (is_all || is_none || !numbers.is_empty()).then(|| {
        let right = match is_all {
            true => (1..=count).collect(),
            false => numbers,
        };
        let question = question.id;
        QuestionAnswer { question, right }
    })
}

/// Lists sample values in brackets.
fn shown(values: &[String]) -> String {
    match values.is_empty() {
        true => String::new(),
        false => format!(" ({})", values.join("; ")),
    }
}

/// Returns the sample files; a file that is named twice counts once.
fn samples(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let search = Search {
        recursive: false,
        not_in: &[],
        output_dir: None,
        is_copy: &|_| false,
    };
    let found = input::expand(named, &search)?;
    Ok(found.inputs.into_iter().map(|input| input.path).collect())
}

fn print_inferred(ui: &Ui, inferred: &InferredConfiguration) {
    let rows: usize = inferred.samples.iter().map(|sample| sample.rows).sum();
    ui.line(format_args!(
        "{} from {} of {}:",
        plural(inferred.fields.len() as u64, "field"),
        plural(rows as u64, "record"),
        plural(inferred.samples.len() as u64, "sample"),
    ));
    for field in &inferred.fields {
        let words = in_words(field);
        ui.words("  ", None, Tone::Plain, &words);
    }
    if inferred.senders.len() > 1 {
        ui.line(format_args!("{} senders:", inferred.senders.len()));
        for sender in &inferred.senders {
            let own = sender.settings.iter();
            let own = own.filter(|own| inferred.differing.contains(&own.name));
            let own: Vec<String> = own
                .map(|own| format!("{} = {:?}", own.name, own.value))
                .collect();
            let mut words = sender.files.join(", ");
            if !own.is_empty() {
                words += &format!(": {}", own.join(", "));
            }
            if !sender.lacks.is_empty() {
                words += &format!("; no column for {}", sender.lacks.join(", "));
            }
            ui.words("  ", None, Tone::Plain, &words);
        }
    }
    ui.line("Check these first:");
    for (at, line) in inferred.look.iter().enumerate() {
        let mark = match line.contains('?') {
            // The skipped files come first.
            _ if at < inferred.passed_over.len() => (Tone::Warn, "!"),
            true => (Tone::Warn, "?"),
            false => (Tone::Dim, "·"),
        };
        ui.words("  ", Some(mark), Tone::Plain, line);
    }
}

/// The maximum number of missing fields that the end names, and of files that a command names one by one.
const MAX_MISSING_FIELDS: usize = 5;
const MAX_NAMED_FILES: usize = 3;

/// Sums up what was read and found, and names the next commands.
fn print_next(ui: &Ui, dir: &Path, read: &[&PathBuf], inferred: &InferredConfiguration) {
    let InferredConfiguration {
        samples, fields, ..
    } = inferred;
    let mut lines = Vec::new();
    if samples.len() + inferred.passed_over.len() > 1 {
        let mut files = plural(samples.len() as u64, "file");
        for (at, skipped) in inferred.passed_over.iter().enumerate() {
            files += if at == 0 { "; passed over: " } else { ", " };
            files += &skipped.name;
        }
        let is_in_all = |field: &&SampleField| {
            let has = |name| field.columns.iter().any(|(file, _)| file == name);
            samples.iter().all(|sample| has(&sample.name))
        };
        let in_all = fields.iter().filter(is_in_all).count();
        let in_some = match fields.len() - in_all {
            0 => String::new(),
            count => format!(", {count} in some"),
        };
        lines.push(format!(
            "Read: {files}\nFields: {in_all} in all files{in_some}"
        ));
    }
    let mut missing = BTreeMap::new();
    for sender in &inferred.senders {
        for field in &sender.lacks {
            *missing.entry(field).or_insert(0) += sender.files.len();
        }
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    if !missing.is_empty() {
        missing.sort_by_key(|&(_, count)| Reverse(count));
        let named = missing
            .iter()
            .map(|(field, count)| format!("{field} in {}", plural(*count as u64, "file")));
        let mut named: Vec<String> = named.take(MAX_MISSING_FIELDS).collect();
        if missing.len() > named.len() {
            named.push("…".to_owned());
        }
        lines.push(format!("Missing: {}", named.join(", ")));
    }
    let questions = inferred.questions.len();
    if questions > 0 {
        lines.push(format!(
            "Questions: {questions} open; ade init asks them on a terminal, and --same 'HEADER=HEADER' answers one"
        ));
    }
    lines.push(format!(
        "Next: ade run {name} {}   (the environment is ready)\n      ade test {name}   (compares results with those of today)",
        typed_inputs(read),
        name = typed(dir.display()),
    ));
    ui.say(format_args!("\n{}", lines.join("\n")));
}

/// Returns files as users type them: their folder, if they are many.
fn typed_inputs(files: &[&PathBuf]) -> String {
    let folder = files[0].parent();
    let are_one_folder = files.iter().all(|path| path.parent() == folder);
    match folder.filter(|_| are_one_folder && files.len() > MAX_NAMED_FILES) {
        Some(here) if here.as_os_str().is_empty() => ".".to_owned(),
        Some(folder) => typed(folder.display()),
        None => {
            let typed: Vec<String> = files.iter().map(|path| typed(path.display())).collect();
            typed.join(" ")
        }
    }
}

/// Describes a field with its reader and its checks.
fn in_words(field: &SampleField) -> String {
    let checks = match field.checks.is_empty() {
        true => String::new(),
        false => format!(", {}", field.checks.join(", ")),
    };
    format!("{} ({}): {}{checks}", field.name, field.label, field.read)
}
