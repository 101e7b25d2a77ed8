//! What speaks against doing a step without asking.

use super::candidate::{Candidate, Operator};

/// Why a step is never done without asking, however likely it is.
pub fn doubt(candidate: &Candidate) -> Option<&'static str> {
    let evidence = &candidate.evidence;
    match candidate.operator() {
        Operator::Stack if evidence.get("exact_time") == 0.0 => {
            Some("the headers are no series of years, quarters, months, days or dates")
        }
        Operator::Groups if evidence.get("keys_time") < 0.99 || evidence.get("full") == 0.0 => {
            Some("what tells the groups of columns apart is no year, quarter or month")
        }
        Operator::Split => Some("a row for each value repeats the row's other values, amounts too"),
        // Two standard deviations: what is less happens once in forty tables.
        Operator::FillDown if evidence.get("regular") < 0.5 => {
            Some("so few gaps could also be values that are missing here and there")
        }
        Operator::Sections if evidence.get("single") > 0.0 => {
            Some("one line alone could also be a remark")
        }
        Operator::Transpose if evidence.get("rows_differ") == 0.0 => {
            Some("all rows hold values of the same kind")
        }
        Operator::Transpose if evidence.get("labels_unique") < 1.0 => {
            Some("the first column, which would be the header, has a text twice")
        }
        _ => None,
    }
}
