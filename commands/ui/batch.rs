//! The output for several files in one call: a line in columns for each file when its run ends, and a summary at the end:
//! notices, failed files with reasons, skipped files, and totals.

use std::path::PathBuf;
use std::time::Instant;

use ade::engine::RowCounts;
use ade::engine::{RunNotice, RunNotices};
use ade::run::execution::happenings::FinishedRun;
use ade::run::results::demands::NothingFound;
use ade::run::views::summary::unprocessed;
use ade::store::RunMetrics;
use console::{measure_text_width, truncate_str};

use super::format::{not_found, plural, span, thousands};
use super::issue_lines::IssueCounts;
use super::notices::CONFIGURATION;
use super::results::rows;
use super::terminal::Ui;
use super::tone::Tone;
use crate::exit::Failure;

/// The columns of figures with their widths.
const FIGURES: [(&str, usize); 5] = [
    ("TABLES", 6),
    ("ROWS READ", 9),
    ("FIELDS", 7),
    ("ISSUES", 6),
    ("SECONDS", 7),
];
const GAP: &str = "  ";
/// The minimum width of the last column: its longest word, `found nothing`.
const LAST: usize = 13;
/// The maximum number of different failures in the summary.
const MAX_FAILURES: usize = 100;
/// The maximum number of different notices in the summary, and (below) of each file.
const MAX_NOTICES: usize = 20;
const MAX_NOTICES_PER_FILE: usize = 3;
/// The maximum number of files named in a summary line.
const MAX_NAMED_FILES: usize = 3;
/// The maximum number of fields named in a line.
const MAX_NAMED_FIELDS: usize = 5;

/// How a run counts in a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountsAs {
    /// Its workbook is in the requested place.
    Normalized,
    /// Like `Normalized`, but the workbook is empty.
    Empty,
    /// The input is unchanged since an earlier run, whose workbook is in the requested place.
    Unchanged,
    /// Nothing was to be processed: a dry run, or a check of the configuration.
    Unprocessed,
    /// It has denied issues or lacks required fields: its workbook is only in the run's folder.
    Refused,
    /// It failed, or its copy could not be written.
    Failed,
    Cancelled,
}

/// A file of the call, as it is listed.
#[derive(Clone, Debug)]
pub struct ListedFile {
    /// The name in the lists.
    pub name: String,
    /// The path for the copy of its workbook, if requested.
    pub copy: Option<PathBuf>,
}

/// The lines and the summary of several files.
pub struct BatchLines {
    files: Vec<ListedFile>,
    /// The width of the column of names.
    name_width: usize,
    /// The width of the terminal. `None`: the output is not a terminal, and lines are not cut.
    width: Option<usize>,
    /// Whether there is room for the paths of the workbooks.
    shows_paths: bool,
    /// Whether a line was printed.
    begun: bool,
    since: Instant,
    tables: u64,
    rows: RowCounts,
    issues: IssueCounts,
    failures: Vec<FilesWith<Failure>>,
    notices: Vec<FilesWith<String>>,
    more_notices: usize,
    notes: Vec<String>,
    /// The workbooks of earlier runs that were renamed, by their new names.
    stale: FilesWith<()>,
    /// Whether at least one run wrote a workbook.
    has_workbooks: bool,
    /// Whether at least one run read something.
    has_figures: bool,
    /// The number of files in which all fields were found, and (below) the other files.
    complete: usize,
    incomplete: FilesWith<()>,
    hint: Option<String>,
}

/// Something that applies to several files, with their names.
struct FilesWith<T> {
    what: T,
    /// The names of the first files.
    names: Vec<String>,
    count: usize,
}

impl<T> FilesWith<T> {
    fn new(what: T) -> Self {
        Self {
            what,
            names: Vec::new(),
            count: 0,
        }
    }

    fn add(&mut self, name: Option<&str>) {
        self.count += 1;
        if self.names.len() < MAX_NAMED_FILES {
            self.names.extend(name.map(str::to_owned));
        }
    }

