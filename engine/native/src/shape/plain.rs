//! What speaks for a table that is one record a row already.

use super::candidate::{Candidate, Detail, Evidence};
use super::table::EMPTY;
use super::view::{View, mean};

pub fn candidate(view: &View<'_>) -> Candidate {
    let profile = &view.profile;
    let width = view.width().max(1) as f64;
    let share = |is_so: &dyn Fn(&super::header::Header) -> bool| {
        view.heads.iter().filter(|head| is_so(head)).count() as f64 / width
    };
    let pure: Vec<f64> = profile
        .columns
        .iter()
        .filter(|column| column.filled > 0.0)
        .map(super::profile::Column::purity)
        .collect();
    let neighbours: Vec<f64> = (1..profile.count())
        .map(|at| profile.same(at - 1, at))
        .collect();
    let filled: Vec<f64> = profile.columns.iter().map(|column| column.share).collect();
    let is_full = |&row: &usize| view.table.row(row)[0] != EMPTY;
    let tall = view.height().max(1) as f64 / width;
    let mut evidence = Evidence::new();
    evidence.add("purity", mean(&pure));
    evidence.add(
        "named",
        share(&|head| !head.is_value() && !head.low.is_empty()),
    );
    evidence.add("fields", share(&super::header::Header::names_field));
    evidence.add(
        "differ",
        if neighbours.is_empty() {
            1.0
        } else {
            1.0 - mean(&neighbours)
        },
    );
    evidence.flag(
        "first_full",
        !profile.rows.is_empty() && profile.rows.iter().all(is_full),
    );
    evidence.add("tall", (tall.log2() / 5.0).clamp(-1.0, 1.0));
    evidence.flag("narrow", view.width() <= 4);
    evidence.flag("wide", view.width() > 12);
    evidence.flag("rows_few", view.height() < 8);
    evidence.add("filled", mean(&filled));
    evidence.add("sections", view.unclean.sections);
    evidence.add("gaps", view.unclean.gaps);
    Candidate {
        step: None,
        evidence,
        reasons: vec![
            "each row looks like one record: columns are of one kind each, and named".to_owned(),
        ],
        detail: Detail::None,
    }
}
