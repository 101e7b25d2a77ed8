//! Prints the differences from the expected results of a case.

use ade::checks::cases::Difference;

use crate::ui::Ui;

/// The maximum number of printed differences of a case.
const MOST: usize = 20;

/// Prints the first differences, one per line.
pub fn print_differences(ui: &Ui, margin: &str, differences: &[Difference]) {
    for difference in differences.iter().take(MOST) {
        ui.line(format_args!("{margin}{difference}"));
    }
    if let Some(more @ 1..) = differences.len().checked_sub(MOST) {
        ui.line(format_args!("{margin}and {more} more"));
    }
}
