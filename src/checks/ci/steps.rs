//! The steps of a call: checks the lock of each configuration, loads it, and runs its cases and inputs.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use super::findings::{
    CiFinding, CiRuleCount, CiStep, ExaminedConfiguration, Level, Run, StepName, StepState,
    existing, manifest_of, named,
};
use crate::base::cancel::Cancel;
use crate::base::counted::plural;
use crate::base::mutex::lock;
use crate::base::problem::{Problem, ProblemKind, code};
use crate::checks::cases::{self, Case, CaseResult, CasesError, DifferenceKind};
use crate::checks::check::{CheckError, check};
use crate::configuration::{Configuration, ConfigurationError, LOCK_FILE};
use crate::environment::needed::prepare::{PrepareError, PreparedConfiguration, prepare};
use crate::environment::provide::ProvideProgress;
use crate::environment::write_lock;
use crate::run::calls::inline;
use crate::run::calls::request::{Request, Tools};
use crate::run::execution::error::RunError;
use crate::run::execution::happenings::{FinishedRun, ProgressEvent};
use crate::run::execution::verdict::kind_of_end;
use crate::run::inputs::input::Input;
use crate::run::results::demands::NothingFound;
use crate::run::results::issues::issues_of;
use crate::run::views::issues::by_rule;
use crate::store::{EnvironmentRecord, FailureRecord, RunOptions, RunRecord};
use crate::workspace::Workspace;

/// The maximum number of differences of a case in a finding.
const MAX_LISTED_DIFFERENCES: usize = 20;

/// The configurations to examine, and how.
pub struct CiPlan<'a> {
    /// The workspace that runs are executed in.
    pub workspace: &'a Workspace,
    /// The folders of configurations, each with its inputs.
    pub configurations: &'a [(PathBuf, Vec<Input>)],
    /// Whether cases are run.
    pub test: bool,
    /// The options of the runs of inputs.
    pub options: RunOptions,
}

/// An event while configurations are examined.
pub enum CiEvent<'a> {
    /// A configuration begins: its name and its folder.
    Begun(&'a str, &'a Path),
    /// The progress of building an environment.
    Environment(&'a ProvideProgress<'a>),
    /// A problem that is retried.
    Trouble(&'a str),
    /// A step has ended.
    Ended(&'a CiStep),
}

/// Runs all steps of all configurations. A failure does not keep later configurations from being examined, unless the call is
/// cancelled. `on` is called from several threads.
pub fn examine(
    plan: &CiPlan<'_>,
    cancel: &Cancel,
    on: &(dyn Fn(&CiEvent<'_>) + Sync),
) -> Vec<ExaminedConfiguration> {
    let mut all = Vec::new();
    for (folder, inputs) in plan.configurations {
        if cancel.is_cancelled() {
            break;
        }
        let examination = CiExamination {
            plan,
            folder,
            inputs,
            cancel,
            on,
        };
        all.push(examination.examine());
    }
    all
}

/// The examination of one configuration.
struct CiExamination<'a> {
    plan: &'a CiPlan<'a>,
    folder: &'a Path,
    inputs: &'a [Input],
    cancel: &'a Cancel,
    on: &'a (dyn Fn(&CiEvent<'_>) + Sync),
}

