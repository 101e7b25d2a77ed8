//! Describes how a column of dates was read, with one sentence for cells that were read alike.

use super::orders::name_of;
use crate::fields::reading::{DefaultSource, Order, against_in_words, certain_in_words};

/// The sentence about a column with times of several zones.
pub const ZONES_DIFFER: &str =
    "the times have different time zones, and each time stays as it is written";

/// The facts about cells that were read in one order.
pub struct OrderReason {
    pub order: Order,
    pub cells: usize,
    pub reasons: Vec<String>,
    /// The source of the order that is taken if nothing decides.
    pub stated_by: DefaultSource,
    /// If a setting decided: the other orders that are equally possible, and the number of cells that they explain.
    pub other: Option<(String, usize)>,
    /// The number of cells that no other order explains, if other orders explain some cells.
    pub certain: Option<usize>,
    /// The number of cells that the order cannot explain.
    pub against: usize,
    /// Whether the order makes no difference, as for 5/5/2025.
    pub is_alike: bool,
    /// Whether the order is not the one that the setting names, because that one explains fewer cells.
    pub is_fallback: bool,
}

impl OrderReason {
    /// Returns whether no order but this one explains the cells.
    fn is_clear(&self) -> bool {
        self.reasons.is_empty()
            && self.other.is_none()
            && self.certain.is_none()
            && self.against == 0
            && !self.is_alike
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.order == other.order
            && self.reasons == other.reasons
            && self.is_alike == other.is_alike
            && self.other.as_ref().map(|alternative| &alternative.0)
                == other.other.as_ref().map(|alternative| &alternative.0)
            && self.certain.is_some() == other.certain.is_some()
    }

    fn add(&mut self, more: &Self) {
        self.cells += more.cells;
        self.against += more.against;
        if let Some((_, open)) = &mut self.other {
            *open += more.other.as_ref().map_or(0, |alternative| alternative.1);
        }
        if let Some(certain) = &mut self.certain {
            *certain += more
                .certain
                .unwrap_or(if more.is_clear() { more.cells } else { 0 });
        }
    }

    fn cells_in_words(&self) -> String {
        match self.cells {
            1 => "1 cell".to_owned(),
            cells => format!("{cells} cells"),
        }
    }

    fn sentence(&self, is_only: bool, has_typed: bool) -> String {
        let mut parts = self.reasons.clone();
        if let Some((other, open)) = &self.other {
            let which = match (open == &self.cells, is_only) {
                (true, true) => "every cell".to_owned(),
                (true, false) if *open == 1 => "it".to_owned(),
                (true, false) => "each".to_owned(),
                (false, _) => format!("{open} of {} cells", self.cells),
            };
            parts.push(match self.is_fallback {
                true => format!(
                    "{which} can also be {other}, and the setting date_order names neither order"
                ),
                false => {
                    let decided = self.stated_by.decided("date_order", "order");
                    format!("{which} can also be {other}, so {decided}")
                }
            });
        }
        if let Some(certain) = self.certain {
            parts.push(certain_in_words(certain, self.cells));
        }
        parts.extend(against_in_words(self.against));
        if parts.is_empty() {
            parts.push(match (self.is_alike, is_only) {
                (true, _) => "the order makes no difference".to_owned(),
                // This sentence does not speak of cells that were typed as dates.
                (false, true) if has_typed => "each text can be read in this way only".to_owned(),
                (false, true) => "each cell can be read in this way only".to_owned(),
                (false, false) if self.cells == 1 => {
                    "its only cell can be read in this way only".to_owned()
                }
                (false, false) => "they can be read in this way only".to_owned(),
            });
        }
        let name = name_of(self.order);
        let of = match is_only {
            true => String::new(),
            false => format!(" in {}", self.cells_in_words()),
        };
        format!("{name}{of}: {}", parts.join(", "))
    }
}

/// Returns the sentences about groups of cells; groups with the same facts share a sentence. `has_typed`: some cells are no
/// texts.
pub fn say_once(said: Vec<OrderReason>, has_typed: bool) -> Vec<String> {
    let mut told: Vec<OrderReason> = Vec::new();
    let (clear, others): (Vec<_>, Vec<_>) = said.into_iter().partition(OrderReason::is_clear);
    for group in others {
        match told.iter_mut().find(|known| known.says_the_same(&group)) {
            Some(known) => known.add(&group),
            None => told.push(group),
        }
    }
    // A sentence about other cells in this order is also true of the clear ones.
    for group in clear {
        match told.iter_mut().find(|known| known.order == group.order) {
            Some(known) => known.add(&group),
            None => told.push(group),
        }
    }
    if told.len() > 1 && told.iter().all(OrderReason::is_clear) {
        let of = told
            .iter()
            .map(|group| format!("{} in {}", name_of(group.order), group.cells_in_words()));
        let of: Vec<String> = of.collect();
        return vec![format!(
            "{}: each cell can be read in one way only",
            of.join(", ")
        )];
    }
    let is_only = told.len() == 1;
    told.iter()
        .map(|group| group.sentence(is_only, has_typed))
        .collect()
}
