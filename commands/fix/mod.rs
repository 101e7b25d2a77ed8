//! `ade fix`: gives fields the headers of a file.

mod edition;
mod edits;

use std::path::{Path, PathBuf};

use ade::base::cancel::Cancel;
use ade::base::show_path::FullPaths;
use ade::checks::cases;
use ade::checks::fix::{self, Edit, FixCandidates, ManualEdit, Suggestion, UnknownWord, listed};
use ade::configuration::Configuration;
use ade::environment::needed::prepare::{PreparedConfiguration, prepare};
use ade::run::calls::inline;
use ade::run::calls::request::Request;
use ade::run::ending::recover::settle;
use ade::run::execution::happenings::ProgressEvent;
use ade::run::inputs::input::Input;
use ade::run::views::json::RunView;
use ade::store::RunRecord;
use ade::workspace::Workspace;
use serde_json::{Value, json};

pub use self::edits::print_edits;
use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::test::environment_for;
use crate::ui::{LiveLines, RunProgress, Tone, Ui, merged, pair, plural};

/// Map headers of a run's file to fields
///
/// Suggests pairs of columns without a field and fields without a column: first those with a reason, then guesses. Asks about
/// each on a terminal; otherwise only --accept changes anything. Accepted pairs are shown as a diff and added to the fields'
/// headers, or printed if the list cannot be edited; then the file runs again. Changes that make a table one record a row are
/// suggested too: month+amount='Stack("months")', and words that a field's file of words lacks are counted. For a folder, each
/// file's last run is fixed in turn; a file that cannot be fixed is named and the next one follows.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade fix latest\n  ade fix acme-2025-04.xlsx --accept net='Amount excl.' --accept due_date=Payable\n  ade fix latest --accept analyte='Natrio=Sodium'     a word and its meaning\n  ade fix january/\n  ade fix latest --json\n  ade fix my-config --edition     to how ade works today"
)]
pub struct Args {
    /// A run: its id (or part), its input's path or name, or `latest`; or a folder of inputs
    #[arg(default_value = "latest")]
    run: String,
    /// Map the column with this header to this field
    #[arg(long, value_name = "FIELD=HEADER", value_parser = accepted)]
    accept: Vec<(String, String)>,
    /// Accept headers for files of this sender only
    ///
    /// The table of the sender's files in settings.toml gets them, and they come before all others. A column that has a field for
    /// other senders can be accepted, too.
    #[arg(long)]
    for_sender: bool,
    /// The configuration's folder [default: that of the run]
    #[arg(short, long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Move the configuration in the folder RUN, or in this one, to edition 2026
    ///
    /// Updates settings.toml, and shows which results of cases and last inputs change.
    #[arg(long, conflicts_with = "accept")]
    edition: bool,
    /// Write without asking first
    #[arg(short, long)]
    yes: bool,
}

fn accepted(text: &str) -> Result<(String, String), String> {
    pair(text, "FIELD=HEADER, such as net='Amount excl.'")
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    if args.edition {
        let named = (args.run != "latest").then(|| PathBuf::from(&args.run));
        let folder = args.config.clone().or(named);
        return edition::run(&folder.unwrap_or(PathBuf::from(".")), args.yes, context);
    }
    let workspace = context.open_for_runs()?;
    let runs = context.runs(&workspace, std::slice::from_ref(&args.run))?;
    let mut changed = None;
    if !Path::new(&args.run).is_dir() {
        let status = one(args, (&runs[0], None), &mut changed, &workspace, context);
        changed
            .iter()
            .for_each(|folder| print_cases(&context.ui, folder));
        return status;
    }
    let mut status = ExitStatus::Done;
    let mut unused: Vec<&(String, String)> = args.accept.iter().collect();
    for run in &runs {
        let of = (run, Some(&mut unused));
        let failure = match one(args, of, &mut changed, &workspace, context) {
            Err(failure) => failure,
            Ok(of_file) => {
                status = status.max(of_file);
                continue;
            }
        };
        if failure.status == ExitStatus::Cancelled {
            return Err(failure);
        }
        status = status.max(failure.status);
        let message = format!("{}: {}", run.input_name, failure.message);
        context.ui.failure(&Failure { message, ..failure });
    }
    changed
        .iter()
        .for_each(|folder| print_cases(&context.ui, folder));
    for (field, header) in unused {
        let message = format!("--accept {field}={header} fits no file in {}", args.run);
        let hint =
            "choose a field without a column and a column without a field, both in the same file";
        let failure = Failure::usage("usage", message).hint(hint);
        context.ui.failure(&failure);
        status = status.max(failure.status);
    }
    Ok(status)
}

