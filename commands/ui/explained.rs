//! Why a run read its input as it did, as lines for people: `ade explain`, and the parts of it that `ade runs show` has.

use ade::engine::Told;
use ade::engine::report::{Column, Hook, Table as Explained};
use ade::issues::Severity;
use ade::run::views::explain::{Explanation, Way, Without, nearest_in_words, spoken};

use super::results::rows;
use super::table::Table;
use super::terminal::Ui;
use super::tone::Tone;

/// Everything that is explained. `whole`: each column with all that is said of it, in lines of its own.
pub fn print_explanation(ui: &Ui, explanation: &Explanation, whole: bool) {
    let about_places = !explanation.places.is_empty();
    for (number, way) in explanation.places.iter().enumerate() {
        if number > 0 {
            ui.line("");
        }
        print_way(ui, way);
    }
    if about_places {
        return;
    }
    for (number, table) in explanation.tables.iter().enumerate() {
        if number > 0 {
            ui.line("");
        }
        print_title(ui, table);
        if whole {
            table
                .columns
                .iter()
                .for_each(|column| print_column(ui, column, table));
            print_made(ui, table);
        } else {
            print_header(ui, table);
            ui.table(&columns(table));
            print_rest(ui, table);
        }
    }
    for (number, without) in explanation.without.iter().enumerate() {
        if number + explanation.tables.len() > 0 {
            ui.line("");
        }
        print_without(ui, without);
    }
    if !whole {
        print_notices(ui, &explanation.notices);
    }
}

/// Which table it is, and where it was written.
fn print_title(ui: &Ui, table: &Explained) {
    let mut place = table.region.clone().unwrap_or_default();
    if let Some(output) = &table.output {
        place.push_str(&format!(" → {}!{}", output.sheet, output.range));
    }
    if let Some(counts) = table.rows.flatten() {
        place.push_str(&format!(", {}", rows(counts.read, Some(counts))));
    }
    let title = format!("{} table {}", table.sheet, table.table);
    let title = ui.paint(Tone::Strong, title);
    let place = place.trim();
    if place.is_empty() {
        ui.line(title);
    } else {
        ui.line(format_args!("{title} {}", ui.paint(Tone::Dim, place)));
    }
}

/// Why these rows are the header.
fn print_header(ui: &Ui, table: &Explained) {
    for (number, why) in table.header_rows.why.iter().flatten().enumerate() {
        ui.told(if number == 0 { "header" } else { "" }, None, why);
    }
}

/// The columns of a table, a line for each.
fn columns(table: &Explained) -> Table {
    let mut shown = Table::new("COLUMN  HEADER  FIELD  SCORE  WHY", &[1, 2, 4]).numbers(&[3]);
    for column in &table.columns {
        let score = column.score.map(|score| format!("{score:.2}"));
        shown.row(vec![
            (Tone::Plain, column.column.clone()),
            (Tone::Plain, column.name.clone()),
            (Tone::Good, table.fields_of(column).join(", ")),
            (Tone::Plain, score.unwrap_or_default()),
            (Tone::Dim, why(column).join("; ")),
        ]);
    }
    shown
}

/// Why a column has its field or none, without what it is nearest to.
fn why(column: &Column) -> Vec<String> {
    let nearest = column.nearest.as_ref().map(nearest_in_words);
    let why = column
        .why
        .iter()
        .flatten()
        .filter(|why| Some(*why) != nearest.as_ref());
    why.cloned().collect()
}

/// What unmapped columns are nearest to, fields without a column, and hooks.
fn print_rest(ui: &Ui, table: &Explained) {
    for column in &table.columns {
        if let Some(nearest) = &column.nearest {
            let name = format!("{} {}", column.column, column.name);
            ui.told(
                "suggestion",
                None,
                &format!("{name}: {}", nearest_in_words(nearest)),
            );
        }
    }
    let without = table.fields.iter().filter(|field| field.from.is_empty());
    let without: Vec<&str> = without.map(|field| field.field.as_str()).collect();
    if !without.is_empty() {
        ui.told("no column", None, &without.join(", "));
    }
    print_hooks(ui, &table.hooks);
}

fn print_hooks(ui: &Ui, hooks: &[Hook]) {
    for hook in hooks {
        let rows = match hook.rows.as_deref() {
            Some("moved") => ": it has sorted or replaced rows, and may have changed values",
            Some("lost") => ": from here on nobody knows which rows of the sheet these are",
            _ => ": it has kept the rows, and may have changed values",
        };
        ui.told(
            "hook",
            None,
            &format!("{} ({}){rows}", hook.name, hook.stage),
        );
    }
}

/// All that is said of a column.
fn print_column(ui: &Ui, column: &Column, table: &Explained) {
    let name = if column.name.is_empty() {
        "(no header)"
    } else {
        &column.name
    };
    let cells = column.header_cells.join(", ");
    let letters = ui.paint(Tone::Strong, format!("column {}", column.column));
    ui.line(
        format_args!("{letters} {name} {}", ui.paint(Tone::Dim, cells))
            .to_string()
            .trim_end(),
    );
    print_field(ui, &table.fields_of(column).join(", "), column);
    for field in table
        .fields
        .iter()
        .filter(|field| field.from.contains(&column.column))
    {
        print_callables(ui, &field.transforms, &field.validators);
    }
    print_places_of(ui, column, table);
}

