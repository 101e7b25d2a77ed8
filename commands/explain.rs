//! `ade explain`: explains why a run read its input as it did.

use ade::cells::CellReader;
use ade::run::views::explain::{ExplainTarget, WorkbookSide, explain};
use clap::builder::PossibleValuesParser;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::print_explanation;

/// Explain why a run read its input as it did
///
/// Without options, explains the header row of each table, the field of each column, and the nearest fields of unmapped
/// columns. With a row or a cell, shows where it went or came from. Cell values appear only in messages of checks.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade explain latest\n  ade explain crew.xlsx --column Hours\n  ade explain latest --sheet North --cell D8\n  ade explain latest --side output --cell B12"
)]
pub struct Args {
    /// A run: its id (or part), its input's path or name, or `latest`
    #[arg(default_value = "latest")]
    run: String,
    /// Only tables of this sheet
    #[arg(long, value_name = "S")]
    sheet: Option<String>,
    /// Explain how this row was read, and where it went
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u64).range(1..=1_048_576), conflicts_with = "cell")]
    row: Option<u64>,
    /// Only this column (letters, header or field); with --row, its cell in that row
    #[arg(long, value_name = "C", conflicts_with = "cell")]
    column: Option<String>,
    /// Show where this cell went, such as `D8` or `'North!D8'`; with --side output, where it came from
    #[arg(long, value_name = "A1")]
    cell: Option<String>,
    /// Whether sheets, rows, columns and cells are of the input or the output
    #[arg(long, value_name = "SIDE", default_value = "input", value_parser = PossibleValuesParser::new([WorkbookSide::Input.word(), WorkbookSide::Output.word()]))]
    side: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let run = workspace.run(&args.run)?;
    let wanted = ExplainTarget {
        sheet: args.sheet.clone(),
        row: args.row,
        column: args.column.clone(),
        cell: args.cell.clone(),
        side: WorkbookSide::named(&args.side).unwrap_or_default(),
    };
    let explanation = explain(&workspace, &run, &wanted, &CellReader::default())?;
    if ui.json() {
        ui.document(&explanation);
    } else {
        print_explanation(ui, &explanation, args.column.is_some());
    }
    Ok(ExitStatus::Done)
}
