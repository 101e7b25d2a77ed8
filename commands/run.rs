//! `ade run`: normalize files in this process.

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use ade::base::cancel::Cancel;
use ade::base::clock::Timestamp;
use ade::configuration::Configuration;
use ade::engine::{ChildProcess, Launch, assignment, demand_setting};
use ade::environment::needed::prepare::{PrepareError, Prepared, prepare};
use ade::run::calls::enqueue::enqueue;
use ade::run::calls::inline;
use ade::run::calls::request::Request;
use ade::run::calls::request::Tools;
use ade::run::execution::safe_mode::demand_acceptance;
use ade::run::inputs::input;
use ade::run::inputs::input::{Input, InputError, MeantFiles, Search};
use ade::run::inputs::watch::{ChangedInputs, Watch};
use ade::run::results::demands::Demands;
use ade::run::results::output;
use ade::run::views::json::run_json;
use ade::settings::paths::Paths;
use ade::store::{RunOptions, SheetChoice, Store};
use ade::workspace::Workspace;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{File, LiveLines, RunProgress, Skipped, Ui};

/// Normalize files
///
/// Each input becomes a workbook with the fields of the configuration. The first run creates the data directory and builds the
/// configuration's environment; later runs start at once. `ade runs show` tells how an input was read.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade run my-config orders.xlsx\n  ade run my-config inbox/ -o clean/\n  ade run my-config inbox/ --recursive -o clean/\n  ade run my-config 'inbox/*.csv' --jobs 2 --json\n  ade run my-config orders.xlsx --input-sheet North --input-sheet South\n  ade run my-config orders.xlsx --require email --min-rows 1\n  ade run my-config inbox/ -o clean/ --deny-issues    no copies with issues\n  ade run my-config orders.xlsx --watch               again at each change\n  ade run my-config inbox/ --detach                   for `ade worker`"
)]
pub struct Args {
    /// The configuration's folder
    config: PathBuf,
    /// Files, folders or quoted globs
    ///
    /// Of a folder, all files of the supported formats are taken, except the normalized workbooks of earlier runs. To normalize
    /// one of these again, name the workbook itself.
    #[arg(required = true)]
    input: Vec<PathBuf>,

    /// Search the folders below a folder too
    ///
    /// With -o, the copies of their workbooks go to folders of the same names.
    #[arg(short, long, help_heading = INPUT)]
    recursive: bool,
    /// Process only this sheet; may be repeated
    #[arg(long, value_name = "SHEET", conflicts_with = "active_sheet_only", help_heading = INPUT)]
    input_sheet: Vec<String>,
    /// Process only the sheet that was active when the workbook was saved
    #[arg(long, help_heading = INPUT)]
    active_sheet_only: bool,
    /// Say which rows are the header of a sheet: SHEET=3, SHEET=3-4, or SHEET=none; may be repeated
    #[arg(long, value_name = "SHEET=ROWS", value_parser = header_rows, help_heading = INPUT)]
    header_rows: Vec<(String, Vec<u32>)>,
    /// Look for tables of a sheet in this range only, SHEET=B3:H90; may be repeated
    #[arg(long, value_name = "SHEET=RANGE", value_parser = range, help_heading = INPUT)]
    range: Vec<(String, String)>,
    /// Set a setting of the engine for these runs, such as date_order=mdy; may be repeated
    ///
    /// It outranks the configuration's settings.toml and ADE_ENGINE_* variables, is recorded with the run, and holds again in
    /// `ade runs retry`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment, help_heading = INPUT)]
    settings: Vec<(String, String)>,
    /// Separator of .csv files: one character, `tab` or `auto`; short for --set csv_delimiter=…
    #[arg(long, value_name = "C", value_parser = value_of("csv_delimiter"), help_heading = INPUT)]
    csv_delimiter: Option<String>,
    /// Encoding of .csv files, such as latin-1 or `auto`; short for --set csv_encoding=…
    #[arg(long, value_name = "E", value_parser = value_of("csv_encoding"), help_heading = INPUT)]
    csv_encoding: Option<String>,