fn print_field(ui: &Ui, fields: &str, column: &Column) {
    let field = if fields.is_empty() {
        ui.paint(Tone::Warn, "none")
    } else {
        ui.paint(Tone::Good, fields)
    };
    let score = column.score.map(|score| format!(" with {score:.2}"));
    ui.fact(
        "field",
        format_args!("{field}{}", score.unwrap_or_default()),
    );
    for (number, why) in column.why.iter().flatten().enumerate() {
        ui.told(if number == 0 { "why" } else { "" }, None, why);
    }
}

fn print_callables(ui: &Ui, transforms: &[String], validators: &[String]) {
    if !transforms.is_empty() {
        let mut names: Vec<String> = transforms.iter().map(|name| spoken(name)).collect();
        names.dedup();
        ui.told("changed by", None, &names.join(", "));
    }
    if !validators.is_empty() {
        ui.told("checked by", None, &validators.join(", "));
    }
}

/// Where a column was written.
fn print_places_of(ui: &Ui, column: &Column, table: &Explained) {
    if let Some(output) = &table.output {
        let own = output
            .columns
            .iter()
            .filter(|one| one.from.as_ref() == Some(&column.column));
        for one in own {
            ui.told(
                "output",
                None,
                &format!("{}!column {} {}", output.sheet, one.column, one.header),
            );
        }
    }
}

/// Columns of the output that no column of the sheet is known for.
fn print_made(ui: &Ui, table: &Explained) {
    if !table.columns.is_empty() {
        return;
    }
    if let Some(output) = &table.output {
        for one in &output.columns {
            let name = format!("{}!column {} {}", output.sheet, one.column, one.header);
            ui.told("output", None, &name);
            ui.told("why", None, "no column of the sheet is known for it; where it has values, a transform or a hook made them");
        }
    }
}

/// Why no column of a table went to a field, and what would make one go there.
fn print_without(ui: &Ui, without: &Without) {
    let title = format!("{} table {}", without.sheet, without.table);
    let title = ui.paint(Tone::Strong, title);
    ui.line(format_args!(
        "{title} no column went to {}",
        ui.paint(Tone::Warn, &without.field)
    ));
    for (number, near) in without.nearest.iter().enumerate() {
        let name = format!("{} {}", near.column, near.name);
        let why = near.why.join("; ");
        let label = if number == 0 { "nearest" } else { "" };
        ui.told(label, None, &format!("{}: {why}", name.trim()));
    }
    for why in &without.why {
        ui.told("why", None, why);
    }
    for (number, line) in without.to_map.iter().enumerate() {
        ui.told(if number == 0 { "to map it" } else { "" }, None, line);
    }
}

/// The way of a row or of a cell.
fn print_way(ui: &Ui, way: &Way) {
    if let Some(source) = &way.source {
        let header = source.header.as_deref().unwrap_or_default();
        let place = ui.paint(Tone::Strong, source.in_words());
        ui.fact(
            "input",
            format_args!("{place} {header}").to_string().trim_end(),
        );
    }
    for output in &way.output {
        let header = output.header.as_deref().unwrap_or_default();
        let place = ui.paint(Tone::Strong, output.in_words());
        ui.fact(
            "output",
            format_args!("{place} {header}").to_string().trim_end(),
        );
    }
    if way.output.is_empty() {
        ui.fact("output", ui.paint(Tone::Warn, "none"));
    }
    if let Some(column) = &way.column {
        print_field(ui, &way.fields.join(", "), column);
    } else if !way.fields.is_empty() {
        ui.fact("field", ui.paint(Tone::Good, way.fields.join(", ")));
    }
    print_callables(ui, &way.transforms, &way.validators);
    if way.part == "data" {
        print_hooks(ui, &way.hooks);
    }
    for (number, why) in way.why.iter().enumerate() {
        ui.told(if number == 0 { "also" } else { "" }, None, why);
    }
    for issue in &way.issues {
        let tone = match issue.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warn,
            Severity::Info => Tone::Dim,
        };
        let cell = issue
            .cell
            .as_ref()
            .map_or(String::new(), |cell| format!("{cell} "));
        ui.told(
            "issue",
            Some((tone, issue.severity.word())),
            &format!("{cell}{} ({})", issue.message, issue.rule),
        );
    }
}

fn print_notices(ui: &Ui, notices: &[Told]) {
    if notices.is_empty() {
        return;
    }
    ui.line("");
    for notice in notices {
        let (name, tone) = if notice.is_warning() {
            ("warning", Tone::Warn)
        } else {
            ("note", Tone::Dim)
        };
        ui.told(name, Some((tone, notice.code())), notice.message());
    }
}

/// What the rows at the borders of headers, data and notes were taken for, sheet by sheet, and why the header rows of each table
/// are its header.
pub fn print_rows(ui: &Ui, rows: &[Told], tables: &[Explained]) {
    if rows.is_empty() {
        ui.line("There is nothing to show: no row detector of the configuration looks at how rows look (LayoutRows, row_layout).");
    }
    let mut sheet = None;
    for row in rows {
        if sheet != Some(row.sheet()) {
            sheet = Some(row.sheet());
            ui.line(ui.paint(Tone::Strong, row.sheet()));
        }
        ui.words("  ", None, Tone::Plain, row.message());
    }
    for table in tables {
        ui.line("");
        print_title(ui, table);
        print_header(ui, table);
    }
}
