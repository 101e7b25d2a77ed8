//! Properties of the layout pass: the chain's answers equal those of trying every sequence, no sheet makes it panic, and long
//! tables are cheap.

use std::sync::Arc;

use ade_engine_native::cells::{ScanLimits, Sheet, SheetBuilder, SheetCell};
use ade_engine_native::layout::chain::{Chain, Link, STATES};
use ade_engine_native::layout::{RowState, features_of, recognise};
use proptest::prelude::*;

const LIMITS: ScanLimits = ScanLimits::NONE;

type Scores = [f64; STATES];

fn scores() -> impl Strategy<Value = Scores> {
    prop::array::uniform6(-4.0..4.0f64)
}

fn chains() -> impl Strategy<Value = Chain> {
    let steps = || prop::array::uniform6(scores());
    (scores(), scores(), steps(), steps()).prop_map(|(start, end, without, with)| Chain {
        start,
        end,
        steps: [without, with],
    })
}

fn links() -> impl Strategy<Value = Vec<Link>> {
    let link = (scores(), any::<bool>()).prop_map(|(scores, after_blank)| Link {
        scores,
        after_blank,
    });
    prop::collection::vec(link, 1..5)
}

/// Returns every sequence of states with its score.
fn sequences(chain: &Chain, links: &[Link]) -> Vec<(Vec<usize>, f64)> {
    let mut found: Vec<(Vec<usize>, f64)> = (0..STATES)
        .map(|state| (vec![state], chain.start[state] + links[0].scores[state]))
        .collect();
    for link in &links[1..] {
        let steps = &chain.steps[usize::from(link.after_blank)];
        found = found
            .into_iter()
            .flat_map(|(states, score)| {
                (0..STATES).map(move |state| {
                    let last = states[states.len() - 1];
                    let mut longer = states.clone();
                    longer.push(state);
                    (longer, score + steps[last][state] + link.scores[state])
                })
            })
            .collect();
    }
    for (states, score) in &mut found {
        *score += chain.end[states[states.len() - 1]];
    }
    found
}

proptest! {
    #[test]
    fn the_likeliest_sequence_has_the_highest_score_of_all(chain in chains(), links in links()) {
        let all = sequences(&chain, &links);
        let highest = all.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
        let chosen: Vec<usize> = chain.likeliest(&links).into_iter().map(usize::from).collect();
        let (_, score) = all.iter().find(|(states, _)| *states == chosen).expect("a sequence of these states");
        prop_assert!((score - highest).abs() < 1e-9);
    }

    #[test]
    fn likelihoods_are_the_shares_of_all_sequences(chain in chains(), links in links()) {
        let all = sequences(&chain, &links);
        let whole: f64 = all.iter().map(|(_, score)| score.exp()).sum();
        let found = chain.likelihoods(&links);
        prop_assert_eq!(found.len(), links.len());
        for (row, likelihoods) in found.iter().enumerate() {
            for (state, likelihood) in likelihoods.iter().enumerate() {
                let with = all.iter().filter(|(states, _)| states[row] == state);
                let share = with.map(|(_, score)| score.exp()).sum::<f64>() / whole;
                prop_assert!((likelihood - share).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn any_sheet_has_a_layout_with_each_filled_row_once(
        rows in prop::collection::vec(prop::collection::vec(cell(), 0..7), 0..40)
    ) {
        let sheet = sheet(&rows);
        let layout = recognise(&sheet);
        let by_row = layout.by_row();
        prop_assert_eq!(by_row.len(), sheet.facts().rows_emitted);
        for (number, row) in rows.iter().enumerate().take(by_row.len()) {
            if row.iter().any(|text| !text.trim().is_empty()) {
                let at = by_row[number].expect("a filled row of a short sheet is looked at") as usize;
                prop_assert_eq!(layout.rows[at].number, number);
            }
        }
        for row in &layout.rows {
            prop_assert!((row.likelihoods.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        }
    }
}

/// Generates texts of cells, many of which are almost a value.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" ".to_owned()),
        prop::sample::select(vec![
            "Name", "Total", "2004", "2004-", "12", "(1", "1)", "\\", "é)", "Source:", "(", "a)",
            "1 é", "-", "Q", "Q1 2", "200é", "ß ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

fn sheet(rows: &[Vec<String>]) -> Sheet {
    let mut builder = SheetBuilder::new("sheet", LIMITS, Arc::default());
    for (number, row) in rows.iter().enumerate() {
        for (column, text) in row.iter().enumerate() {
            let cell = if text.is_empty() {
                SheetCell::EMPTY
            } else {
                builder.text_cell(text)
            };
            builder.push(column, cell);
        }
        builder.end_row(number).expect("a small sheet");
    }
    builder.finish(None)
}

/// Returns a title, a header, many rows that look alike, a total and a note.
fn long(count: usize) -> Vec<Vec<String>> {
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let mut rows = vec![
        row(["Table 1. Sales by region", "", "", ""]),
        row(["", "", "", ""]),
        row(["Region", "Units", "Net (EUR)", "Date"]),
    ];
    let names = ["North", "South", "East", "West"];
    rows.extend((0..count).map(|n| {
        vec![
            names[n % 4].to_owned(),
            (n * 7 % 90).to_string(),
            format!("{}.50", n * 13 % 997),
            format!("2024-{:02}-{:02}", n % 12 + 1, n % 28 + 1),
        ]
    }));
    rows.push(row(["Total", "4711", "123456.50", ""]));
    rows.push(row([
        "Source: own figures, see the annual report.",
        "",
        "",
        "",
    ]));
    rows
}

#[test]
fn rows_that_look_like_the_one_before_are_taken_together() {
    let few = features_of(&sheet(&long(2_000))).len();
    let many = features_of(&sheet(&long(20_000))).len();
    assert!(few < 200, "{few}");
    assert_eq!(few, many);
}

#[test]
fn what_stands_out_in_a_long_table_is_looked_at() {
    let mut rows = long(5_000);
    let again = rows[2].clone();
    rows.insert(3_000, again);
    let layout = recognise(&sheet(&rows));
    let place = layout.by_row()[3_000].expect("a filled row") as usize;
    assert_eq!(layout.rows[place].number, 3_000);
    assert_eq!(layout.rows[place].state, RowState::Header);
    // The rows between are data, although they were not examined.
    let between = layout.by_row()[2_000].expect("a filled row") as usize;
    assert_eq!(layout.rows[between].state, RowState::Data);
}
