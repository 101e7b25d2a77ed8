//! Generates the lines of polars that give a table one record per row.
//!
//! They take a frame `df` whose columns are all text and named after the header. Columns are given by position if their names
//! do not matter, so that the lines also work for repeated headers.

use ade_engine_native::shape::{ReshapeStep, ValueSeparator};

/// Returns a line or two for each step. Section lines are recognised by their single value, so sections come before columns
/// become rows; their new column is the last, so that it moves no other. `head`: the names of the columns at first; `later`:
/// after the table was turned, if it is.
pub fn polars_lines(steps: &[ReshapeStep], head: &[&str], later: &[&str]) -> Vec<String> {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| match step {
        ReshapeStep::Transpose | ReshapeStep::Records { .. } => 0,
        ReshapeStep::Sections => 1,
        _ => 2,
    });
    steps
        .iter()
        .flat_map(|step| lines(*step, head, later))
        .collect()
}

fn lines(step: ReshapeStep, head: &[&str], later: &[&str]) -> Vec<String> {
    match step {
        ReshapeStep::Transpose => vec![turn(head)],
        ReshapeStep::Records { every } => records(every),
        ReshapeStep::FillDown { last } => {
            vec![format!(
                "df = df.with_columns(pl.col(df.columns[:{}]).forward_fill())",
                last + 1
            )]
        }
        ReshapeStep::Split { column, mark } => vec![split(column, mark)],
        ReshapeStep::Stack { start, end } => vec![format!(
            "df = df.unpivot(df.columns[{start}:{0}], index=df.columns[:{start}] + df.columns[{0}:])",
            end + 1
        )],
        ReshapeStep::Groups { start, end } => groups(start, end, later),
        ReshapeStep::Sections => sections(),
    }
}

fn turn(head: &[&str]) -> String {
    let name = head.first().copied().unwrap_or_default().trim();
    let name = if name.is_empty() { "column" } else { name };
    // A JSON string is also a valid Python string.
    let name = serde_json::Value::from(name);
    format!(
        "df = df.transpose(include_header=True, header_name={name}, column_names=df.columns[0])"
    )
}

/// The header is a line of the first record.
fn records(every: usize) -> Vec<String> {
    vec![
        "lines = [tuple(df.columns[:2])] + df.select(df.columns[:2]).rows()".to_owned(),
        format!(
            "df = pl.DataFrame([dict(lines[i:i + {every}]) for i in range(0, len(lines), {every})])"
        ),
    ]
}

fn split(column: usize, mark: ValueSeparator) -> String {
    let column = format!("df.columns[{column}]");
    let sign = serde_json::Value::from(mark.sign());
    let parts =
        format!("pl.col({column}).str.split({sign}).list.eval(pl.element().str.strip_chars())");
    format!("df = df.with_columns({parts}).explode({column})")
}

/// The header of a group is split into measure and key at its last sign or space, or at its first one.
fn groups(start: usize, end: usize, head: &[&str]) -> Vec<String> {
    let rest = format!("df.columns[:{start}] + df.columns[{}:]", end + 1);
    let heads = head.get(start..=end).unwrap_or_default();
    let pattern = if is_key_first(heads) {
        r"^(?<key>[^\s_.-]+)[\s_.-]+(?<measure>.*)$"
    } else {
        r"^(?<measure>.*?)[\s_.-]*(?<key>[^\s_.-]+)$"
    };
    let cut = format!("pl.col(\"variable\").str.extract_groups(r\"{pattern}\")");
    vec![
        format!("rest = {rest}"),
        format!("df = df.unpivot(index=rest).with_columns({cut}).unnest(\"variable\")"),
        "df = df.pivot(\"measure\", index=[*rest, \"key\"], values=\"value\")".to_owned(),
    ]
}

/// Returns whether the parts that distinguish groups come first in the headers: "2023 Plan, 2024 Plan". That part is the end
/// that has numbers.
fn is_key_first(heads: &[&str]) -> bool {
    let is_mark = |c: char| c.is_whitespace() || "_.-".contains(c);
    let ends: Vec<(&str, &str)> = heads
        .iter()
        .filter_map(|head| {
            let head = head.trim();
            let mut words = head.split(is_mark).filter(|word| !word.is_empty());
            let first = words.next()?;
            Some((first, words.next_back().unwrap_or(first)))
        })
        .collect();
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let front = ends.iter().filter(|(first, _)| has_digit(first)).count();
    let back = ends.iter().filter(|(_, last)| has_digit(last)).count();
    front > back
}

/// A section line has a single value.
fn sections() -> Vec<String> {
    vec![
        "alone = pl.Series([sum(value is not None for value in row) == 1 for row in df.rows()])".to_owned(),
        "df = df.with_columns(section=pl.when(alone).then(pl.coalesce(pl.all())).forward_fill()).filter(~alone)".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_lines_go_before_columns_become_rows() {
        let head = ["Area", "2022", "2023", "2024"];
        let lines = polars_lines(
            &[
                ReshapeStep::Stack { start: 1, end: 3 },
                ReshapeStep::Sections,
            ],
            &head,
            &head,
        );
        assert!(lines[0].starts_with("alone = "), "{lines:?}");
        assert_eq!(
            lines[2],
            "df = df.unpivot(df.columns[1:4], index=df.columns[:1] + df.columns[4:])"
        );
    }

    #[test]
    fn the_key_of_groups_stands_where_the_numbers_are() {
        assert!(is_key_first(&["2023 Plan", "2023 Actual", "2024 Plan"]));
        assert!(!is_key_first(&["Plan 2023", "Actual 2023"]));
        assert!(!is_key_first(&["Name", "Phone"]));
    }
}
