//! Section lines: rows with one text that names the rows below it.

use super::candidate::{Candidate, Evidence, Step};
use super::view::{View, log_share, quoted};

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    let hollow = &view.hollow;
    let rows = hollow.rows();
    let lines: Vec<usize> = (0..rows).filter(|&row| hollow.is_section[row]).collect();
    let is_data = |row: usize| !hollow.is_section[row] && hollow.count[row] > 0;
    let data: Vec<usize> = (0..rows).filter(|&row| is_data(row)).collect();
    if lines.is_empty() || data.is_empty() {
        return Vec::new();
    }
    let count = lines.len() as f64;
    let texts: Vec<&str> = lines
        .iter()
        .map(|&row| view.pool.text(view.table.row(row)[hollow.first(row)]))
        .collect();
    let share = |found: usize| found as f64 / count;
    let mut evidence = Evidence::new();
    evidence.add("several", log_share(lines.len() + 1, 4.0));
    evidence.flag("single", lines.len() == 1);
    let followed = lines
        .iter()
        .filter(|&&row| row + 1 < rows && is_data(row + 1));
    evidence.add("followed", share(followed.count()));
    evidence.flag("first", lines[0] < 2);
    let mut different = texts.clone();
    different.sort_unstable();
    different.dedup();
    evidence.add("distinct", share(different.len()));
    weigh_data(view, &data, &mut evidence);
    evidence.flag("two_columns", view.width() == 2);
    evidence.add("groups", (median_gap(&lines, rows) / 8.0).min(1.0));
    let shown: Vec<String> = texts.iter().take(3).map(|text| quoted(text)).collect();
    let lines_are = if lines.len() == 1 {
        "1 row holds"
    } else {
        &format!("{} rows hold", lines.len())
    };
    let reason = format!(
        "{lines_are} one text and nothing else, and rows of values follow: {}",
        shown.join(", ")
    );
    vec![Candidate::new(Step::Sections, evidence, vec![reason])]
}

/// How the rows of values are filled.
fn weigh_data(view: &View<'_>, data: &[usize], evidence: &mut Evidence) {
    let hollow = &view.hollow;
    let count = data.len() as f64;
    // The column of the sections is empty in rows of values.
    let own = data.iter().filter(|&&row| !hollow.is_full(row, 0)).count() as f64 / count;
    let filled: usize = data
        .iter()
        .map(|&row| {
            (0..hollow.width())
                .filter(|&column| hollow.is_full(row, column))
                .count()
        })
        .sum();
    evidence.flag("own_column", own > 0.95);
    evidence.add("filled", filled as f64 / (count * hollow.width() as f64));
}

/// The median distance from one section line to the next, or the end.
fn median_gap(lines: &[usize], rows: usize) -> f64 {
    let ends = lines.iter().skip(1).copied().chain([rows]);
    let mut gaps: Vec<usize> = lines
        .iter()
        .zip(ends)
        .map(|(line, end)| end - line)
        .collect();
    gaps.sort_unstable();
    (gaps[(gaps.len() - 1) / 2] + gaps[gaps.len() / 2]) as f64 / 2.0
}
