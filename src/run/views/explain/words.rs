//! Explains in words why a row is the header and why a column has its field, for people who do not write configurations.

use crate::engine::RunNotice;
use crate::engine::report::{
    DetectorScore, ExplainedColumn, ExplainedTable, HeaderRows, NearestField, Vote,
};

/// Explains why these rows are the header of a table: how they were chosen, the evidence for each, and the next best row.
/// `others`: header rows of other tables, which are not rivals.
pub fn of_header(table: &ExplainedTable, others: &[u64], looks: &[RunNotice]) -> Vec<String> {
    let header = &table.header_rows;
    let mut said: Vec<String> = chosen_by(table).into_iter().collect();
    for vote in &header.votes {
        said.push(format!("{}{}", votes_in_words(vote), taken_for(vote)));
        let reasons = looks_of(&table.sheet, vote.row, looks);
        said.extend(reasons.map(|reasons| format!("row {} looks like {reasons}", vote.row)));
    }
    said.extend(next_row(header, others));
    said
}

fn chosen_by(table: &ExplainedTable) -> Option<String> {
    let header = &table.header_rows;
    let rows = rows_in_words(&header.rows);
    if table.turned {
        let side = table.columns.iter().flat_map(|column| &column.header_cells);
        let side = side.map(|cell| cell.trim_end_matches(|letter: char| letter.is_ascii_digit()));
        let side = side.filter(|letters| !letters.is_empty()).max();
        let place = side.map_or("in a column".to_owned(), |side| format!("in column {side}"));
        return Some(format!(
            "rows and columns are swapped: the names of the fields are {place}, and each column is a record"
        ));
    }
    let is_one = header.rows.len() == 1;
    let because = match header.chosen_by.as_deref()? {
        "votes" => format!("because {}", voters(header)),
        "looks" if is_one => "only because it looks like one".to_owned(),
        "looks" => "only because they look like one".to_owned(),
        "setting" => "because a setting of this sheet says so".to_owned(),
        "fallback" => {
            let was = if is_one { "was" } else { "were" };
            let none = "no row was recognised as a header";
            return Some(format!("{none}, so {rows} {was} used as one"));
        }
        _ => return None,
    };
    let verb = if is_one { "is" } else { "are" };
    Some(format!("{rows} {verb} the header {because}"))
}

/// Describes the detectors that voted for a header: `it has known headers, and it looks like one`
fn voters(header: &HeaderRows) -> String {
    let is_one = header.rows.len() == 1;
    let mut said: Vec<String> = Vec::new();
    for part in header.votes.iter().flat_map(|vote| &vote.by) {
        let reason = match (part.detector.as_str(), is_one) {
            (KNOWN, true) => "it has known headers".to_owned(),
            (KNOWN, false) => "they have known headers".to_owned(),
            (LOOKS, true) => "it looks like one".to_owned(),
            (LOOKS, false) => "they look like one".to_owned(),
            (own, _) => format!("the row detector {own} says so"),
        };
        if part.score.is_some_and(|score| score > 0.0) && !said.contains(&reason) {
            said.push(reason);
        }
    }
    match said.is_empty() {
        true => "row detectors say so".to_owned(),
        false => said.join(", and "),
    }
}

/// The engine's own row detectors.
const KNOWN: &str = "HeaderRows";
const LOOKS: &str = "LayoutRows";

/// Describes a vote: `row 6: 3.49 (known headers 2.50 + looks 0.99)`
fn votes_in_words(vote: &Vote) -> String {
    let score = vote.score.unwrap_or_default();
    let parts = parts_in_words(&vote.by, |name| match name {
        KNOWN => "known headers".to_owned(),
        LOOKS => "looks".to_owned(),
        own => own.to_owned(),
    });
    match parts.is_empty() {
        true => format!("row {}: {score:.2}", vote.row),
        false => format!("row {}: {score:.2} ({parts})", vote.row),
    }
}

fn taken_for(vote: &Vote) -> String {
    match vote.kind.as_deref() {
        None | Some("header") => String::new(),
        Some("unknown") => ", not recognised as any kind of row".to_owned(),
        Some(kind) => format!(", taken for {kind}"),
    }
}