    /// Copy each normalized workbook into this folder
    ///
    /// The copy is called `<input>_normalized.xlsx`. If a run fails or is refused, the copy of an earlier run of this input is
    /// renamed to `<input>_normalized.xlsx.stale`.
    #[arg(short, long, value_name = "DIR", help_heading = OUTPUT)]
    output_dir: Option<PathBuf>,
    /// Show cell values in error messages, on this terminal only; logs and records never have them
    #[arg(long, conflicts_with = "detach", help_heading = OUTPUT)]
    show_values: bool,

    /// Refuse a run that has issues, or that finds no table or no field
    #[arg(long, help_heading = DEMANDS)]
    deny_issues: bool,
    /// Refuse a run in which this field is neither found nor computed; may be repeated
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["detach", "validate_only", "dry_run"], help_heading = DEMANDS)]
    require: Vec<String>,
    /// Refuse a run that writes fewer rows
    #[arg(long, value_name = "N", conflicts_with_all = ["detach", "validate_only", "dry_run"], help_heading = DEMANDS)]
    min_rows: Option<u64>,

    /// Keep running: an input again when it changes, all inputs when the configuration changes
    #[arg(long, help_heading = WORK)]
    watch: bool,
    /// Queue the runs for `ade worker`, print their ids, and exit
    #[arg(long, conflicts_with_all = ["watch", "output_dir"], help_heading = WORK)]
    detach: bool,
    /// Load and check the configuration only; the inputs are not read
    #[arg(long, conflicts_with = "dry_run", help_heading = WORK)]
    validate_only: bool,
    /// Record the runs only: no environment is built, no engine started, nothing normalized
    #[arg(long, help_heading = WORK)]
    dry_run: bool,
    /// Stop a run that takes longer, with exit status 4 [env: ADE_RUN_TIMEOUT_SECONDS] [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = WORK)]
    timeout: Option<f64>,
    /// Let the configuration's code use the network; needs ADE_ALLOW_NETWORK=1 too
    ///
    /// Without both, runs have no network. ADE_ALLOW_NETWORK is the operator's setting (`ade settings allow_network`).
    #[arg(long, help_heading = WORK)]
    allow_network: bool,
    /// Files to process in parallel [env: ADE_WORKER_CONCURRENCY] [default: half the cores, at most 4]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = WORK)]
    jobs: Option<u32>,
}

const INPUT: &str = "Input options";
const OUTPUT: &str = "Output options";
const DEMANDS: &str =
    "Requirements (a run that fails one is refused: exit status 1, no copy with -o)";
const WORK: &str = "Execution options";

fn seconds(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|number| *number > 0.0 && *number <= 1e9)
        .ok_or_else(|| "not a number of seconds above zero".to_owned())
}

/// The sheet that an argument begins with, and the rest. Titles may have `=` in them.
fn of_sheet(text: &str) -> Option<(String, &str)> {
    let (sheet, rest) = text.rsplit_once('=')?;
    (!sheet.is_empty()).then(|| (sheet.to_owned(), rest.trim()))
}

fn header_rows(text: &str) -> Result<(String, Vec<u32>), String> {
    const MOST: u32 = 1_048_576;
    let rows = |rows: &str| {
        if rows.eq_ignore_ascii_case("none") {
            return Some(Vec::new());
        }
        let (first, last) = rows.split_once('-').unwrap_or((rows, rows));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (0 < first && first <= last && last <= MOST && last - first < 100)
            .then(|| (first..=last).collect())
    };
    of_sheet(text)
        .and_then(|(sheet, rest)| Some((sheet, rows(rest)?)))
        .ok_or_else(|| {
            "not a sheet and its header rows, such as Sheet1=3, Sheet1=3-4 or Sheet1=none"
                .to_owned()
        })
}

fn range(text: &str) -> Result<(String, String), String> {
    let is_corner = |corner: &str| {
        let corner = corner.replace('$', "");
        let digits = corner.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = corner.len() - digits.len();
        (1..=3).contains(&letters)
            && (1..=7).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    };
    of_sheet(text)
        .filter(|(_, rest)| {
            rest.split_once(':')
                .is_some_and(|(one, other)| is_corner(one) && is_corner(other))
        })
        .map(|(sheet, rest)| (sheet, rest.to_ascii_uppercase()))
        .ok_or_else(|| "not a sheet and a range, such as Sheet1=B3:H90".to_owned())
}

