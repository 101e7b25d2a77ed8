//! `ade issues`: lists the problems in a run's input, at the sender's own cells.

use ade::issues::{Issue, IssueFilter, IssueReader, Language, ListError, Severity};
use ade::run::results::issues::issues_of;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{TerminalTable, Tone, Ui, languages, plural, thousands};

/// The maximum number of lines in a table; a list of a million issues is for programs.
const MAX_LIST_LINES: usize = 5_000;
/// The maximum length of a value in a line; longer values make lines unreadable.
const MAX_CELL_CHARS: usize = 200;

/// List the issues in the inputs of runs, at the sender's cells
///
/// The list follows the order of the sheets and contains input values. With several runs, each file gets its own table; in csv
/// and json, each issue names its file.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade issues latest\n  ade issues crew.xlsx --severity error\n  ade issues latest --field phone --format csv > phones.csv\n  ade issues january/ --severity error         the last run of each file\n  ade issues latest --language de --format csv > liste.csv"
)]
pub struct Args {
    /// Runs: ids (or parts), inputs by path or name, folders of inputs, or `latest`
    #[arg(default_value = "latest", value_name = "RUN")]
    runs: Vec<String>,
    /// Only issues of this field; may be repeated
    #[arg(long, value_name = "F")]
    field: Vec<String>,
    /// Only issues of this rule, such as `hours.up_to_80` or `up_to_80`; may be repeated
    #[arg(long, value_name = "R")]
    rule: Vec<String>,
    /// Only issues of this severity; may be repeated
    #[arg(long, value_name = "S", value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::word)))]
    severity: Vec<String>,
    /// Only issues of this sheet; may be repeated
    #[arg(long, value_name = "SHEET")]
    sheet: Vec<String>,
    /// The format of the list; json is one object per line
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = ["table", "csv", "json"])]
    format: String,
    /// List what is for the sender, in this language
    #[arg(long, value_name = "LANG", value_parser = languages())]
    language: Option<Language>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let runs = context.runs(&workspace, &args.runs)?;
    let wanted = IssueFilter {
        fields: args.field.clone(),
        rules: args.rule.clone(),
        severities: args
            .severity
            .iter()
            .filter_map(|word| Severity::parse(word))
            .collect(),
        sheets: args.sheet.clone(),
    };
    let is_json = ui.json() || args.format == "json";
    let is_csv = !is_json && args.format == "csv";
    if is_csv {
        let of_several = if runs.len() > 1 { "file," } else { "" };
        ui.line(format_args!("{of_several}{HEADER}"));
    }
    let mut status = ExitStatus::Done;
    for run in &runs {
        let list = match issues_of(run) {
            Ok(list) => list.in_language(args.language),
            // One bad run does not stop the output of the others.
            Err(error) if runs.len() > 1 => {
                let mut failure = Failure::from_problem(&error);
                failure.message = format!("{}: {}", run.input_name, failure.message);
                ui.failure(&failure);
                status = status.max(failure.status);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let file = (runs.len() > 1).then_some(&*run.input_name);
        match (is_json, is_csv) {
            (true, _) => print_records(ui, list, &wanted, file)?,
            (_, true) => print_csv(ui, list, &wanted, file)?,
            _ => {
                if let Some(file) = file {
                    ui.line(ui.paint(Tone::Strong, file));
                }
                print_table(ui, list, &wanted)?;
            }
        }
    }
    Ok(status)
}

/// Iterates over the issues that match the filters.
fn chosen<'a>(
    list: IssueReader,
    wanted: &'a IssueFilter,
) -> impl Iterator<Item = Result<Issue, ListError>> + 'a {
    list.filter(|issue| issue.as_ref().map_or(true, |issue| wanted.takes(issue)))
}

fn print_records(
    ui: &Ui,
    list: IssueReader,
    wanted: &IssueFilter,
    file: Option<&str>,
) -> Result<(), ListError> {
    for issue in chosen(list, wanted) {
        let issue = issue?;
        match file {
            Some(file) => {
                let mut record = json!(issue);
                record["file"] = file.into();
                ui.record(&record);
            }
            None => ui.record(&issue),
        }
    }
    Ok(())
}

const HEADER: &str = "sheet,cell,severity,field,label,rule,message,value,written,key,output";

fn print_csv(
    ui: &Ui,
    list: IssueReader,
    wanted: &IssueFilter,
    file: Option<&str>,
) -> Result<(), ListError> {
    for issue in chosen(list, wanted) {
        let issue = issue?;
        let text = |text: &Option<String>| quoted(text.as_deref().unwrap_or_default());
        let cells = [
            quoted(&issue.sheet),
            text(&issue.cell),
            issue.severity.word().to_owned(),
            text(&issue.field),
            text(&issue.label),
            quoted(&issue.rule),
            quoted(&issue.message),
            text(&issue.value),
            text(&issue.written),
            text(&issue.key),
            text(&issue.output),
        ];
        let cells: Vec<String> = file.map(quoted).into_iter().chain(cells).collect();
        ui.line(cells.join(","));
    }
    Ok(())
}

/// Quotes a cell for a csv file. Text that a spreadsheet would read as a formula stays text; a negative number is not a
/// formula.
fn quoted(text: &str) -> String {
    let is_number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let is_negative = text.strip_prefix('-').is_some_and(is_number);
    let mark = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_negative {
        true => "'",
        false => "",
    };
    if mark.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

fn print_table(ui: &Ui, list: IssueReader, wanted: &IssueFilter) -> Result<(), ListError> {
    let mut table = TerminalTable::new(
        "SHEET  CELL  SEVERITY  FIELD  VALUE  MESSAGE  RULE",
        &[6, 4, 5, 0, 3],
    )
    .optional(&[6]);
    let (mut count, mut others) = (0, 0_u64);
    for issue in list {
        let issue = issue?;
        if !wanted.takes(&issue) {
            others += 1;
            continue;
        }
        count += 1;
        if count <= MAX_LIST_LINES {
            table.row(row(issue));
        }
    }
    if count == 0 {
        let others = (others > 0).then(|| plural(others, "issue"));
        let words = others.map(|others| format!("None of the run’s {others} matches"));
        ui.say(words.unwrap_or("No issues".to_owned()));
        return Ok(());
    }
    ui.table(&table);
    if count > MAX_LIST_LINES {
        let more = thousands((count - MAX_LIST_LINES) as u64);
        ui.say(format_args!("and {more} more; --format csv lists all"));
    }
    ui.say(plural(count as u64, "issue"));
    Ok(())
}

/// Cuts a text to what fits in a line; the other formats contain all of it.
fn beginning(text: String) -> String {
    match text.char_indices().nth(MAX_CELL_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn row(issue: Issue) -> Vec<(Tone, String)> {
    let tone = issue.severity.into();
    let place = issue.place();
    let place = place.strip_prefix(&issue.sheet).unwrap_or_default();
    let cell = place.trim_start_matches('!').to_owned();
    let whose = issue.whose().to_owned();
    vec![
        (Tone::Plain, issue.sheet),
        (Tone::Plain, cell),
        (tone, issue.severity.word().to_owned()),
        (Tone::Plain, whose),
        (Tone::Plain, beginning(issue.value.unwrap_or_default())),
        (Tone::Plain, beginning(issue.message)),
        (Tone::Dim, issue.rule),
    ]
}
