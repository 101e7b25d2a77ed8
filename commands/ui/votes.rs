//! The votes of detectors on rows and columns as readable lines: one for each column, and one for consecutive rows with equal
//! votes. The run's log keeps all events, one for each detector, row and column.

use serde_json::Value;

/// The minimum score that is shown.
const MIN_SCORE: f64 = 0.005;

/// The rows that are not printed yet.
#[derive(Default)]
pub struct VoteLines {
    rows: Option<VotedRows>,
}

struct VotedRows {
    sheet: String,
    first: u64,
    last: u64,
    /// The kind of the rows, and their votes.
    said: String,
}

impl VoteLines {
    /// Returns the lines for an event about votes. Rows are held back until different ones follow. `None`: the event is about
    /// something else; print the line of [`VoteLines::rest`] before it.
    pub fn lines(&mut self, event: &Value) -> Option<Vec<String>> {
        match event.get("event").and_then(Value::as_str)? {
            // The line of the row or column contains the votes.
            "engine.detector.row_result"
            | "engine.detector.column_result"
            | "engine.column_detector.candidate" => Some(Vec::new()),
            "engine.row_classification" => Some(self.row(event)?.into_iter().collect()),
            "engine.column_classification" => {
                let mut lines: Vec<String> = self.rest().into_iter().collect();
                lines.push(column(event)?);
                Some(lines)
            }
            _ => None,
        }
    }

    /// Returns the line of the rows that were held back.
    pub fn rest(&mut self) -> Option<String> {
        let rows = self.rows.take()?;
        let (which, verb) = if rows.first == rows.last {
            (format!("row {}", rows.first), "is")
        } else {
            (format!("rows {} to {}", rows.first, rows.last), "are")
        };
        let (sheet, said) = (rows.sheet, rows.said);
        Some(line(
            "row_classification",
            &format!("Sheet '{sheet}', {which} {verb} {said}"),
        ))
    }

    /// Holds a row back; returns the line of the rows before it if they differ. `None`: the event has another form.
    fn row(&mut self, event: &Value) -> Option<Option<String>> {
        let data = event.get("data")?;
        let sheet = data.get("sheet_name")?.as_str()?;
        let row = data.get("row_index")?.as_u64()?;
        let kind = data.pointer("/classification/row_kind")?.as_str()?;
        let said = format!("{kind}: {}", scores(data));
        match &mut self.rows {
            Some(rows) if rows.sheet == sheet && rows.last + 1 == row && rows.said == said => {
                rows.last = row;
                Some(None)
            }
            _ => {
                let before = self.rest();
                self.rows = Some(VotedRows {
                    sheet: sheet.to_owned(),
                    first: row,
                    last: row,
                    said,
                });
                Some(before)
            }
        }
    }
}

/// Returns the line of a column: its name, and the field that it looks like.
fn column(event: &Value) -> Option<String> {
    let message = event.get("message")?.as_str()?;
    let named = message
        .rsplit_once(": ")
        .map_or(message, |(named, _)| named);
    let named = named.strip_suffix(" looks like unknown").map_or_else(
        || named.to_owned(),
        |column| format!("{column} looks like no field"),
    );
    let said = scores(event.get("data")?);
    Some(line("column_classification", &format!("{named}: {said}")))
}

fn line(event: &str, text: &str) -> String {
    format!("{:>7} engine.{event} {text}", "debug")
}

/// Returns the detectors that gave a score, highest score first: `HeaderRows header 2.50; LayoutRows header 0.99, total 0.01`.
fn scores(data: &Value) -> String {
    let detectors = data.get("detectors").and_then(Value::as_array);
    let said = detectors.into_iter().flatten().filter_map(|detector| {
        let scores = detector.get("scores")?.as_object()?;
        let mut scores: Vec<(f64, &String)> = scores
            .iter()
            .filter_map(|(name, score)| Some((score.as_f64()?, name)))
            .filter(|(score, _)| score.abs() >= MIN_SCORE)
            .collect();
        scores.sort_by(|first, other| other.0.total_cmp(&first.0));
        let scores = scores
            .iter()
            .map(|(score, name)| format!("{name} {score:.2}"));
        let scores = scores.collect::<Vec<_>>().join(", ");
        let name = detector.get("name")?.as_str()?;
        (!scores.is_empty()).then(|| format!("{name} {scores}"))
    });
    let said = said.collect::<Vec<_>>().join("; ");
    if said.is_empty() {
        "no score".to_owned()
    } else {
        said
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(votes: &mut VoteLines, event: &str) -> Option<Vec<String>> {
        votes.lines(&serde_json::from_str(event).unwrap())
    }

    /// Returns a data row's event with this score from one detector.
    fn data(row: u64, score: f64) -> String {
        format!(
            r#"{{"event": "engine.row_classification", "data": {{"sheet_name": "Crew", "row_index": {row}, "classification": {{"row_kind": "data"}},
                "detectors": [{{"name": "words", "scores": {{}}}}, {{"name": "looks", "scores": {{"data": {score}, "note": 0.001}}}}]}}}}"#
        )
    }

    #[test]
    fn rows_with_equal_votes_are_one_line() {
        let mut votes = VoteLines::default();
        let header = r#"{"event": "engine.row_classification", "data": {"sheet_name": "Crew", "row_index": 3, "classification": {"row_kind": "header"},
            "detectors": [{"name": "words", "scores": {"header": 2.5}}, {"name": "looks", "scores": {"data": 0.01, "header": 0.993}}]}}"#;
        for (event, wanted) in [
            (
                r#"{"event": "engine.detector.row_result", "message": "m"}"#,
                "",
            ),
            (header, ""),
            (
                &data(4, 0.999),
                "row 3 is header: words header 2.50; looks header 0.99, data 0.01",
            ),
            (&data(5, 0.998), ""),
            (&data(6, 1.0), ""),
            // Row 7 is missing, and row 9 has another score.
            (&data(8, 1.0), "rows 4 to 6 are data: looks data 1.00"),
            (&data(9, 0.9), "row 8 is data: looks data 1.00"),
        ] {
            let told = lines(&mut votes, event).unwrap().concat();
            let wanted = match wanted {
                "" => String::new(),
                wanted => format!("  debug engine.row_classification Sheet 'Crew', {wanted}"),
            };
            assert_eq!(told, wanted);
        }
        assert_eq!(votes.lines(&json!({"event": "engine.run.completed"})), None);
        let rest = votes.rest().unwrap();
        assert!(rest.contains("row 9 is data: looks data 0.90"));
        assert_eq!(votes.rest(), None);
    }

    #[test]
    fn a_column_names_the_detectors_that_gave_a_score() {
        let column = r#"{"event": "engine.column_classification", "message": "Column 'Note: hours' looks like hours: hours 0.4",
            "data": {"detectors": [{"name": "a", "scores": {}}, {"name": "b", "scores": {"hours": 0.4, "pay": -1}}, {"scores": {"x": 1}}, 7]}}"#;
        assert_eq!(
            lines(&mut VoteLines::default(), column).unwrap(),
            [
                "  debug engine.column_classification Column 'Note: hours' looks like hours: b hours 0.40, pay -1.00"
            ]
        );
        // An event of another form is printed unchanged.
        let odd = r#"{"event": "engine.row_classification", "data": {"row_index": "three"}}"#;
        assert_eq!(lines(&mut VoteLines::default(), odd), None);
    }
}
