//! The picture at the head of the README: a messy sheet beside what `ade run` makes of it. It is drawn from the cells of a real
//! run of the README's own example; no text of a cell is written here.
//!
//! `ADE_UPDATE_GENERATED=1 cargo test --test picture` draws it anew.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use ade::cells::{Cells, Choice, Reading, Window, WindowLimits};
use common::Place;
use serde_json::Value;

const INPUT: &str = "messy-roster.xlsx";
const OUTPUT: &str = "messy-roster_normalized.xlsx";
const SHEET: &str = "North";
/// The columns that are shown, of the input and of the output.
const SHOWN: u64 = 5;
/// The last row of the input that is shown.
const LAST_SOURCE_ROW: u64 = 15;

const MARGIN: f64 = 12.0;
const GAP: f64 = 64.0;
const ROW: f64 = 22.0;
const NUMBERS: f64 = 26.0;
const CAPTION: f64 = 26.0;
const PADDING: f64 = 6.0;

struct Colours {
    paper: &'static str,
    rulers: &'static str,
    lines: &'static str,
    text: &'static str,
    faint: &'static str,
    head: &'static str,
    issue: &'static str,
    issue_paper: &'static str,
}

const LIGHT: Colours = Colours {
    paper: "#ffffff",
    rulers: "#f3f4f6",
    lines: "#d5d9df",
    text: "#1f2328",
    faint: "#656d76",
    head: "#e6f0e9",
    issue: "#c4281c",
    issue_paper: "#fde4e1",
};

const DARK: Colours = Colours {
    paper: "#151b23",
    rulers: "#20272f",
    lines: "#3a434e",
    text: "#e6edf3",
    faint: "#9198a1",
    head: "#1f3a2b",
    issue: "#ff8178",
    issue_paper: "#55211f",
};

/// The one issue that is marked.
struct Issue {
    /// As the output's column `Issues` words it.
    words: String,
    /// Its row and column in the output, from 1.
    output: (u64, u64),
    /// Its row and column in the input, from 1.
    source: (u64, u64),
}

/// A sheet's cells and how they are drawn.
struct Grid {
    rows: Vec<Vec<Value>>,
    /// The row that is a header row, from 1.
    header: u64,
    marked: (u64, u64),
    widths: Vec<f64>,
}

impl Grid {
    fn new(rows: &[Vec<Value>], header: u64, marked: (u64, u64)) -> Self {
        let rows: Vec<Vec<Value>> = rows
            .iter()
            .map(|row| row.iter().take(SHOWN as usize).cloned().collect())
            .collect();
        let widths = (0..SHOWN as usize)
            .map(|column| {
                let lengths = rows
                    .iter()
                    .skip(header as usize - 1)
                    .filter(|row| column > 0 || !row[1].is_null())
                    .map(|row| width_of(&shown(&row[column])));
                lengths.fold(0.0, f64::max) + 2.0 * PADDING
            })
            .collect();
        Self {
            rows,
            header,
            marked,
            widths,
        }
    }

    fn width(&self) -> f64 {
        NUMBERS + self.widths.iter().sum::<f64>()
    }

    fn height(&self) -> f64 {
        CAPTION + (self.rows.len() + 1) as f64 * ROW
    }

