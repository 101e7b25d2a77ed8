//! The page of what differs between runs, or between the workbooks of two folders.

use std::fmt::Display;
use std::io::BufWriter;
use std::path::Path;

use super::html::Html;
use super::parts::{self, Options, ReportError};
use crate::base::counted::{plural, thousands};
use crate::base::files::{self, FileError};
use crate::run::views::difference::{Change, Difference};

/// Writes the page to a file; it appears whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_difference(all: &[Difference], target: &Path) -> Result<(), ReportError> {
    let failed = || FileError::on("write", target);
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut beside = files::unfinished(folder).map_err(failed())?;
    let mut out = BufWriter::new(beside.as_file_mut());
    let mut html = Html::new(&mut out);
    page(&mut html, all);
    html.finish().map_err(failed())?;
    drop(out);
    files::settle(beside, target).map_err(failed())?;
    Ok(())
}

fn page(html: &mut Html<'_>, all: &[Difference]) {
    let options = Options { values: true };
    parts::open(html, "Difference");
    html.mark("<header>");
    parts::mast(html, "Difference", None, options);
    html.mark("<h1>");
    match all {
        [one] => html.value(&one.before).mark(" → ").value(&one.after),
        several => html
            .text(&plural(several.len() as u64, "pair"))
            .mark(" of workbooks"),
    };
    let differing = all.iter().filter(|one| one.is_any()).count();
    html.mark("</h1><p class=\"sub\">");
    match (all.len(), differing) {
        (_, 0) => html.mark("Nothing differs."),
        (1, _) => html.mark("What was, and what is now."),
        _ => html.count(differing as u64).mark(" of them differ."),
    };
    html.mark("</p></header><main id=\"main\">");
    for (number, one) in all.iter().enumerate() {
        if all.len() > 1 {
            html.mark("<h2>")
                .value(&one.before)
                .mark(" → ")
                .value(&one.after)
                .mark("</h2>");
        }
        sections(html, &number.to_string(), one);
    }
    html.mark("</main><footer><p>");
    parts::what_it_holds(html, options, false);
    html.mark("</p></footer>");
    parts::close(html);
}

fn sections(html: &mut Html<'_>, number: &str, found: &Difference) {
    let rows = &found.rows;
    parts::section(html, &format!("rows-{number}"), "Rows");
    html.text(&format!(
        "{} before, {} now: {} new, {} gone, {} changed",
        thousands(rows.before),
        thousands(rows.after),
        thousands(rows.added),
        thousands(rows.gone),
        thousands(rows.changed)
    ));
    match &rows.key {
        Some(key) => html.mark(", by ").value(key).mark("."),
        None => html.mark(", compared by position: no field is a key."),
    };
    html.mark("</p></div>");
    for (title, names) in [
        ("New rows", &rows.added_rows),
        ("Rows that are gone", &rows.gone_rows),
    ] {
        if !names.is_empty() {
            html.mark("<p class=\"after\">").mark(title).mark(": ");
            for (at, name) in names.iter().enumerate() {
                html.mark_if(at > 0, ", ").value(name);
            }
            html.mark("</p>");
        }
    }
    for (title, names) in [
        ("New columns", &rows.added_columns),
        ("Columns that are gone", &rows.gone_columns),
    ] {
        if !names.is_empty() {
            html.mark("<p class=\"after\">")
                .mark(title)
                .mark(": ")
                .text(&names.join(", "))
                .mark("</p>");
        }
    }
    if !rows.cells.is_empty() {
        table(html, "Row", "Changed cells");
        for cell in &rows.cells {
            html.mark("<tr><td>")
                .value(&cell.row)
                .mark(" · ")
                .value(&cell.column);
            html.mark("</td><td>")
                .value(&cell.before)
                .mark("</td><td>")
                .value(&cell.after)
                .mark("</td></tr>");
        }
        html.mark("</tbody></table>");
        let more = rows.changed_cells.saturating_sub(rows.cells.len() as u64);
        parts::further(html, usize::try_from(more).unwrap_or(usize::MAX), "cell");
    }
    html.mark("</section>");
    let totals = found.totals.iter().map(|one| Change {
        what: one.what.clone(),
        before: format!("{:.2}", one.before),
        after: format!("{:.2}", one.after),
    });
    changes(
        html,
        &format!("totals-{number}"),
        "Totals",
        "Field",
        &totals.collect::<Vec<_>>(),
    );
    changes(
        html,
        &format!("counts-{number}"),
        "Counts",
        "What",
        &found.counts,
    );
    changes(
        html,
        &format!("issues-{number}"),
        "Issues by rule",
        "Rule",
        &found.issues,
    );
    changes(
        html,
        &format!("mapping-{number}"),
        "Headers of fields",
        "Field",
        &found.mapping,
    );
    changes(
        html,
        &format!("versions-{number}"),
        "Versions and settings",
        "What",
        &found.versions,
    );
}

fn table(html: &mut Html<'_>, what: &'static str, caption: &'static str) {
    html.mark("<table class=\"list\"><caption class=\"sr\">")
        .mark(caption);
    html.mark("</caption><thead><tr><th scope=\"col\">")
        .mark(what);
    html.mark("</th><th scope=\"col\">Before</th><th scope=\"col\">Now</th></tr></thead><tbody>");
}

fn changes<T: Display + PartialEq>(
    html: &mut Html<'_>,
    name: &str,
    title: &'static str,
    what: &'static str,
    all: &[Change<T>],
) {
    if all.is_empty() {
        return;
    }
    let differing = all.iter().filter(|one| one.before != one.after).count();
    parts::section(html, name, title);
    html.text(&format!("{} of {} differ.", differing, all.len()))
        .mark("</p></div>");
    table(html, what, title);
    for one in all {
        html.mark("<tr><td>")
            .value(&one.what)
            .mark("</td><td>")
            .value(&one.before.to_string());
        html.mark("</td><td>")
            .mark_if(one.before != one.after, "<b>")
            .value(&one.after.to_string());
        html.mark_if(one.before != one.after, "</b>")
            .mark("</td></tr>");
    }
    html.mark("</tbody></table></section>");
}