/// Corrects the configuration for the file of one run. `unused` is set if the file is from a folder: the accepted pairs that no
/// earlier file has used. `changed` receives the folder if something was written.
fn one(
    args: &Args,
    (run, unused): (&RunRecord, Option<&mut Vec<&(String, String)>>),
    changed: &mut Option<PathBuf>,
    workspace: &Workspace,
    context: &Context,
) -> Outcome {
    let ui = &context.ui;
    let is_of_folder = unused.is_some();
    let folder = fix::folder_of(workspace, run, args.config.as_deref())?;
    let prepared = prepare(workspace, Configuration::open(&folder)?, None)?;
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let environment = environment_for(&lines, workspace, &prepared, &cancel)?;
    let found = fix::suggest(workspace, &prepared, &environment, run, &cancel)?;
    let is_asked = args.accept.is_empty() && !ui.json() && ui.can_ask();
    if !ui.json() {
        print_columns(ui, run, &found);
    }
    let chosen = match is_asked {
        true => ask(ui, &found),
        false => match unused {
            // For a folder, each file uses the pairs that fit it.
            Some(unused) => {
                let mut chosen = Vec::new();
                for pair in &args.accept {
                    if let Ok(taken) =
                        found.demand_known(std::slice::from_ref(pair), args.for_sender)
                    {
                        chosen.extend(taken);
                        unused.retain(|left| *left != pair);
                    }
                }
                chosen
            }
            None => found.demand_known(&args.accept, args.for_sender)?,
        },
    };
    if !ui.json() && !is_asked && args.accept.is_empty() {
        print_suggestions(ui, &found, &args.run);
        print_without(ui, &found);
        print_words(ui, &found, &args.run);
    }
    let (edits, pastes) = match chosen.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => fix::edits(
            workspace,
            &prepared,
            &environment,
            (&found, &chosen, args.for_sender.then_some(&*run.input_name)),
            &cancel,
        )?,
    };
    if !ui.json() {
        print_edits(ui, &edits, &pastes);
    }
    let is_wanted = !edits.is_empty() && (args.yes || ui.is_agreed("Write this?"));
    let mut again = None;
    if is_wanted {
        for edit in &edits {
            fix::write(edit)?;
            ui.say(format_args!("Wrote {}", ui.path(&edit.file)));
        }
        for file in fix::name_cases(&folder, run)? {
            ui.say(format_args!("Wrote {}", ui.path(&file)));
        }
        again = run_again(ui, workspace, &folder, run, (&lines, &cancel))?;
        *changed = Some(folder);
    }
    let (status, told) = end(
        ui,
        workspace,
        (run, again.as_ref()),
        &found,
        (&edits, &pastes, is_wanted),
    )?;
    match told {
        Some(told) if is_of_folder => ui.record(&told),
        Some(told) => ui.document(&told),
        None => {}
    }
    Ok(status)
}

/// Reports cases whose expected results no longer match after the change.
fn print_cases(ui: &Ui, folder: &Path) {
    if let Ok(all) = cases::find(folder) {
        let (count, folder) = (plural(all.len() as u64, "case"), ui.path(folder));
        ui.say(format_args!(
            "{count} may give different results now: `ade test {folder}` shows them, and `--update` accepts them"
        ));
    }
}

fn print_columns(ui: &Ui, run: &RunRecord, found: &FixCandidates) {
    // With several tables, a field found in one may lack a column in another.
    let several = run.metrics.as_ref().is_some_and(|found| found.tables > 1);
    let some = if several { " in some table" } else { "" };
    ui.line(&run.input_name);
    for words in [
        format!("columns without a field: {}", listed(&found.headers())),
        format!("fields without a column{some}: {}", listed(&found.fields)),
    ] {
        ui.words("  ", None, Tone::Plain, &words);
    }
}

/// Returns a suggestion and its reason as a line; a guess as a question.
fn in_words(suggestion: &Suggestion) -> String {
    match &suggestion.reason {
        Some(reason) => format!("{} = {}  ({reason})", suggestion.field, suggestion.header),
        None => format!("{} = {}?  (a guess)", suggestion.field, suggestion.header),
    }
}

fn print_suggestions(ui: &Ui, found: &FixCandidates, run: &str) {
    for suggestion in &found.suggestions {
        let (tone, mark) = match suggestion.reason {
            Some(_) => (Tone::Good, "✓"),
            None => (Tone::Warn, "?"),
        };
        ui.words("  ", Some((tone, mark)), Tone::Plain, &in_words(suggestion));
    }
    if let Some(suggestion) = found.suggestions.first() {
        let (field, header) = (&suggestion.field, suggestion.header.replace('\'', "'\\''"));
        ui.hint(format_args!(
            "`ade fix {run} --accept {field}='{header}'` accepts the first one"
        ));
    }
}