/// Takes what a setting of the engine can have as its value.
fn value_of(
    setting: &'static str,
) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text| demand_setting(setting, text).map(|()| text.to_owned())
}

/// The engine's settings that the call gives; of those that are given twice, the last.
fn settings(args: &Args) -> BTreeMap<String, String> {
    let short = [
        ("csv_delimiter", &args.csv_delimiter),
        ("csv_encoding", &args.csv_encoding),
    ];
    let short = short
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    args.settings.iter().cloned().chain(short).collect()
}

/// What is said of single sheets.
fn choices(
    header_rows: &[(String, Vec<u32>)],
    ranges: &[(String, String)],
) -> BTreeMap<String, SheetChoice> {
    let mut found: BTreeMap<String, SheetChoice> = BTreeMap::new();
    for (sheet, rows) in header_rows {
        found.entry(sheet.clone()).or_default().header_rows = Some(rows.clone());
    }
    for (sheet, range) in ranges {
        found.entry(sheet.clone()).or_default().range = Some(range.clone());
    }
    found
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    // The call is checked before anything is written.
    input::demand_order(&args.config, &args.input)?;
    let settings = context.settings()?;
    demand_acceptance(&settings)?;
    let paths = Paths::new(&settings)?;
    // Opened only where the name of a file makes it necessary; a database that cannot be opened is reported later.
    let known = LazyCell::new(|| context.open_if_present().ok().flatten());
    let is_copy = |path: &Path| {
        known
            .as_ref()
            .is_some_and(|known| is_copy(&*known.store, path))
    };
    let mut found = find(args, &paths, &is_copy)?;
    let configuration = Configuration::open(&args.config)?;
    let skipped = match &args.output_dir {
        Some(_) => without_shared_outputs(&mut found),
        None => Vec::new(),
    };
    report_left_out(ui, &found);
    let inputs = found.inputs;
    if inputs.is_empty() {
        let failures: Vec<&Failure> = skipped.iter().map(|skipped| &skipped.failure).collect();
        failures.iter().for_each(|failure| ui.failure(failure));
        return Ok(ExitStatus::Usage);
    }
    if let Some(folder) = &args.output_dir {
        output::check_output_dir(folder, &inputs)?;
    }
    let lines = LiveLines::new(ui);
    let session = Session {
        args,
        ui,
        workspace: &context.open_or_create()?,
        lines: &lines,
        cancel: &signals::cancel_on_signals_and(lines.clear()),
        skipped: &skipped,
    };
    // Of a run that is left to a worker, the worker's own settings decide.
    if args.allow_network && !args.detach && !session.workspace.settings.allow_network {
        ui.say(format_args!(
            "note: --allow-network has no effect, because ADE_ALLOW_NETWORK does not allow a network"
        ));
    }
    if args.watch {
        return session.watch(inputs);
    }
    let prepared = session.prepare(configuration)?;
    if args.detach {
        session.enqueue(&prepared, &inputs)
    } else {
        session.run(&prepared, &inputs)
    }
}

/// The files that a call means.
fn find(
    args: &Args,
    paths: &Paths,
    is_copy: &dyn Fn(&Path) -> bool,
) -> Result<MeantFiles, InputError> {
    let own = paths.own_folders().map(Path::to_owned);
    // A configuration has workbooks in its tests.
    let not_in = own.iter().chain([&args.config]);
    let not_in: Vec<PathBuf> = not_in.filter_map(|path| path.canonicalize().ok()).collect();
    let search = Search {
        recursive: args.recursive,
        not_in: &not_in,
        output_dir: args.output_dir.as_deref(),
        is_copy,
    };
    input::expand(&args.input, &search)
}

/// Takes out the files that would be written to one workbook.
fn without_shared_outputs(found: &mut MeantFiles) -> Vec<Skipped> {
    let (alone, refused) = input::with_distinct_outputs(std::mem::take(&mut found.inputs));
    found.inputs = alone;
    let skipped = refused.iter().map(|error| Skipped {
        files: match error {
            InputError::SameOutput { files, .. } => files.len(),
            _ => 1,
        },
        failure: Failure::of(error),
    });
    skipped.collect()
}