    /// Lists the files: `a.csv, b.csv, c.csv and 9 more`.
    fn names(&self) -> String {
        let names = self.names.join(", ");
        match self.count - self.names.len() {
            0 => names,
            more => format!("{names} and {} more", thousands(more as u64)),
        }
    }
}

impl BatchLines {
    /// Makes the summary of these files.
    pub fn new(ui: &Ui, files: Vec<ListedFile>) -> Self {
        let width = ui.width();
        let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let mut name_width = longest(&mut files.iter().map(|file| measure_text_width(&file.name)));
        let mut shows_paths = true;
        if let Some(width) = width {
            let copies = files.iter().filter_map(|file| file.copy.as_ref());
            let copy = longest(&mut copies.map(|copy| measure_text_width(&ui.path(copy))));
            // Without an output directory, a path is wider than most terminals.
            shows_paths = copy > 0 && without_name() + name_width + copy <= width;
            let most = width.saturating_sub(without_name() + LAST).max(LAST);
            name_width = name_width.min(most);
        }
        Self {
            files,
            name_width: name_width.max("FILE".len()),
            width,
            shows_paths,
            begun: false,
            since: Instant::now(),
            tables: 0,
            rows: RowCounts::default(),
            issues: IssueCounts::default(),
            failures: Vec::new(),
            notices: Vec::new(),
            more_notices: 0,
            notes: Vec::new(),
            stale: FilesWith::new(()),
            has_workbooks: false,
            has_figures: false,
            complete: 0,
            incomplete: FilesWith::new(()),
            hint: None,
        }
    }

    /// Returns the listed name of a file.
    pub fn name(&self, input: usize) -> &str {
        &self.files[input].name
    }

    /// Prints the line of a file whose run ended or could not start.
    pub fn line(&mut self, ui: &Ui, input: usize, ended: Option<&FinishedRun>, counts: CountsAs) {
        if !self.begun {
            self.begun = true;
            self.header(ui);
        }
        let metrics = ended.and_then(|ended| ended.run.metrics.as_ref());
        // The figures of a failed run stop at the moment of the failure.
        let metrics = metrics.filter(|_| counts != CountsAs::Failed);
        // Totals count only what was read in this call.
        if let (Some(metrics), Some(ended)) = (metrics, ended)
            && !ended.is_unchanged
        {
            self.add(metrics, ended);
        }
        let copied_to = ended.and_then(|ended| ended.copied_to.as_ref());
        let path = copied_to.or(ended.and_then(|ended| ended.run.output_path.as_ref()));
        let is_normalized = matches!(
            counts,
            CountsAs::Normalized | CountsAs::Empty | CountsAs::Unchanged
        );
        self.has_workbooks |= copied_to.is_some() || is_normalized && path.is_some();
        let has_faults = metrics.is_some_and(|metrics| metrics.faults() > 0)
            || ended.is_some_and(|ended| NothingFound::from_run(&ended.run).is_some());
        let lost = lost(metrics);
        let (mark, tone, word) = marked(counts, has_faults, !lost.is_empty(), ended);
        if matches!(counts, CountsAs::Normalized | CountsAs::Unchanged) {
            match lost.is_empty() {
                true => self.complete += 1,
                false => self.incomplete.add(Some(&self.files[input].name)),
            }
        }
        let mut last: Vec<String> = Vec::new();
        if !word.is_empty() {
            last.push(ui.paint(tone, word));
        }
        if !lost.is_empty() {
            let taken = without_name() + self.name_width;
            let room = self.width.map(|width| width.saturating_sub(taken));
            let room = room.map_or(usize::MAX, |room| room.max(LAST));
            last.push(ui.paint(Tone::Warn, truncate_str(&lost, room, "…")));
        }
        if self.shows_paths
            && let Some(path) = path.filter(|_| counts != CountsAs::Failed)
        {
            last.push(ui.paint(Tone::Name, ui.path(path)));
        }
        let line = format!(
            "{} {}{}{GAP}{}",
            ui.paint(tone, mark),
            ui.paint(Tone::Strong, self.in_column(self.name(input))),
            figures(
                ui,
                metrics,
                ended
                    .filter(|ended| !ended.is_unchanged)
                    .and_then(|ended| ended.run.duration_ms())
            ),
            last.join(GAP)
        );
        ui.line(line.trim_end());
    }