    fn draw(&self, name: &str, left: f64, colours: &Colours) -> String {
        let mut svg = String::new();
        let top = MARGIN + CAPTION;
        let text = |svg: &mut String, x: f64, row: f64, style: &str, words: &str| {
            let y = top + (row + 0.69) * ROW;
            let words = escaped(words);
            writeln!(
                svg,
                r#"<text x="{x:.1}" y="{y:.1}" xml:space="preserve" {style}>{words}</text>"#
            )
            .unwrap();
        };
        let mut block = |x: f64, row: f64, width: f64, colour: &str| {
            let y = top + row * ROW;
            writeln!(
                svg,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{ROW}" fill="{colour}" stroke="{}"/>"#,
                colours.lines
            )
            .unwrap();
        };
        block(left, 0.0, NUMBERS, colours.rulers);
        for index in 0..self.rows.len() {
            block(left, index as f64 + 1.0, NUMBERS, colours.rulers);
        }
        let mut x = left + NUMBERS;
        for (index, width) in self.widths.iter().enumerate() {
            block(x, 0.0, *width, colours.rulers);
            for row in 0..self.rows.len() {
                // A text that is alone in its row is drawn over its neighbours, as spreadsheet programs do.
                let is_alone =
                    !self.rows[row][0].is_null() && self.rows[row][1..].iter().all(Value::is_null);
                if is_alone {
                    if index == 0 {
                        let whole = self.width() - NUMBERS;
                        block(x, row as f64 + 1.0, whole, colours.paper);
                    }
                    continue;
                }
                let is_marked = self.marked == (row as u64 + 1, index as u64 + 1);
                let colour = match (is_marked, row as u64 + 1 == self.header) {
                    (true, _) => colours.issue_paper,
                    (_, true) => colours.head,
                    _ => colours.paper,
                };
                block(x, row as f64 + 1.0, *width, colour);
            }
            x += width;
        }
        let faint = format!(r#"fill="{}" text-anchor="middle""#, colours.faint);
        for row in 0..self.rows.len() {
            let number = (row + 1).to_string();
            text(
                &mut svg,
                left + NUMBERS / 2.0,
                row as f64 + 1.0,
                &faint,
                &number,
            );
        }
        let mut x = left + NUMBERS;
        for (index, width) in self.widths.iter().enumerate() {
            let letter = char::from(b'A' + index as u8).to_string();
            text(&mut svg, x + width / 2.0, 0.0, &faint, &letter);
            for (row, cells) in self.rows.iter().enumerate() {
                let is_header = row as u64 + 1 == self.header;
                let is_right = is_number_or_date(&cells[index]);
                let style = format!(
                    r#"fill="{}"{}{}"#,
                    colours.text,
                    if is_header {
                        r#" font-weight="600""#
                    } else {
                        ""
                    },
                    if is_right {
                        r#" text-anchor="end""#
                    } else {
                        ""
                    },
                );
                let place = if is_right { width - PADDING } else { PADDING };
                let words = shown(&cells[index]);
                if !words.is_empty() {
                    text(&mut svg, x + place, row as f64 + 1.0, &style, &words);
                }
            }
            x += width;
        }
        let caption = format!(r#"fill="{}" font-weight="600""#, colours.text);
        text(&mut svg, left, -1.1, &caption, name);
        let (row, column) = self.marked;
        let x = left + NUMBERS + self.widths[..column as usize - 1].iter().sum::<f64>();
        writeln!(
            svg,
            r#"<rect x="{x:.1}" y="{:.1}" width="{:.1}" height="{ROW}" fill="none" stroke="{}" stroke-width="2"/>"#,
            top + row as f64 * ROW,
            self.widths[column as usize - 1],
            colours.issue
        )
        .unwrap();
        svg
    }
}

/// How wide a text is in a wide font of 12 pixels, in bold.
fn width_of(text: &str) -> f64 {
    let letters = text.chars().map(|letter| match letter {
        '0'..='9' => 7.7,
        '@' => 11.5,
        'M' | 'W' | 'm' | 'w' => 11.5,
        'A'..='Z' => 8.4,
        ' ' | '.' | ',' | '-' | '(' | ')' | 'f' | 'i' | 'j' | 'l' | 'r' | 't' => 4.7,
        _ => 7.2,
    });
    letters.sum()
}

fn shown(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Windows show dates as `2024-02-29`; the example has no text of that form.
fn is_number_or_date(cell: &Value) -> bool {
    let is_date = |text: &str| {
        text.len() == 10
            && text.char_indices().all(|(place, letter)| match place {
                4 | 7 => letter == '-',
                _ => letter.is_ascii_digit(),
            })
    };
    cell.is_number() || cell.as_str().is_some_and(is_date)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn draw(before: &Grid, after: &Grid, issue: &Issue, colours: &Colours) -> String {
    let right = MARGIN + before.width() + GAP;
    let (width, height) = (
        right + after.width() + MARGIN,
        before.height().max(after.height()) + 2.0 * MARGIN,
    );
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12">
<title>On the left a messy sheet, on the right what ade run makes of it, with one issue marked</title>
"#
    );
    svg += &before.draw(&format!("{INPUT}, sheet {SHEET}"), MARGIN, colours);
    svg += &after.draw(OUTPUT, right, colours);
    let middle = MARGIN + before.width() + GAP / 2.0;
    let arrow = MARGIN + CAPTION + 5.0 * ROW;
    write!(
        svg,
        r#"<text x="{middle:.1}" y="{:.1}" fill="{2}" text-anchor="middle" font-family="ui-monospace, Menlo, 'DejaVu Sans Mono', monospace">ade run</text>
<path d="M {:.1} {arrow:.1} h 36 m -8 -6 l 8 6 l -8 6" fill="none" stroke="{2}" stroke-width="2"/>
"#,
        arrow - 10.0,
        middle - 18.0,
        colours.text,
    )
    .unwrap();
    // What the output says of the marked cell, below the output.
    let box_top = MARGIN + after.height() + 14.0;
    let lines = [
        (colours.issue, issue.words.clone()),
        (
            colours.faint,
            format!(
                "The cell comes out empty; the issue stands in its row. Source row: {}.",
                issue.source.0
            ),
        ),
    ];
    writeln!(
        svg,
        r#"<rect x="{right:.1}" y="{box_top:.1}" width="{:.1}" height="52" rx="4" fill="{}" stroke="{}"/>"#,
        after.width(),
        colours.paper,
        colours.issue
    )
    .unwrap();
    for (index, (colour, words)) in lines.iter().enumerate() {
        writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" fill="{colour}">{}</text>"#,
            right + 10.0,
            box_top + 21.0 + index as f64 * 19.0,
            escaped(words)
        )
        .unwrap();
    }
    svg + "</svg>\n"
}

/// The first cell of the output that could not be read, and where it came from.
fn issue_of(input: &Window, output: &Window) -> Issue {
    let header: Vec<String> = output.rows[0].iter().map(shown).collect();
    let place = |name: &str| header.iter().position(|title| title == name).unwrap();
    let (issues, source_row) = (place("Issues"), place("Source row"));
    let (row, cells) = output
        .rows
        .iter()
        .enumerate()
        .find(|(_, row)| shown(&row[issues]).contains(": not "))
        .expect("the example has a cell that is refused");
    let words = shown(&cells[issues]);
    let field = words.split_once(": ").unwrap().0;
    let refused = words.split('"').nth(1).unwrap();
    let source = cells[source_row].as_u64().unwrap();
    let column = input.rows[source as usize - 1]
        .iter()
        .position(|cell| shown(cell).trim() == refused)
        .expect("the issue quotes its cell");
    Issue {
        output: (row as u64 + 1, place(field) as u64 + 1),
        source: (source, column as u64 + 1),
        words,
    }
}

#[test]
fn the_picture_of_the_readme_shows_a_real_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = Place::new();
    place.ade("init roster").succeeds();
    let example = root.join("examples").join(INPUT);
    fs::copy(&example, place.path(INPUT)).unwrap();
    place.ade(&format!("run roster {INPUT} -o .")).succeeds();

    let cells = Cells::new(WindowLimits::default());
    let window = |name: &str| {
        let sheet = Choice::Named(SHEET);
        let path = place.path(name);
        cells
            .window(&path, &Reading::whole(), sheet, 1..=200, 1..=26)
            .unwrap()
    };
    let (input, output) = (window(INPUT), window(OUTPUT));
    let issue = issue_of(&input, &output);
    let source_row = output.rows[0].len() - 1;
    let last = output
        .rows
        .iter()
        .rposition(|row| {
            row[source_row]
                .as_u64()
                .is_some_and(|row| row <= LAST_SOURCE_ROW)
        })
        .unwrap();
    assert!(issue.output.0 <= last as u64 + 1 && issue.output.1 <= SHOWN);
    assert!(issue.source.0 <= LAST_SOURCE_ROW && issue.source.1 <= SHOWN);
    // The header row stands right above the first row that came out.
    let header = output.rows[1][source_row].as_u64().unwrap() - 1;
    let before = Grid::new(
        &input.rows[..LAST_SOURCE_ROW as usize],
        header,
        issue.source,
    );
    let after = Grid::new(&output.rows[..=last], 1, issue.output);

    let mut stale = Vec::new();
    for (name, colours) in [("light", LIGHT), ("dark", DARK)] {
        let kept: PathBuf = root.join(format!("docs/picture/{name}.svg"));
        let fresh = draw(&before, &after, &issue, &colours);
        if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
            fs::create_dir_all(kept.parent().unwrap()).unwrap();
            fs::write(&kept, &fresh).unwrap();
        }
        if fs::read_to_string(&kept).unwrap_or_default() != fresh {
            stale.push(kept);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} show another run; ADE_UPDATE_GENERATED=1 cargo test --test picture draws them"
    );
}