fn next_row(header: &HeaderRows, others: &[u64]) -> Option<String> {
    let next = header.runner_up.as_ref();
    let next = next.filter(|next| !others.contains(&next.row))?;
    // A score that is shown as 0.00 is not a rival.
    next.score.filter(|score| *score >= 0.005)?;
    let scores = header.votes.iter().filter_map(|vote| vote.score);
    let best = scores.max_by(f64::total_cmp);
    let less = best.zip(next.score).map(|(best, score)| best - score);
    let less = less.filter(|less| *less > 0.0);
    let less = less.map_or(String::new(), |less| format!(", {less:.2} less"));
    Some(format!(
        "next best {}{less}{}",
        votes_in_words(next),
        taken_for(next)
    ))
}

/// Describes the looks of a row, with reasons: `title (61%): two cells; a blank row below`
pub fn looks_of(sheet: &str, row: u64, looks: &[RunNotice]) -> Option<String> {
    let mut of_row = looks
        .iter()
        .filter(|told| told.sheet() == sheet && told.row() == Some(row));
    let said = of_row.next()?.message();
    let named = said.strip_prefix(&format!("row {row}, "));
    Some(named.unwrap_or(said).to_owned())
}

/// Explains why a column has its field, or none; names the next best field and the nearest one.
pub fn of_column(
    column: &ExplainedColumn,
    table: &ExplainedTable,
    spoke: Option<&str>,
) -> Vec<String> {
    let mut said = vec![match &column.field {
        Some(_) => with_field(column, spoke),
        None => without_field(column, table),
    }];
    let others = column.wanted_by.join(", ");
    if let Some(second) = column.second.as_ref().filter(|_| column.field.is_some()) {
        let less = column.score.zip(second.score);
        let less = less.map_or(String::new(), |(best, score)| {
            format!(", {:.2} less", best - score)
        });
        let score = second.score.unwrap_or_default();
        said.push(format!("next best {} with {score:.2}{less}", second.field));
    }
    if column.field.is_some() && !others.is_empty() {
        let noun = if column.wanted_by.len() == 1 {
            "column"
        } else {
            "columns"
        };
        said.push(format!("{noun} {others} wanted it too"));
    }
    said.extend(column.nearest.as_ref().map(nearest_in_words));
    if column.hidden {
        said.push("hidden in the sheet".to_owned());
    }
    said
}

/// Names the field that a header is most like, and what would map the column to it.
pub fn nearest_in_words(nearest: &NearestField) -> String {
    let alike = nearest.likeness.unwrap_or_default() * 100.0;
    let hint = nearest.suggestion.as_deref();
    let hint = hint.map_or(String::new(), |hint| format!("; to use it: {hint}"));
    format!(
        "most like {} (headers {alike:.0}% alike){hint}",
        nearest.field
    )
}

/// Describes the evidence for the field of a column.
fn with_field(column: &ExplainedColumn, spoke: Option<&str>) -> String {
    let said = match (column.by.as_slice(), spoke) {
        ([] | [_], Some(spoke)) => spoke.to_owned(),
        ([part], None) => spoken(&part.detector),
        (parts, _) => parts_in_words(parts, spoken),
    };
    if said.is_empty() {
        return "the highest score".to_owned();
    }
    said
}