/// A store that does not answer knows of no copy.
fn is_copy(store: &dyn Store, path: &Path) -> bool {
    store.is_copy(path).unwrap_or(false)
}

/// Says which files are no inputs although one might think so.
fn report_left_out(ui: &Ui, found: &MeantFiles) {
    const NAMED: usize = 3;
    for below in &found.below {
        ui.say(format_args!(
            "note: folders below a folder are not searched, and {} is in one; --recursive takes them too",
            ui.path(below)
        ));
    }
    if found.outputs.is_empty() {
        return;
    }
    let mut names: Vec<String> = found.outputs.iter().map(|path| ui.path(path)).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let (are, name_it) = match found.outputs.len() {
        1 => (
            "a normalized workbook of an earlier run is",
            "name it alone",
        ),
        _ => ("normalized workbooks of earlier runs are", "name one alone"),
    };
    ui.say(format_args!(
        "note: {are} left out: {}; {name_it} to normalize it once more",
        names.join(", ")
    ));
}

/// What all runs of one call share.
struct Session<'a> {
    args: &'a Args,
    ui: &'a Ui,
    workspace: &'a Workspace,
    lines: &'a LiveLines<'a>,
    cancel: &'a Cancel,
    /// The files of the call that are not run.
    skipped: &'a [Skipped],
}

