//! Numbers whose units differ in one column: 5 kg beside 300 g.

use crate::columns::view::Value;
use crate::words::cut::fold;
use crate::words::data::LISTS;

/// Units of one kind that count differently, smaller ones first; a number beside another of these is not comparable with it.
fn families() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = LISTS.lines("families of units");
    lines.map(|line| line.split(' ').collect())
}

/// The cells with a unit of another size than most have, each with what is said of it. `units`: what may stand behind a number.
pub fn doubts(values: &[Value<'_>], units: &[String]) -> Vec<(usize, &'static str)> {
    let known = |unit: &str| families().find(|family| family.contains(&unit));
    let units: Vec<String> = units.iter().map(|unit| fold(unit)).collect();
    let differ = units.iter().enumerate().any(|(at, one)| {
        known(one).is_some_and(|family| {
            let is_other = |other: &String| other != one && family.contains(&other.as_str());
            units[at + 1..].iter().any(is_other)
        })
    });
    if !differ {
        return Vec::new();
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut counts = vec![0; units.len()];
    for (row, value) in values.iter().enumerate() {
        let Value::Text(text) = value else { continue };
        let text = fold(text);
        let unit = text.trim_matches(|c: char| !c.is_alphabetic());
        if let Some(at) = units.iter().position(|known| known == unit) {
            counts[at] += 1;
            found.push((row, at));
        }
    }
    let most = (0..units.len()).rev().max_by_key(|at| counts[*at]);
    found.retain(|(_, at)| Some(*at) != most);
    let said = "a unit of another size than most cells have; the number is as it stands";
    found.into_iter().map(|(row, _)| (row, said)).collect()
}
