//! Finds years of two digits that may be of the other century: near an end of the window, or in contradiction to the header.

use super::day::{LAST_SHORT_YEAR, MADE_IN};
use crate::cells::calendar::civil_from_days;
use crate::columns::view::ColumnValue;
use crate::words::cut::fold;

/// The number of years from an end of the window within which the century is a guess.
const NEAR: i64 = 5;
/// Words, or their beginnings, in headers of days that lie ahead.
const AHEAD: &str = "maturity matures expir valid_until valid_to valid_thru best_before renewal due_date end_date end_of contract_end termination fallig ablauf gultig_bis \
    vertragsende laufzeit_bis befristet echeance date_de_fin peremption scadenza vencimiento vence caducidad vencimento validade vervaldatum einddatum forfall \
    utgangs slutdatum udlob platnost waznosci lejarat scadent son_kullanma eraantyy срок_действия истекает окончания годен_до 満期 有効期限 到期 만기 만료 ληξη";
/// Words, or their beginnings, in headers of days that are past.
const PAST: &str = "deed founded foundation established incorporat hire_date hired joined purchase bought invoice acquired acquisition built constructed registered graduat \
    wedding died death created sold signed issued issue_date grundung eintritt einstell kaufdatum erworben rechnungsdatum baujahr ausgestellt buchung urkunde bestelldatum \
    fondation embauche achat facture acquisition acte_de fundacion contratacion compra factura escritura fondazione assunzione acquisto fattura rogito admissao fatura \
    opgericht indiensttreding aankoop factuur ansatt kopt anstalld zatrudnienia zakupu faktury nastupu porizeni";

fn names(header: &str, words: &str) -> bool {
    words
        .split_ascii_whitespace()
        .any(|word| header.contains(&word.replace('_', " ")))
}

/// Returns the cells whose year of two digits is doubtful, each with the reason. `days` returns the day that was read in a row,
/// since 1970.
pub fn doubts(
    values: &[ColumnValue<'_>],
    days: impl Fn(usize) -> Option<i64>,
    header: &str,
    today: Option<i64>,
) -> Vec<(usize, &'static str)> {
    let mut words: Option<(bool, bool)> = None;
    let mut found = Vec::new();
    for (row, value) in values.iter().enumerate() {
        let ColumnValue::Text(text) = value else {
            continue;
        };
        let Some(days) = days(row) else { continue };
        if !is_short(text) {
            continue;
        }
        let (is_ahead, is_past) = *words.get_or_insert_with(|| {
            let header = fold(header);
            let is_ahead = names(&header, AHEAD);
            (is_ahead, !is_ahead && names(&header, PAST))
        });
        let year = civil_from_days(days).0;
        let is_to_come = today.map_or(year > MADE_IN, |today| days > today);
        if is_ahead && year < 2000 {
            found.push((
                row,
                "the two-digit year was read as 19.., but the header says that dates are in the future",
            ));
        } else if is_past && is_to_come {
            found.push((row, "the two-digit year was read as a future year, but the header says that dates are in the past"));
        } else if year > LAST_SHORT_YEAR - NEAR || year <= LAST_SHORT_YEAR - 100 + NEAR {
            found.push((row, "the two-digit year may be in another century"));
        }
    }
    found
}

/// Returns whether a text that was read as a date has no year of four digits.
fn is_short(text: &str) -> bool {
    let mut length = 0;
    for c in text.chars().chain([' ']) {
        if c.is_numeric() {
            length += 1;
        } else {
            if length > 3 {
                return false;
            }
            length = 0;
        }
    }
    true
}