impl Session<'_> {
    fn prepare(&self, configuration: Configuration) -> Result<Prepared, PrepareError> {
        let output_dir = self.args.output_dir.as_deref();
        prepare(self.workspace, configuration, output_dir)
    }

    fn request<'a>(
        &'a self,
        prepared: &'a Prepared,
        inputs: &'a [Input],
        launcher: &'a dyn Launch,
    ) -> Request<'a> {
        let args = self.args;
        let concurrency = self.workspace.settings.worker.concurrency;
        Request {
            workspace: self.workspace,
            tools: Tools {
                launcher,
                ..Tools::here()
            },
            prepared,
            inputs,
            again: None,
            output_dir: args.output_dir.as_deref(),
            demands: self.demands(),
            sheets: (!args.input_sheet.is_empty()).then(|| args.input_sheet.clone()),
            options: RunOptions {
                active_sheet_only: args.active_sheet_only,
                validate_only: args.validate_only,
                dry_run: args.dry_run,
                safe_mode: false,
                timeout_seconds: args.timeout,
                network: args.allow_network,
                sheets: choices(&args.header_rows, &args.range),
                settings: settings(args),
                engine_variables: None,
                log_level: None,
            },
            jobs: args.jobs.map_or(concurrency, |jobs| jobs as usize),
        }
    }

    fn enqueue(&self, prepared: &Prepared, inputs: &[Input]) -> Outcome {
        let launcher = ChildProcess::default();
        let request = self.request(prepared, inputs, &launcher);
        enqueue(&request, &mut |run| {
            if self.ui.json() {
                self.ui.record(&run_json(run, None));
            } else {
                self.ui.line(&run.id);
                let name = &run.input_name;
                match &run.summary {
                    Some(summary) => self.ui.say(format_args!("{name}: {summary}")),
                    None => self.ui.say(format_args!(
                        "queued {name}; `ade worker --drain` executes queued runs"
                    )),
                }
            }
        })?;
        Ok(ExitStatus::Done)
    }

    fn run(&self, prepared: &Prepared, inputs: &[Input]) -> Outcome {
        Ok(self.round(prepared, inputs, self.skipped)?.0)
    }

    /// Runs inputs. Returns the exit status, and those inputs that may succeed the next time without a change of theirs.
    fn round(
        &self,
        prepared: &Prepared,
        inputs: &[Input],
        skipped: &[Skipped],
    ) -> Result<(ExitStatus, Vec<Input>), Failure> {
        let progress = RunProgress::new(
            self.ui,
            self.lines,
            self.files(inputs),
            &prepared.record.name,
            skipped,
        );
        let show = |values: &str| self.lines.pass_on(values);
        let launcher = ChildProcess {
            values: self.shows_values().then_some(&show),
        };
        let request = self.request(prepared, inputs, &launcher);
        inline::run(&request, self.cancel, &|source, change| {
            progress.show(source, change);
        })?;
        progress.summarize();
        let again = progress.to_run_again();
        let again = again.into_iter().map(|input| inputs[input].clone());
        let skipped = skipped.iter().map(|skipped| skipped.failure.status);
        let status = skipped.fold(progress.status(), ExitStatus::max);
        let status = self.unless_cancelled(status);
        Ok((status, again.collect()))
    }

    /// The inputs as they are listed: by their names, or by their paths, if two have the same name.
    fn files(&self, inputs: &[Input]) -> Vec<File> {
        let name = |input: &Input| input.below.join(input.path.file_name().unwrap_or_default());
        let mut names = HashSet::new();
        let are_distinct = inputs.iter().all(|input| names.insert(name(input)));
        let files = inputs.iter().map(|input| File {
            name: match are_distinct {
                true => name(input).display().to_string(),
                false => self.ui.path(&input.path),
            },
            copy: self
                .args
                .output_dir
                .as_deref()
                .map(|folder| output::target(folder, input)),
        });
        files.collect()
    }

    fn demands(&self) -> Demands {
        let args = self.args;
        // A field that is asked for twice is missing once.
        let mut fields = args.require.clone();
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.clone()));
        Demands {
            no_issues: args.deny_issues,
            fields,
            rows: args.min_rows,
        }
    }

    /// Whether values are shown: if they were asked for, and on a terminal alone. A file that standard error goes to would
    /// keep them.
    fn shows_values(&self) -> bool {
        let asked = self.args.show_values;
        if asked && !self.ui.stderr_is_terminal() {
            self.ui
                .say("note: values are shown on a terminal only, and standard error is none");
            return false;
        }
        asked
    }

    /// Runs the inputs again whenever they or the configuration change, until a signal.
    fn watch(&self, inputs: Vec<Input>) -> Outcome {
        let args = self.args;
        let paths = &self.workspace.paths;
        let is_copy = |path: &Path| is_copy(&*self.workspace.store, path);
        let output_dir = args.output_dir.as_deref();
        let watch = Watch {
            configuration: &args.config,
            arguments: &args.input,
            expand: &|| {
                let mut found = find(args, paths, &is_copy)?;
                if args.output_dir.is_some() {
                    without_shared_outputs(&mut found);
                }
                Ok(found)
            },
            written: [self.workspace.paths.data()]
                .into_iter()
                .chain(output_dir)
                .collect(),
        };
        let mut status = ExitStatus::Done;
        // Which files are not run is said once.
        let mut skipped = self.skipped;
        let mut round = |inputs: &[Input]| -> Result<Vec<Input>, Failure> {
            let again;
            (status, again) = match self.open_again() {
                Ok(prepared) => self.round(&prepared, inputs, std::mem::take(&mut skipped))?,
                // A configuration that cannot be opened now may be in the middle of an edit: wait for the next change.
                Err(failure) => {
                    self.lines.suspend(|| self.ui.failure(&failure));
                    (failure.status, inputs.to_vec())
                }
            };
            Ok(again)
        };
        let waiting = || self.lines.say("Watching for changes; Ctrl-C ends this");
        let changed = |changes: &ChangedInputs| self.lines.say(self.in_words(changes));
        watch.rounds(inputs, self.cancel, &mut round, &waiting, &changed)?;
        Ok(self.unless_cancelled(status))
    }

    /// `10:00:00 changed: orders.xlsx, my-config/settings.toml`
    fn in_words(&self, changes: &ChangedInputs) -> String {
        const NAMED: usize = 5;
        let files = changes.configuration.iter();
        let files = files.map(|path| self.args.config.join(path));
        let all: Vec<PathBuf> = changes.inputs.iter().cloned().chain(files).collect();
        let mut names: Vec<String> = all.iter().map(|path| self.ui.path(path)).collect();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let now = Timestamp::now().time_of_day();
        if names.is_empty() {
            return format!("{now} running again what failed before");
        }
        format!("{now} changed: {}", names.join(", "))
    }

    fn open_again(&self) -> Result<Prepared, Failure> {
        Ok(self.prepare(Configuration::open(&self.args.config)?)?)
    }

    fn unless_cancelled(&self, status: ExitStatus) -> ExitStatus {
        if self.cancel.is_cancelled() {
            status.max(ExitStatus::Cancelled)
        } else {
            status
        }
    }
}