    /// Adds the figures of a run to the totals.
    fn add(&mut self, metrics: &RunMetrics, ended: &FinishedRun) {
        let rows = ended.rows.unwrap_or(RowCounts {
            read: metrics.rows,
            written: metrics.rows,
            quarantined: 0,
        });
        self.has_figures = true;
        self.tables += metrics.tables;
        self.rows.read += rows.read;
        self.rows.written += rows.written;
        self.rows.quarantined += rows.quarantined;
        self.issues.add(metrics);
    }

    fn header(&self, ui: &Ui) {
        let mut line = format!("  {}", self.in_column("FILE"));
        for (name, width) in FIGURES {
            line.push_str(&format!("{GAP}{name:>width$}"));
        }
        if self.shows_paths {
            line.push_str("  OUTPUT");
        }
        ui.line(ui.paint(Tone::Dim, line));
    }

    /// Pads a name to the width of its column.
    fn in_column(&self, name: &str) -> String {
        let name = match self.width {
            Some(_) => shortened(name, self.name_width),
            None => name.to_owned(),
        };
        let padding = self.name_width.saturating_sub(measure_text_width(&name));
        format!("{name}{}", " ".repeat(padding))
    }

    /// Stores a failure for the summary. A failure of the whole call names no file.
    pub fn failed(&mut self, input: usize, failure: Failure, of_call: bool) {
        let name = self.name(input).to_owned();
        let known = self.failures.iter_mut().find(|known| {
            (&known.what.code, &known.what.message) == (&failure.code, &failure.message)
        });
        let name = (!of_call).then_some(name.as_str());
        match known {
            Some(known) => known.add(name),
            None => {
                let mut of = FilesWith::new(failure);
                of.add(name);
                self.failures.push(of);
            }
        }
    }

    /// Stores the most important notices of a file, except those about the configuration, which are reported once.
    pub fn noticed(&mut self, input: usize, noticed: &RunNotices) {
        let name = self.name(input).to_owned();
        let warnings = noticed
            .notices
            .iter()
            .filter(|told| told.is_warning() && told.code() != CONFIGURATION);
        let open = noticed.readings.iter().filter(|told| told.is_ambiguous());
        let mut of_file: Vec<(usize, &RunNotice)> = Vec::new();
        for told in warnings.chain(open) {
            let alike = of_file
                .iter()
                .filter(|(_, known)| known.code() == told.code());
            of_file.push((alike.count(), told));
        }
        // The first of each kind comes before the second of any kind.
        of_file.sort_by_key(|(before, _)| *before);
        for (position, (_, told)) in of_file.iter().enumerate() {
            let sentence = told.sentence();
            let known = self.notices.iter().position(|known| known.what == sentence);
            match known {
                Some(known) => self.notices[known].add(Some(&name)),
                None if position < MAX_NOTICES_PER_FILE && self.notices.len() < MAX_NOTICES => {
                    let mut of = FilesWith::new(sentence);
                    of.add(Some(&name));
                    self.notices.push(of);
                }
                None => self.more_notices += 1,
            }
        }
    }

    /// Stores a line of progress for the summary.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Stores the new name of a renamed workbook of an earlier run.
    pub fn stale(&mut self, to: String) {
        self.stale.add(Some(&to));
    }

    /// Stores a hint for the summary; the first one is enough.
    pub fn hint(&mut self, hint: String) {
        self.hint.get_or_insert(hint);
    }

