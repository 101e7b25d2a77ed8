//! Prints the differences from the expected results of a case.

use ade::checks::cases::CaseDifference;

use crate::ui::Ui;

/// The maximum number of printed differences of a case.
const MAX_DIFFERENCES: usize = 20;

/// Prints the first differences, one per line.
pub fn print_differences(ui: &Ui, margin: &str, differences: &[CaseDifference]) {
    for difference in differences.iter().take(MAX_DIFFERENCES) {
        ui.line(format_args!("{margin}{difference}"));
    }
    if let Some(more @ 1..) = differences.len().checked_sub(MAX_DIFFERENCES) {
        ui.line(format_args!("{margin}and {more} more"));
    }
}
