//! `ade runs diff`: compares two runs, or the files of two folders.

use std::path::{Path, PathBuf};

use ade::report::write_difference;
use ade::run::views::difference::{OutputDifference, ValueChange, of_folders, of_runs};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui, plural, thousands};

/// Compare two runs, or the files of two folders
///
/// Compares fields and headers, counts, issues by rule, versions, settings, rows (by a key, or by position) and totals. Of
/// folders, compares the newest run of each file, or the workbooks themselves.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs diff payroll-2025-03.xlsx payroll-2025-04.xlsx\n  ade runs diff 0199c2 latest --key member_id\n  ade runs diff march/ april/ --html difference.html\n  ade runs diff 0199c2 latest --json --exit-code"
)]
pub struct Args {
    /// The older run: its id (or part), its input's path or name, or `latest`; or a folder
    before: String,
    /// The newer run or folder
    after: String,
    /// The field or header that identifies a row [default: the first unique field, otherwise all key fields]
    #[arg(long, value_name = "FIELD")]
    key: Option<String>,
    /// Also write an HTML page with the differences and cell values to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with status 1 if something differs
    #[arg(long)]
    exit_code: bool,
}

/// The maximum number of cells and rows that are printed.
const MAX_PRINTED_ITEMS: usize = 10;
/// The maximum number of characters of a value.
const MAX_VALUE_CHARS: usize = 20;

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let key = args.key.as_deref();
    let folders = [Path::new(&args.before), Path::new(&args.after)];
    let (files, left) = if folders.iter().all(|folder| folder.is_dir()) {
        let workspace = context.open_to_look()?;
        let found = of_folders(workspace.as_ref(), folders, key)?;
        (found.files, [found.only_before, found.only_after])
    } else {
        let workspace = context.open_for_runs()?;
        let before = workspace.run(&args.before)?;
        let after = workspace.run(&args.after)?;
        let found = of_runs(&workspace, [&before, &after], key)?;
        (vec![found], [Vec::new(), Vec::new()])
    };
    if let Some(target) = &args.html {
        write_difference(&files, target)?;
    }
    let differs =
        files.iter().any(OutputDifference::is_any) || left.iter().any(|left| !left.is_empty());
    if ui.json() {
        ui.document(&json!({
            "differs": differs, "differences": files, "only_before": left[0], "only_after": left[1], "html": args.html,
        }));
    } else {
        files.iter().for_each(|file| print(ui, file));
        for (left, folder) in left.iter().zip([&args.before, &args.after]) {
            for name in left {
                ui.line(format_args!("only in {folder}: {name}"));
            }
        }
        if let Some(target) = &args.html {
            ui.line(ui.path(target));
        }
    }
    Ok(ExitStatus::refused_if(differs && args.exit_code))
}

/// Prints the differences between two runs.
pub fn print(ui: &Ui, found: &OutputDifference) {
    let title = format!("{} → {}", found.before, found.after);
    ui.line(ui.paint(Tone::Strong, &title));
    if !found.is_any() {
        ui.line("  nothing differs");
    }
    changes(ui, "versions", &found.versions, |text| named(text));
    let counts = changed(&found.counts);
    changes(ui, "counts", &counts, |count| thousands(*count));
    changes(ui, "issues", &found.issues, |count| thousands(*count));
    changes(ui, "mapping", &found.mapping, |text| named(text));
    print_rows(ui, found);
    let totals = changed(&found.totals);
    if !totals.is_empty() {
        head(ui, "totals");
        for total in &totals {
            let (was, is) = (amount(total.before), amount(total.after));
            let more = amount(total.after - total.before);
            let sign = if total.after > total.before { "+" } else { "" };
            ui.line(format_args!(
                "    {:<19} {was:>14} → {is:>14}  {sign}{more}",
                clipped(&total.what, 18)
            ));
        }
    }
}

/// Returns only the entries that changed.
fn changed<T: Clone + PartialEq>(all: &[ValueChange<T>]) -> Vec<ValueChange<T>> {
    let differs = |change: &&ValueChange<T>| change.before != change.after;
    all.iter().filter(differs).cloned().collect()
}

fn print_rows(ui: &Ui, found: &OutputDifference) {
    let rows = &found.rows;
    for (words, columns) in [("new", &rows.added_columns), ("gone", &rows.gone_columns)] {
        for column in columns {
            ui.line(format_args!("  column {column} is {words}"));
        }
    }
    if rows.added + rows.gone + rows.changed == 0 {
        return;
    }
    head(ui, "rows");
    let by = match &rows.key {
        Some(key) => format!("by {}", clipped(key, 30)),
        None => "compared by position: no field is a key".to_owned(),
    };
    let counts = [rows.added, rows.gone, rows.changed].map(thousands);
    let [added, gone, changed] = counts;
    ui.line(format_args!(
        "    {added} new, {gone} gone, {changed} changed ({by})"
    ));
    for (sign, tone, names) in [
        ("+", Tone::Good, &rows.added_rows),
        ("-", Tone::Bad, &rows.gone_rows),
    ] {
        let word = if rows.key.is_some() { "" } else { "row " };
        for name in names.iter().take(MAX_PRINTED_ITEMS) {
            ui.line(format_args!(
                "    {} {word}{}",
                ui.paint(tone, sign),
                clipped(name, 60)
            ));
        }
    }
    for cell in rows.cells.iter().take(MAX_PRINTED_ITEMS) {
        let (was, is) = (named(&cell.before), named(&cell.after));
        let place = format!("{} {}", clipped(&cell.row, 12), clipped(&cell.column, 12));
        let source = cell.source.as_ref();
        let source = source.map_or_else(String::new, |source| format!("  ({source})"));
        ui.line(format_args!(
            "    {} {place:<26} {was} → {is}{}",
            ui.paint(Tone::Warn, "~"),
            ui.paint(Tone::Dim, source)
        ));
    }
    let more = rows.changed_cells.saturating_sub(MAX_PRINTED_ITEMS as u64);
    if more > 0 {
        ui.line(format_args!("    and {} more", plural(more, "cell")));
    }
}

fn head(ui: &Ui, title: &str) {
    ui.line(format_args!("  {}", ui.paint(Tone::Dim, title)));
}

fn changes<T>(ui: &Ui, title: &str, all: &[ValueChange<T>], words: impl Fn(&T) -> String) {
    if all.is_empty() {
        return;
    }
    head(ui, title);
    for change in all {
        let (was, is) = (words(&change.before), words(&change.after));
        ui.line(format_args!(
            "    {:<26} {was} → {is}",
            clipped(&change.what, 26)
        ));
    }
}

/// Returns the text, cut to its maximum length, or `(none)` for an empty one.
fn named(text: &str) -> String {
    match text.is_empty() {
        true => "(none)".to_owned(),
        false => clipped(text, MAX_VALUE_CHARS),
    }
}

/// Returns a text in one line, cut to `most` characters.
fn clipped(text: &str, most: usize) -> String {
    let line = text.replace(char::is_control, " ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn amount(number: f64) -> String {
    let text = format!("{number:.2}");
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}