    /// Prints the notices and the failures.
    pub fn details(&self, ui: &Ui) {
        for of in &self.notices {
            let text = format!("{} ({})", of.what, of.names());
            ui.words("", Some((Tone::Warn, "!")), Tone::Warn, &text);
        }
        if self.more_notices > 0 {
            let text = format!(
                "and {} more; `ade runs show FILE` lists those of a file",
                thousands(self.more_notices as u64)
            );
            ui.words("  ", None, Tone::Dim, &text);
        }
        if self.stale.count > 0 {
            ui.say(format_args!(
                "note: {} renamed: {}",
                match self.stale.count {
                    1 => "the workbook of an earlier run was".to_owned(),
                    count => format!("{} of earlier runs were", plural(count as u64, "workbook")),
                },
                self.stale.names()
            ));
        }
        self.notes.iter().for_each(|note| ui.say(note));
        for of in self.failures.iter().take(MAX_FAILURES) {
            let mut failure = of.what.clone();
            // Most messages already name their file.
            if of.count > 1 && !of.names.is_empty() {
                failure.message = format!("{}: {}", of.names(), failure.message);
            } else if let [name] = of.names.as_slice()
                && !failure.message.contains(name.as_str())
            {
                failure.message = format!("{name}: {}", failure.message);
            }
            ui.failure(&failure);
        }
        if self.failures.len() > MAX_FAILURES {
            ui.say(format_args!(
                "and {} more; `ade runs ls --status failed` lists them",
                thousands((self.failures.len() - MAX_FAILURES) as u64)
            ));
        }
        if let Some(hint) = &self.hint {
            ui.hint(hint);
        }
    }

    /// Returns the totals, such as `14 tables, 1,204 rows, 3 issues in 4.1 s`. `None`: nothing was read.
    pub fn totals(&self) -> Option<String> {
        if !self.has_figures {
            return None;
        }
        Some(format!(
            "{}, {}, {} in {}",
            plural(self.tables, "table"),
            rows(self.rows.read, Some(self.rows)),
            self.issues.in_all(),
            span(self.since.elapsed())
        ))
    }

    /// Returns, for example, `4 of 16 files have no column for some fields (◐): a.csv, b.csv and 2 more`. `None`: there is one
    /// file, or no field is missing.
    pub fn completeness(&self) -> Option<String> {
        let all = self.complete + self.incomplete.count;
        (all > 1 && self.incomplete.count > 0).then(|| {
            let names = self.incomplete.names();
            let all = plural(all as u64, "file");
            let count = self.incomplete.count;
            let have = if count == 1 { "has" } else { "have" };
            format!("{count} of {all} {have} no column for some fields (◐): {names}")
        })
    }

    /// Prints where the workbooks are, unless the lines show it.
    pub fn say_place(&self, ui: &Ui) {
        if self.shows_paths || !self.has_workbooks {
            return;
        }
        let copies = self.files.iter().filter_map(|file| file.copy.as_ref());
        let folders = copies.filter_map(|copy| copy.parent());
        // Of nested folders, the topmost.
        match folders.min_by_key(|folder| folder.components().count()) {
            Some(folder) => ui.say(format_args!("the workbooks are in {}", ui.path(folder))),
            None => ui.hint(
                "`ade runs show FILE` names the workbook of a file, and -o DIR copies all of them to one folder",
            ),
        }
    }

    /// Names the files that were not started, the first ones by name.
    pub fn not_started(&self, is_started: impl Fn(usize) -> bool) -> Option<String> {
        let mut left = FilesWith::new(());
        let files = (0..self.files.len()).filter(|input| !is_started(*input));
        files.for_each(|input| left.add(Some(self.name(input))));
        (left.count > 0).then(|| left.names())
    }
}

/// Returns the width of a line without the name and the last column: the mark, the figures and the gaps.
fn without_name() -> usize {
    let figures = FIGURES.iter().map(|(_, width)| GAP.len() + width);
    2 + figures.sum::<usize>() + GAP.len()
}