impl CiExamination<'_> {
    fn examine(&self) -> ExaminedConfiguration {
        let opened = Configuration::open(self.folder);
        let name = match &opened {
            Ok(configuration) => configuration.name.clone(),
            Err(_) => crate::base::files::name_of(self.folder),
        };
        (self.on)(&CiEvent::Begun(&name, self.folder));
        let mut steps = Vec::new();
        match opened {
            Ok(configuration) => self.all_steps(configuration, &mut steps),
            Err(error) => {
                let why = "the configuration cannot be opened";
                self.add(&mut steps, skipped(StepName::Lock, why));
                self.add(&mut steps, self.unopened(&error));
                self.skip_the_rest(why, &mut steps);
            }
        }
        ExaminedConfiguration {
            name,
            path: self.folder.to_owned(),
            steps,
        }
    }

    fn add(&self, steps: &mut Vec<CiStep>, step: CiStep) {
        (self.on)(&CiEvent::Ended(&step));
        steps.push(step);
    }

    fn all_steps(&self, configuration: Configuration, steps: &mut Vec<CiStep>) {
        let locked = timed(|| self.lock(&configuration));
        let is_unlocked = locked.failure.is_some();
        self.add(steps, locked);
        if is_unlocked && self.plan.workspace.settings.frozen {
            let why = "with --frozen nothing is installed without a lock that is up to date";
            self.add(steps, skipped(StepName::Check, why));
            self.skip_the_rest(why, steps);
            return;
        }
        let mut ready = None;
        let checked = timed(|| match self.check(configuration) {
            Ok((step, prepared, environment)) => {
                ready = Some((prepared, environment));
                step
            }
            Err(step) => *step,
        });
        let why = match checked.failure {
            Some(ProblemKind::Cancelled) => "cancelled",
            _ => "the configuration does not load",
        };
        self.add(steps, checked);
        let Some((prepared, environment)) = ready else {
            self.skip_the_rest(why, steps);
            return;
        };
        let tested = if self.plan.test {
            timed(|| self.test(&prepared, &environment))
        } else {
            skipped(StepName::Test, "not asked for")
        };
        self.add(steps, tested);
        if !self.inputs.is_empty() {
            steps.append(&mut self.runs(&prepared));
        }
    }

    fn skip_the_rest(&self, why: &str, steps: &mut Vec<CiStep>) {
        self.add(steps, skipped(StepName::Test, why));
        for input in self.inputs {
            self.add(steps, skipped(StepName::Run, why).with_input(input));
        }
    }

    fn unopened(&self, error: &ConfigurationError) -> CiStep {
        let file = match error {
            ConfigurationError::BadManifest { path, line, .. } => {
                Some((path.clone(), u32::try_from(*line).ok()))
            }
            _ => None,
        };
        let (file, line) = file.unwrap_or_else(|| (manifest_of(self.folder), None));
        CiStep::failed(
            StepName::Check,
            error.kind(),
            CiFinding::from_problem(error).at(file, line),
        )
    }

    /// Places a finding at the position that its message names, or at the manifest.
    fn placed(&self, finding: CiFinding) -> CiFinding {
        match named(&finding.message, self.folder) {
            Some((file, line)) => finding.at(file, line),
            None => finding.at(manifest_of(self.folder), None),
        }
    }

    fn lock(&self, configuration: &Configuration) -> CiStep {
        let (settings, paths) = (&self.plan.workspace.settings, &self.plan.workspace.paths);
        match write_lock::check(settings, paths, configuration) {
            Ok(lock) => passed(
                StepName::Lock,
                format!(
                    "up to date, {}",
                    plural(lock.packages.len() as u64, "package")
                ),
            ),
            Err(error) if error.code() == code::LOCK_MISSING && !settings.frozen => {
                skipped(StepName::Lock, format!("there is no {LOCK_FILE}"))
            }
            Err(error) => {
                // A lock that does not fit is a refusal, as in `ade lock --check`.
                let kind = if write_lock::is_unfit(&error) {
                    ProblemKind::Refused
                } else {
                    error.kind()
                };
                let file =
                    existing(self.folder, LOCK_FILE).unwrap_or_else(|| manifest_of(self.folder));
                CiStep::failed(
                    StepName::Lock,
                    kind,
                    CiFinding::from_problem(&error).at(file, None),
                )
            }
        }
    }

    /// Loads the configuration. Returns the step and what later steps need, or the failed step.
    fn check(
        &self,
        configuration: Configuration,
    ) -> Result<(CiStep, PreparedConfiguration, EnvironmentRecord), Box<CiStep>> {
        let workspace = self.plan.workspace;
        let failed = |error: &dyn Problem, finding: CiFinding| {
            Box::new(CiStep::failed(StepName::Check, error.kind(), finding))
        };
        let prepared = prepare(workspace, configuration, None).map_err(|error: PrepareError| {
            failed(&error, self.placed(CiFinding::from_problem(&error)))
        })?;
        let on = &mut |progress: ProvideProgress<'_>| (self.on)(&CiEvent::Environment(&progress));
        let checked = check(workspace, &prepared, false, self.cancel, on);
        let (checked, environment) = checked.map_err(|error| {
            let at = match &error {
                CheckError::DoesNotLoad(told) => self.place_of(told),
                _ => None,
            };
            let finding = CiFinding::from_problem(&error);
            let finding = match at {
                Some((file, line)) => finding.at(file, line),
                None => self.placed(finding),
            };
            failed(&error, finding)
        })?;
        let warning = |message: &String| self.placed(CiFinding::new(Level::Warning, message));
        let fields = plural(checked.count("fields").unwrap_or_default(), "field");
        let message = match checked.warnings.len() {
            0 => fields,
            warnings => format!("{fields}, {}", plural(warnings as u64, "warning")),
        };
        let step = CiStep {
            findings: checked.warnings.iter().map(warning).collect(),
            ..passed(StepName::Check, message)
        };
        Ok((step, prepared, environment))
    }

    /// Returns the file of the configuration in which something failed.
    fn place_of(&self, failure: &FailureRecord) -> Option<(PathBuf, Option<u32>)> {
        let file = existing(self.folder, failure.place.file.as_ref()?)?;
        Some((file, failure.place.line))
    }

    fn test(&self, prepared: &PreparedConfiguration, environment: &EnvironmentRecord) -> CiStep {
        let failed = |error: &CasesError| {
            let finding = match error {
                CasesError::Invalid { file, .. } => CiFinding::from_problem(error).at(file, None),
                _ => self.placed(CiFinding::from_problem(error)),
            };
            CiStep::failed(StepName::Test, error.kind(), finding)
        };
        let all = match cases::find(self.folder) {
            Ok(all) => all,
            Err(CasesError::None(_)) => return skipped(StepName::Test, "there are no cases"),
            Err(error) => return failed(&error),
        };
        let workspace = self.plan.workspace;
        let results = match cases::run(workspace, prepared, environment, &all, self.cancel) {
            Ok(results) => results,
            Err(error) => return failed(&error),
        };
        let both = all.iter().zip(&results);
        let findings: Vec<CiFinding> = both
            .filter(|(_, result)| !result.passed)
            .map(|(case, result)| of_case(case, result))
            .collect();
        let cases = plural(results.len() as u64, "case");
        let step = match findings.len() {
            0 => passed(StepName::Test, cases),
            wrong => CiStep {
                failure: Some(ProblemKind::Refused),
                ..CiStep::new(
                    StepName::Test,
                    StepState::Failed,
                    format!("{wrong} of {cases} failed"),
                )
            },
        };
        CiStep {
            findings,
            cases: results,
            ..step
        }
    }

    /// Runs the inputs and reports each step as it ends. Returns the steps in the order of the inputs.
    fn runs(&self, prepared: &PreparedConfiguration) -> Vec<CiStep> {
        let workspace = self.plan.workspace;
        let request = Request {
            workspace,
            tools: Tools::here(),
            prepared,
            inputs: self.inputs,
            again: None,
            output_dir: None,
            shape: None,
            annotate: false,
            only_changed: false,
            sheets: None,
            options: self.plan.options.clone(),
            jobs: workspace.settings.worker.concurrency,
        };
        let ended: Mutex<Vec<Option<CiStep>>> =
            Mutex::new(self.inputs.iter().map(|_| None).collect());
        let result = inline::run(&request, self.cancel, &|source, change| match change {
            ProgressEvent::Environment(progress) => (self.on)(&CiEvent::Environment(progress)),
            ProgressEvent::Trouble(message) => (self.on)(&CiEvent::Trouble(message)),
            ProgressEvent::Retrying(run, failure) => {
                let message = format!("{}: {}; it is tried again", run.input_name, failure.message);
                (self.on)(&CiEvent::Trouble(&message));
            }
            ProgressEvent::Finished(result) => {
                let step = self.of_run(result).with_input(&self.inputs[source.input]);
                let mut ended = lock(&ended);
                // The lock is held while the step is reported, so that the lines of two steps do not mix.
                (self.on)(&CiEvent::Ended(&step));
                ended[source.input] = Some(step);
            }
            _ => {}
        });
        let ended = ended.into_inner().unwrap_or_default();
        let steps = self.inputs.iter().zip(ended).map(|(input, step)| {
            step.unwrap_or_else(|| {
                let step = match &result {
                    Err(error) => {
                        CiStep::failed(StepName::Run, error.kind(), CiFinding::from_problem(error))
                    }
                    Ok(()) => skipped(StepName::Run, "cancelled"),
                }
                .with_input(input);
                (self.on)(&CiEvent::Ended(&step));
                step
            })
        });
        steps.collect()
    }

    fn of_run(&self, result: &Result<FinishedRun, RunError>) -> CiStep {
        let finished = match result {
            Ok(finished) => finished,
            Err(error) => {
                return CiStep::failed(StepName::Run, error.kind(), CiFinding::from_problem(error));
            }
        };
        let run = &finished.run;
        let figures = Run {
            id: run.id.clone(),
            metrics: run.metrics.clone(),
            nothing_found: NothingFound::from_run(run),
            rules: rules_of(run),
        };
        let mut step = passed(StepName::Run, in_figures(finished));
        if let Some(kind) = kind_of_end(run) {
            let words = match kind {
                ProblemKind::Cancelled => "cancelled",
                _ => "failed",
            };
            step = CiStep {
                failure: Some(kind),
                ..CiStep::new(StepName::Run, StepState::Failed, words)
            };
            step.findings.extend(run.error.as_ref().map(|error| {
                let finding = CiFinding {
                    code: Some(error.code.clone()),
                    hint: error.hint.clone(),
                    ..CiFinding::new(Level::Error, &error.message)
                };
                match self.place_of(error) {
                    Some((file, line)) => finding.at(file, line),
                    None => finding,
                }
            }));
        }
        for short in &finished.shortfalls {
            step.state = StepState::Failed;
            step.failure = step.failure.max(Some(short.kind()));
            step.findings.push(CiFinding {
                message: short.without_headers(),
                ..CiFinding::from_problem(short)
            });
        }
        CiStep {
            seconds: run.duration_ms().unwrap_or_default() as f64 / 1000.0,
            run: Some(figures),
            ..step
        }
    }
}

