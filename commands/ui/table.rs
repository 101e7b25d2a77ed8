//! Tables with aligned columns, cut to the terminal's width, or whole if the output is piped.

use console::{measure_text_width, truncate_str};

use super::tone::Tone;

/// A table under construction.
pub struct TerminalTable {
    headers: Vec<&'static str>,
    /// The columns of numbers, which are aligned right.
    numbers: Vec<usize>,
    /// The columns to cut on a narrow terminal, in this order.
    flexible: Vec<usize>,
    /// The columns to leave out if cutting is not enough, in this order.
    optional: Vec<usize>,
    rows: Vec<Vec<(Tone, String)>>,
}

const GAP: &str = "  ";
/// The minimum width of a cut column: a shorter part of a name says little.
const MIN_COLUMN_CHARS: usize = 12;

impl TerminalTable {
    /// Makes a table. `headers` are separated by two spaces; the `flexible` columns may be cut.
    pub fn new(headers: &'static str, flexible: &[usize]) -> Self {
        Self {
            headers: headers.split(GAP).collect(),
            numbers: Vec::new(),
            flexible: flexible.to_vec(),
            optional: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Marks columns as numbers.
    #[must_use]
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        self.numbers = columns.to_vec();
        self
    }

    /// Marks columns that are left out if the terminal is too narrow.
    #[must_use]
    pub fn optional(mut self, columns: &[usize]) -> Self {
        self.optional = columns.to_vec();
        self
    }

    /// Adds a row with a cell for each column.
    pub fn row(&mut self, cells: Vec<(Tone, String)>) {
        debug_assert_eq!(cells.len(), self.headers.len());
        // A line break in a header or a name would break the table.
        let whole = |text: String| {
            if text.contains(char::is_control) {
                text.replace(char::is_control, " ")
            } else {
                text
            }
        };
        self.rows.push(
            cells
                .into_iter()
                .map(|(tone, text)| (tone, whole(text)))
                .collect(),
        );
    }

    /// Returns the lines; cells are coloured after they are measured.
    pub fn render(
        &self,
        width: Option<usize>,
        paint: impl Fn(Tone, &str) -> String,
    ) -> Vec<String> {
        let headers = self.headers.iter();
        let mut widths: Vec<usize> = headers.map(|header| measure_text_width(header)).collect();
        for row in &self.rows {
            for (column, (_, text)) in row.iter().enumerate() {
                widths[column] = widths[column].max(measure_text_width(text));
            }
        }
        let mut left_out: Vec<usize> = Vec::new();
        // A header is never cut.
        let least: Vec<usize> = self
            .headers
            .iter()
            .zip(&widths)
            .map(|(header, width)| MIN_COLUMN_CHARS.max(measure_text_width(header)).min(*width))
            .collect();
        if let Some(most) = width {
            let spare: usize = self
                .flexible
                .iter()
                .map(|column| widths[*column] - least[*column])
                .sum();
            let mut needed = (widths.iter().sum::<usize>() + GAP.len() * (widths.len() - 1))
                .saturating_sub(spare);
            for column in &self.optional {
                if needed > most {
                    needed -= widths[*column] + GAP.len();
                    left_out.push(*column);
                }
            }
            let total = |widths: &[usize]| {
                let shown = widths
                    .iter()
                    .enumerate()
                    .filter(|(column, _)| !left_out.contains(column));
                shown.map(|(_, width)| width + GAP.len()).sum::<usize>() - GAP.len()
            };
            for column in &self.flexible {
                let over = total(&widths).saturating_sub(most);
                widths[*column] = widths[*column].saturating_sub(over).max(least[*column]);
            }
        }
        let header = self
            .headers
            .iter()
            .map(|header| (Tone::Dim, (*header).to_owned()))
            .collect();
        std::iter::once(&header)
            .chain(&self.rows)
            .map(|row| self.line(row, &widths, &left_out, &paint))
            .collect()
    }

    fn line(
        &self,
        row: &[(Tone, String)],
        widths: &[usize],
        left_out: &[usize],
        paint: &impl Fn(Tone, &str) -> String,
    ) -> String {
        let last = row.len() - 1;
        let mut line = String::new();
        for (column, (tone, text)) in row.iter().enumerate() {
            if left_out.contains(&column) {
                continue;
            }
            let text = truncate_str(text, widths[column], "…");
            let padding = " ".repeat(widths[column].saturating_sub(measure_text_width(&text)));
            let painted = paint(*tone, &text);
            let is_number = self.numbers.contains(&column);
            let (before, after) = match is_number {
                true => (padding.as_str(), ""),
                false => ("", padding.as_str()),
            };
            line.push_str(before);
            line.push_str(&painted);
            if column < last {
                line.push_str(after);
                line.push_str(GAP);
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TerminalTable {
        let mut table = TerminalTable::new("NAME  ROWS", &[0]).numbers(&[1]);
        table.row(vec![
            (Tone::Plain, "a rather long file name.xlsx".to_owned()),
            (Tone::Plain, "7".to_owned()),
        ]);
        table
    }

    #[test]
    fn piped_output_is_whole_and_a_narrow_terminal_cuts_what_may_be_cut() {
        let plain = |_, text: &str| text.to_owned();
        assert_eq!(
            table().render(None, plain)[1],
            "a rather long file name.xlsx     7"
        );
        let narrow = table().render(Some(20), plain);
        assert_eq!(narrow, ["NAME            ROWS", "a rather long…     7"]);
    }
}
