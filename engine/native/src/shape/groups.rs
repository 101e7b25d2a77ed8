//! Groups of columns that should be rows: "Plan 2023, Actual 2023, Plan 2024, Actual 2024".

use super::candidate::{Candidate, Detail, Evidence, Step};
use super::header::{Class, Header};
use super::series::{Grid, Pair, Way};
use super::view::{View, log_share};

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    if view.width() < 4 || view.height() < 1 {
        return Vec::new();
    }
    view.grids()
        .iter()
        .map(|grid| candidate(view, grid))
        .collect()
}

/// Columns that have a measure or a key in common, by their places in the profile.
struct Group {
    name: String,
    columns: Vec<usize>,
}

fn grouped(view: &View<'_>, grid: &Grid, name: impl Fn(&Pair) -> &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, pair) in grid.pairs.iter().enumerate() {
        let Ok(place) = view.profile.index.binary_search(&(grid.start + at)) else {
            continue;
        };
        let name = name(pair);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.columns.push(place),
            None => groups.push(Group {
                name: name.to_owned(),
                columns: vec![place],
            }),
        }
    }
    groups
}

/// How alike the columns within each group are.
fn within(view: &View<'_>, groups: &[Group]) -> f64 {
    let pairs = groups
        .iter()
        .map(|group| view.profile.sameness(&group.columns));
    let (sum, count) = pairs.fold((0.0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    if count == 0 { 0.5 } else { sum / count as f64 }
}

fn candidate(view: &View<'_>, grid: &Grid) -> Candidate {
    let mut measures = grouped(view, grid, |pair| &pair.measure);
    let mut keys = grouped(view, grid, |pair| &pair.key);
    let mut pairs = grid.pairs.clone();
    let (mut count, mut key_count) = (grid.measures, grid.keys);
    let is_split = matches!(grid.way, Way::Front | Way::Back);
    let is_timed = keys.iter().any(|key| Header::of(&key.name).is_timed());
    if is_split && !is_timed && within(view, &keys) > within(view, &measures) + 0.05 {
        // "Billing street, Shipping street": cells of streets are alike, so the street is the measure.
        std::mem::swap(&mut measures, &mut keys);
        std::mem::swap(&mut count, &mut key_count);
        for pair in &mut pairs {
            std::mem::swap(&mut pair.measure, &mut pair.key);
        }
    }
    let mut evidence = Evidence::new();
    evidence.flag("full", grid.cover == 1.0);
    weigh_keys(grid, &pairs, key_count, &mut evidence);
    evidence.add("measures_many", log_share(count, 4.0));
    weigh_place(view, grid, &mut evidence);
    evidence.add("gaps", view.unclean.gaps);
    let step = Step::Groups {
        start: grid.start,
        end: grid.end,
    };
    let reasons = reasons(view, grid, &measures, &pairs);
    let mut candidate = Candidate::new(step, evidence, reasons);
    candidate.detail = Detail::Pairs(pairs);
    candidate
}

fn weigh_keys(grid: &Grid, pairs: &[Pair], key_count: usize, evidence: &mut Evidence) {
    let mut texts: Vec<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let keys: Vec<Header> = texts.iter().map(|text| Header::of(text)).collect();
    let share = |is_so: &dyn Fn(&Header) -> bool| {
        keys.iter().filter(|key| is_so(key)).count() as f64 / keys.len().max(1) as f64
    };
    let timed = share(&Header::is_timed);
    let is_count = |key: &Header| {
        matches!(
            key.class,
            Some(Class::Integer | Class::Letter | Class::Ordinal)
        )
    };
    let counted = share(&is_count);
    evidence.add("keys_time", timed);
    evidence.add("keys_count", counted);
    evidence.add("keys_words", (1.0 - timed - counted).max(0.0));
    evidence.flag("two_word_keys", key_count == 2 && timed + counted < 0.5);
    evidence.flag("way_split", matches!(grid.way, Way::Front | Way::Back));
}

fn weigh_place(view: &View<'_>, grid: &Grid, evidence: &mut Evidence) {
    let size = grid.end - grid.start + 1;
    evidence.flag("to_end", grid.end + 1 == view.width());
    evidence.add("share", size as f64 / view.width() as f64);
    evidence.flag("four", size == 4);
}

/// A measure without the mark that stands for its key.
pub fn without_mark(measure: &str) -> String {
    let text = measure.replace('#', "");
    text.trim_matches(|c: char| " _.-".contains(c)).to_owned()
}

fn reasons(view: &View<'_>, grid: &Grid, measures: &[Group], pairs: &[Pair]) -> Vec<String> {
    let names: Vec<String> = measures
        .iter()
        .map(|measure| without_mark(&measure.name))
        .collect();
    let mut keys: Vec<&str> = Vec::new();
    for pair in pairs {
        if !keys.contains(&pair.key.as_str()) {
            keys.push(&pair.key);
        }
    }
    let size = grid.end - grid.start + 1;
    let (first, last) = (view.name(grid.start), view.name(grid.end));
    vec![format!(
        "the {size} columns from {first} to {last} repeat {} for each of {}",
        list(&names),
        list(&keys)
    )]
}

/// A few names, and how many more.
fn list(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(4).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(4) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
