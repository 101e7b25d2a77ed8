//! The lines of polars that make a table one record a row.
//!
//! They take a frame `df` whose columns are all text and called as the header says. Columns are given by their places where
//! their names say nothing more, so that the lines hold for headers that repeat.

use ade_engine_native::shape::Step;

/// A line or two for each step.
pub fn of(steps: &[Step], head: &[&str]) -> Vec<String> {
    steps.iter().flat_map(|step| lines(*step, head)).collect()
}

fn lines(step: Step, head: &[&str]) -> Vec<String> {
    match step {
        Step::Transpose => vec![turn(head)],
        Step::Records { every } => records(every),
        Step::FillDown { last } => {
            vec![format!(
                "df = df.with_columns(pl.col(df.columns[:{}]).forward_fill())",
                last + 1
            )]
        }
        Step::Split { column } => vec![format!(
            "df = df.with_columns(pl.col(df.columns[{column}]).str.split(\", \")).explode(df.columns[{column}])"
        )],
        Step::Stack { start, end } => vec![format!(
            "df = df.unpivot(df.columns[{start}:{0}], index=df.columns[:{start}] + df.columns[{0}:])",
            end + 1
        )],
        Step::Groups { start, end } => groups(start, end),
        Step::Sections => sections(),
    }
}

fn turn(head: &[&str]) -> String {
    let name = head.first().copied().unwrap_or_default().trim();
    let name = if name.is_empty() { "column" } else { name };
    // A text in JSON is one in Python too.
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

/// The key is what stands between spaces at the end of a header; where it stands elsewhere, the pattern is another one.
fn groups(start: usize, end: usize) -> Vec<String> {
    let rest = format!("df.columns[:{start}] + df.columns[{}:]", end + 1);
    vec![
        format!("rest = {rest}"),
        "df = df.unpivot(index=rest).with_columns(pl.col(\"variable\").str.extract_groups(r\"^(?<measure>.*?)[\\s_.-]*(?<key>\\S+)$\")).unnest(\"variable\")".to_owned(),
        "df = df.pivot(\"measure\", index=[*rest, \"key\"], values=\"value\")".to_owned(),
    ]
}

/// A section line has one value, the first one.
fn sections() -> Vec<String> {
    vec![
        "alone = pl.sum_horizontal(pl.all().is_not_null()) == 1".to_owned(),
        "df = df.with_columns(section=pl.when(alone).then(pl.coalesce(pl.all())).forward_fill()).filter(~alone)".to_owned(),
    ]
}
