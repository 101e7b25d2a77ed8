//! Finds numbers whose units differ in one column: 5 kg beside 300 g.

use crate::columns::view::ColumnValue;
use crate::words::cut::fold;
use crate::words::data::LISTS;

/// Returns families of units that measure the same in different sizes, smaller ones first. Numbers in two units of a family
/// cannot be compared.
fn families() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = LISTS.lines("families of units");
    lines.map(|line| line.split(' ').collect())
}

/// Returns the cells whose unit has another size than that of most cells, each with the reason. `units` are those that may
/// follow a number.
pub fn doubts(values: &[ColumnValue<'_>], units: &[String]) -> Vec<(usize, &'static str)> {
    let known = |unit: &str| families().find(|family| family.contains(&unit));
    let units: Vec<String> = units.iter().map(|unit| fold(unit)).collect();
    let differ = units.iter().enumerate().any(|(at, unit)| {
        known(unit).is_some_and(|family| {
            let is_other = |other: &String| other != unit && family.contains(&other.as_str());
            units[at + 1..].iter().any(is_other)
        })
    });
    if !differ {
        return Vec::new();
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut counts = vec![0; units.len()];
    for (row, value) in values.iter().enumerate() {
        let ColumnValue::Text(text) = value else {
            continue;
        };
        let text = fold(text);
        let unit = text.trim_matches(|c: char| !c.is_alphabetic());
        if let Some(at) = units.iter().position(|known| known == unit) {
            counts[at] += 1;
            found.push((row, at));
        }
    }
    let most = (0..units.len()).rev().max_by_key(|at| counts[*at]);
    found.retain(|(_, at)| Some(*at) != most);
    let said =
        "the unit is smaller or larger than that of most cells; the number was not converted";
    found.into_iter().map(|(row, _)| (row, said)).collect()
}
