//! `ade shape`: describes the tables of a file, and proposes how to make them one record a row.

use std::io::Read;
use std::path::PathBuf;

use ade::base::problem::{code, typed};
use ade::cells::CellReader;
use ade::shape::{self, Proposal, TableShape};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui, plural};

/// The minimum confidence of a proposal that is shown.
const MIN_CONFIDENCE: f64 = 0.1;
/// The maximum number of proposals for a table.
const MAX_PROPOSALS: usize = 3;
/// The maximum number of bytes read from standard input.
const MAX_INPUT_BYTES: u64 = 64 << 20;

/// Propose how to make a file's tables one record a row
///
/// If a table's rows are not records, proposes changes with reasons, a confidence and lines of polars: month columns or groups
/// of columns to rows, swapped rows and columns, filled-down columns, split cells, section lines as a column. Changes nothing.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade shape budget.xlsx\n  ade shape budget.xlsx --json\n  ade shape - < table.csv     proposals for one table, as JSON"
)]
pub struct Args {
    /// The file; - reads one comma-separated table with a header from standard input, and prints JSON
    file: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let cells = CellReader::default();
    if args.file.as_os_str() == "-" {
        ui.document(&shape::of_text(&standard_input()?, &cells)?);
        return Ok(ExitStatus::Done);
    }
    if !args.file.exists() {
        let message = format!("there is no file {}", args.file.display());
        return Err(Failure::usage(code::INPUT_NOT_FOUND, message));
    }
    let shapes = shape::of_file(&args.file, &cells)?;
    if ui.json() {
        ui.document(&shapes);
        return Ok(ExitStatus::Done);
    }
    for (number, table) in shapes.tables.iter().enumerate() {
        ui.gap(number);
        print_table(ui, table);
    }
    shapes.problems.iter().for_each(|problem| ui.say(problem));
    let first = |table: &TableShape| {
        table
            .proposals
            .first()
            .is_some_and(|proposal| proposal.acts() && proposal.confidence >= MIN_CONFIDENCE)
    };
    if shapes.tables.iter().any(first) {
        ui.hint(format_args!(
            "`ade init --from {}` writes a configuration that does this where it is sure, and asks where it is not",
            typed(&shapes.file)
        ));
    }
    if shapes.tables.is_empty() {
        ui.say(format_args!("{} has no table", shapes.file));
    }
    Ok(ExitStatus::Done)
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let input = std::io::stdin().lock();
    input
        .take(MAX_INPUT_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| {
            let message = format!("cannot read standard input: {error}");
            Failure::usage(code::WORKBOOK_UNREADABLE, message)
        })?;
    Ok(text)
}

/// Prints a table: its position, its shape and the proposals.
fn print_table(ui: &Ui, table: &TableShape) {
    let title = ui.paint(
        Tone::Strong,
        format!("{} table {}", table.sheet, table.table),
    );
    let (rows, columns) = (plural(table.rows, "row"), plural(table.columns, "column"));
    let place = format!("{}, {rows}, {columns}", table.range);
    ui.line(format_args!("{title} {}", ui.paint(Tone::Dim, place)));
    let likely = |proposal: &&Proposal| proposal.confidence >= MIN_CONFIDENCE;
    let shown = table.proposals.iter().filter(likely).take(MAX_PROPOSALS);
    for (number, proposal) in shown.enumerate() {
        print_proposal(ui, proposal, number == 0);
    }
}

fn print_proposal(ui: &Ui, proposal: &Proposal, is_first: bool) {
    let confidence = format!("{:.0} %", 100.0 * proposal.confidence);
    if !proposal.acts() {
        let (name, words) = match is_first {
            true => ("as it is", "each row is one record"),
            false => ("or", "each row is one record already"),
        };
        ui.print_text(name, Some((Tone::Good, &confidence)), words);
        if is_first {
            ui.print_texts("because", &proposal.reasons);
        }
        return;
    }
    let (name, tone) = match (is_first, proposal.apply, proposal.is_worth_asking()) {
        (true, true, _) => ("sure", Tone::Good),
        (true, false, true) => ("likely", Tone::Warn),
        (true, false, false) => ("perhaps", Tone::Dim),
        (false, ..) => ("or", Tone::Dim),
    };
    let words = proposal.words.join(", then ");
    ui.print_text(name, Some((tone, &confidence)), &words);
    ui.print_texts("because", &proposal.reasons);
    if is_first {
        proposal
            .doubts
            .iter()
            .for_each(|doubt| ui.print_text("but", None, doubt));
        ui.print_texts("in polars", &proposal.code);
    }
}