fn passed(step: StepName, message: impl Into<String>) -> CiStep {
    CiStep::new(step, StepState::Passed, message)
}

fn skipped(step: StepName, why: impl Into<String>) -> CiStep {
    CiStep::new(step, StepState::Skipped, why)
}

fn timed(act: impl FnOnce() -> CiStep) -> CiStep {
    let begun = Instant::now();
    let step = act();
    CiStep {
        seconds: begun.elapsed().as_secs_f64(),
        ..step
    }
}

/// Returns a failed case as a finding, at the first row of its expected table that differs.
fn of_case(case: &Case, result: &CaseResult) -> CiFinding {
    let all = &result.differences;
    let mut lines = vec![format!("case {}", case.name)];
    lines.extend(result.error.clone());
    lines.extend(
        all.iter()
            .take(MAX_LISTED_DIFFERENCES)
            .map(ToString::to_string),
    );
    if let Some(more @ 1..) = all.len().checked_sub(MAX_LISTED_DIFFERENCES) {
        lines.push(format!("and {more} more"));
    }
    let rows = all
        .iter()
        .filter(|difference| difference.what != DifferenceKind::Issue);
    let row = rows.filter_map(|difference| difference.row).next();
    // Line 1 of the file holds the column names.
    let line = row.and_then(|row| u32::try_from(row + 1).ok());
    let table = case.expected.as_ref().unwrap_or(&case.input);
    let is_text = table.ends_with("expected.csv");
    CiFinding::new(Level::Error, lines.join("\n")).at(table, line.filter(|_| is_text))
}

fn rules_of(run: &RunRecord) -> Vec<CiRuleCount> {
    let rules = issues_of(run).ok().and_then(|list| by_rule(list).ok());
    let rules = rules.into_iter().flatten().map(|of| CiRuleCount {
        rule: of.rule,
        severity: of.severity.word(),
        count: of.count,
    });
    rules.collect()
}

/// Returns the figures in words: `110 rows, 9 of 12 fields, 2 errors`.
fn in_figures(finished: &FinishedRun) -> String {
    let Some(metrics) = &finished.run.metrics else {
        return String::new();
    };
    if let Some(nothing) = NothingFound::from_run(&finished.run) {
        return nothing.words().to_owned();
    }
    let rows = finished.rows.map_or(metrics.rows, |rows| rows.written);
    let mut words = vec![
        plural(rows, "row"),
        format!(
            "{} of {}",
            metrics.mapped_fields,
            plural(metrics.expected_fields, "field")
        ),
    ];
    let counts = [
        (metrics.errors, "error"),
        (metrics.warnings, "warning"),
        (metrics.infos, "info"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    words.extend(counts.map(|(count, word)| plural(*count, word)));
    words.join(", ")
}