/// Prints the headers without any suggestion, so that nobody looks for them above.
fn print_without(ui: &Ui, found: &FixCandidates) {
    let is_suggested =
        |header: &String| found.suggestions.iter().any(|pair| pair.header == *header);
    let mut without = found.headers();
    without.retain(|header| !is_suggested(header));
    if !without.is_empty() {
        let words = format!("no field resembles {}", listed(&without));
        ui.words("  ", None, Tone::Dim, &words);
    }
}

/// Prints the words that the files of words lack, with a line for each field.
fn print_words(ui: &Ui, found: &FixCandidates, run: &str) {
    for words in found.words.chunk_by(|one, next| one.field == next.field) {
        let each = words
            .iter()
            .map(|word| format!("{} ({})", word.word, plural(word.count, "cell")));
        let UnknownWord { field, file, .. } = &words[0];
        let said = format!(
            "{field}: {file} lacks {}",
            listed(&each.collect::<Vec<_>>())
        );
        ui.words("  ", Some((Tone::Warn, "?")), Tone::Plain, &said);
    }
    if let Some(UnknownWord { field, word, .. }) = found.words.first() {
        ui.hint(format_args!(
            "`ade fix {run} --accept {field}='{}=MEANING'` adds the first one to the words of MEANING",
            word.replace('\'', "'\\''")
        ));
    }
}

/// Asks about each suggestion until the field or the column is taken.
fn ask(ui: &Ui, found: &FixCandidates) -> Vec<(String, String)> {
    let mut chosen: Vec<(String, String)> = Vec::new();
    for offer in &found.suggestions {
        let is_settled =
            |(field, header): &(String, String)| *field == offer.field || *header == offer.header;
        if !chosen.iter().any(is_settled) && ui.is_agreed(&in_words(offer)) {
            chosen.push((offer.field.clone(), offer.header.clone()));
        }
    }
    chosen
}

/// Runs the file again with the changed configuration. `None`: it was cancelled.
fn run_again(
    ui: &Ui,
    workspace: &Workspace,
    folder: &std::path::Path,
    run: &RunRecord,
    (lines, cancel): (&LiveLines<'_>, &Cancel),
) -> Result<Option<RunRecord>, Failure> {
    settle(workspace);
    let prepared: PreparedConfiguration = prepare(workspace, Configuration::open(folder)?, None)?;
    let input = [Input::from(fix::input_of(run)?)];
    let mut options = run.options.clone();
    options.configuration_version = None;
    let request = Request {
        options,
        ..Request::like(run, workspace, &prepared, &input)
    };
    let progress = RunProgress::of_one(ui, lines, run, &prepared.record.name);
    let ended = std::sync::Mutex::new(None);
    inline::run(&request, cancel, &|source, change| {
        if let ProgressEvent::Finished(Ok(finished)) = change {
            *ade::base::mutex::lock(&ended) = Some(finished.run.clone());
        }
        if !ui.json() {
            progress.show(source, change);
        }
    })?;
    Ok(ended.into_inner().unwrap_or_default())
}

/// Prints what the new run has that the old one lacked; with `--json`, one object with everything.
fn end(
    ui: &Ui,
    workspace: &Workspace,
    (before, after): (&RunRecord, Option<&RunRecord>),
    found: &FixCandidates,
    (edits, pastes, is_written): (&[Edit], &[ManualEdit], bool),
) -> Result<(ExitStatus, Option<Value>), Failure> {
    let count = |run: &RunRecord| -> Result<usize, Failure> {
        let fields = workspace.store.run_fields(&run.id)?;
        Ok(fields.iter().filter(|field| field.detected).count())
    };
    let (had, has) = (count(before)?, after.map(count).transpose()?);
    let mut object = None;
    if ui.json() {
        let run = after.map(|run| RunView::plain(run, &FullPaths));
        let more = json!({
            "run_id": before.id, "edits": edits, "pastes": pastes, "written": is_written,
            "fields_found": {"before": had, "after": has}, "run": run,
        });
        object = Some(merged(json!(found), more));
    } else if let Some(has) = has {
        let fields = plural(has as u64, "field");
        ui.line(format_args!("{fields} with a column now, {had} before"));
    }
    let is_bad = after.is_some_and(|run| run.status != ade::store::RunStatus::Succeeded);
    let status = ExitStatus::refused_if(is_bad || !pastes.is_empty());
    Ok((status, object))
}