/// Names the fields that found no column although there is a table; only the first ones.
fn lost(metrics: Option<&RunMetrics>) -> String {
    let lost = match metrics {
        Some(found) if found.tables > 0 => found.missing_fields.as_slice(),
        _ => &[],
    };
    let named = &lost[..lost.len().min(MAX_NAMED_FIELDS)];
    match (named, lost.len() - named.len()) {
        ([], _) => String::new(),
        (_, 0) => not_found(&named.join(", ")),
        (_, more) => not_found(&format!("{} and {more} more", named.join(", "))),
    }
}

/// Returns the mark of a line, its tone, and the word in its last column.
fn marked(
    counts: CountsAs,
    has_faults: bool,
    lacks_fields: bool,
    ended: Option<&FinishedRun>,
) -> (&'static str, Tone, &'static str) {
    match counts {
        CountsAs::Normalized if has_faults => ("⚠", Tone::Warn, ""),
        CountsAs::Normalized if lacks_fields => ("◐", Tone::Warn, ""),
        CountsAs::Normalized => ("✓", Tone::Good, ""),
        CountsAs::Unchanged if has_faults => ("⚠", Tone::Warn, "unchanged"),
        CountsAs::Unchanged if lacks_fields => ("◐", Tone::Warn, "unchanged"),
        CountsAs::Unchanged => ("✓", Tone::Good, "unchanged"),
        CountsAs::Empty => ("⚠", Tone::Warn, "found nothing"),
        CountsAs::Unprocessed => {
            let unprocessed = ended.and_then(|ended| unprocessed(&ended.run));
            ("✓", Tone::Good, unprocessed.map_or("", |(word, _)| word))
        }
        CountsAs::Refused => ("✗", Tone::Bad, "refused"),
        CountsAs::Failed => ("✗", Tone::Bad, "failed"),
        CountsAs::Cancelled => ("✗", Tone::Bad, "cancelled"),
    }
}

/// Formats the columns of figures, empty if there are none.
fn figures(ui: &Ui, metrics: Option<&RunMetrics>, took: Option<u64>) -> String {
    let of_run = metrics.map(|metrics| {
        let issues = if metrics.faults() > 0 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let fields = format!("{}/{}", metrics.mapped_fields, metrics.expected_fields);
        [
            (Tone::Plain, thousands(metrics.tables)),
            (Tone::Plain, thousands(metrics.rows)),
            (Tone::Plain, fields),
            (issues, thousands(metrics.issues)),
        ]
    });
    let of_run = of_run.unwrap_or([const { (Tone::Plain, String::new()) }; 4]);
    let seconds = took.map(|took| format!("{:.1}", took as f64 / 1000.0));
    let seconds = (Tone::Dim, seconds.unwrap_or_default());
    let figures = of_run.into_iter().chain([seconds]).zip(FIGURES);
    let painted = figures.map(|((tone, figure), (_, width))| {
        let padding = " ".repeat(width.saturating_sub(measure_text_width(&figure)));
        format!("{GAP}{padding}{}", ui.paint(tone, figure))
    });
    painted.collect()
}

/// Shortens a name to this width in the middle, because names often differ at their ends.
fn shortened(name: &str, width: usize) -> String {
    if measure_text_width(name) <= width {
        return name.to_owned();
    }
    let front = truncate_str(name, width.saturating_sub(1) / 2, "").into_owned();
    let room = width.saturating_sub(1 + measure_text_width(&front));
    let mut end = name;
    while measure_text_width(end) > room {
        let mut letters = end.chars();
        letters.next();
        end = letters.as_str();
    }
    format!("{front}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_keeps_both_ends() {
        assert_eq!(shortened("crew.xlsx", 9), "crew.xlsx");
        assert_eq!(
            shortened("members_of_the_north.csv", 18),
            "members_…north.csv"
        );
        // These letters are two columns wide.
        assert_eq!(shortened("名簿名簿名簿.xlsx", 11), "名簿….xlsx");
    }
}