/// Describes why a column has no field, in the words with which all views begin. `code`: from an event or a record.
pub fn why_unmapped(code: &str) -> String {
    match code {
        "" => "no field",
        "no_score" | "no_signal" => "fits no field",
        "below_minimum" | "below_threshold" => "score too low",
        "lost_to_another" | "duplicate_field" => "field already taken",
        "no_header" | "empty_or_placeholder_header" => "no header",
        "tie" | "ambiguous" => "ambiguous",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

fn without_field(column: &ExplainedColumn, table: &ExplainedTable) -> String {
    let made = table.fields_of(column);
    if !made.is_empty() {
        return format!("split into {}", made.join(", "));
    }
    let best = column.second.as_ref();
    let field = best.map_or("its field", |best| best.field.as_str());
    let score = best.and_then(|best| best.score).unwrap_or_default();
    let code = column.reason.as_deref().unwrap_or_default();
    let words = why_unmapped(code);
    match code {
        "below_minimum" => {
            format!("{words}: {field} has {score:.2}, less than minimum_mapping_score")
        }
        "lost_to_another" => {
            let winner = table
                .columns
                .iter()
                .find(|other| other.field.as_deref() == Some(field));
            let winner = winner.map_or("another column".to_owned(), |winner| {
                format!("column {}", winner.column)
            });
            format!("{words}: {field} with {score:.2}, which {winner} got")
        }
        "tie" => format!(
            "{words}: {field} with {score:.2}, the same as {}: none got it",
            column.wanted_by.join(", ")
        ),
        _ => words,
    }
}

fn parts_in_words(parts: &[DetectorScore], name: impl Fn(&str) -> String) -> String {
    let parts = parts.iter().filter_map(|part| {
        let score = part.score?;
        Some(format!("{} {score:.2}", name(&part.detector)))
    });
    parts.collect::<Vec<_>>().join(" + ")
}

/// Describes a callable in words: the parts of a `Field` are its header, its values, its reader.
pub fn spoken(name: &str) -> String {
    let of_field = name.rsplit_once("Field(");
    match of_field.and_then(|(_, rest)| rest.split_once(").")) {
        Some((_, "header")) => "its header".to_owned(),
        Some((_, "values")) => "its values".to_owned(),
        Some((_, "read")) => "its reader".to_owned(),
        _ => name.to_owned(),
    }
}

/// Describes rows: `row 6`, `rows 9 and 10`, `rows 3 to 7`
fn rows_in_words(rows: &[u64]) -> String {
    match rows {
        [] => "no row".to_owned(),
        [row] => format!("row {row}"),
        [first, second] => format!("rows {first} and {second}"),
        [first, .., last] => format!("rows {first} to {last}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::RunNotices;

    fn table(told: &str) -> ExplainedTable {
        let mut table: ExplainedTable = serde_json::from_str(told).unwrap();
        table.table += 1;
        table
    }

    #[test]
    fn a_header_says_how_it_was_chosen_and_which_row_came_next() {
        let looks = json!({"rows": [{"sheet": "Crew", "row": 3, "message": "row 3, header (97%): no values"}]});
        let looks = RunNotices::parse(&looks).rows;
        let said = |chosen_by, next| {
            let told = table(&format!(
                r#"{{"sheet": "Crew", "table": 0, "header_rows": {{"rows": [3], "chosen_by": "{chosen_by}", "runner_up": {next},
                    "votes": [{{"row": 3, "kind": "header", "score": 2.5, "by": [{{"detector": "words", "score": 2.5}}]}}]}}}}"#
            ));
            of_header(&told, &[9], &looks)
        };
        let next = r#"{"row": 2, "kind": "title", "score": 0.5, "by": [{"detector": "words", "score": 0.5}]}"#;
        assert_eq!(
            said("votes", next),
            [
                "row 3 is the header because the row detector words says so",
                "row 3: 2.50 (words 2.50)",
                "row 3 looks like header (97%): no values",
                "next best row 2: 0.50 (words 0.50), 2.00 less, taken for title",
            ]
        );
        // The header of another table, and a row with next to no evidence, are not rivals.
        for none in [
            r#"{"row": 9, "kind": "header", "score": 2.6, "by": []}"#,
            r#"{"row": 2, "kind": "data", "score": 0.001, "by": []}"#,
            "null",
        ] {
            assert_eq!(said("looks", none).len(), 3, "{none}");
        }
        assert!(said("fallback", "null")[0].contains("no row was recognised as a header"));
        assert!(said("setting", "null")[0].contains("a setting of this sheet"));
        let turned = r#"{"sheet": "S", "table": 1, "turned": true, "columns": [{"column": "3", "header_cells": ["B3"]}]}"#;
        assert!(of_header(&table(turned), &[], &[])[0].contains("in column B"));
    }

    #[test]
    fn a_column_says_what_came_next_and_into_which_fields_it_was_split() {
        let whole = table(
            r#"{"sheet": "Crew", "table": 0, "columns": [
            {"column": "A", "name": "Hours", "field": "hours", "score": 1.4, "reason": "highest_score",
                "by": [{"detector": "Field('hours').header", "score": 1.0}, {"detector": "own", "score": 0.4}],
                "second": {"field": "pay", "score": 0.3}},
            {"column": "F", "reason": "no_score", "hidden": true}],
            "fields": [{"field": "first", "from": ["F"]}, {"field": "last", "from": ["F"]}]}"#,
        );
        let said = whole
            .columns
            .iter()
            .map(|column| of_column(column, &whole, None).join("; "));
        assert_eq!(
            said.collect::<Vec<_>>(),
            [
                "its header 1.00 + own 0.40; next best pay with 0.30, 1.10 less",
                "split into first, last; hidden in the sheet"
            ]
        );
    }
}
