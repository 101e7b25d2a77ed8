//! Words that say what a cell or a header is: months, days, periods, totals, names of fields.

/// What stands in a cell that has no value.
#[rustfmt::skip]
const MISSING: &[&str] = &[
    "", "#n/a", "-", "--", ".", "..", "...", "?", "k.a.", "n.a.", "n/a", "na", "nan", "nil", "none", "null",
    "s/o", "tba", "tbd", "unknown", "–", "—", "…",
];

#[rustfmt::skip]
const YES_NO: &[&str] = &[
    "false", "ja", "n", "nein", "no", "non", "oui", "si", "sí", "true", "x", "y", "yes", "✓",
];

/// Names of months, by number, in the languages of most senders.
#[rustfmt::skip]
const MONTHS: &[&[&str]] = &[
    &["jan", "january", "januar", "janvier", "janv", "enero", "ene", "gennaio", "gen", "januari"],
    &["feb", "february", "februar", "fevrier", "février", "fév", "febrero", "febbraio", "februari"],
    &["mar", "march", "märz", "maerz", "mrz", "mars", "marzo", "maart", "mrt"],
    &["apr", "april", "avril", "avr", "abril", "abr", "aprile"],
    &["may", "mai", "mayo", "maggio", "mag", "mei"],
    &["jun", "june", "juni", "juin", "junio", "giugno", "giu"],
    &["jul", "july", "juli", "juillet", "juil", "julio", "luglio", "lug"],
    &["aug", "august", "août", "aout", "agosto", "ago", "augustus"],
    &["sep", "sept", "september", "septembre", "septiembre", "settembre", "set"],
    &["oct", "october", "oktober", "okt", "octobre", "octubre", "ottobre", "ott"],
    &["nov", "november", "novembre", "noviembre"],
    &["dec", "december", "dezember", "dez", "décembre", "decembre", "diciembre", "dic", "dicembre"],
];

#[rustfmt::skip]
const DAYS: &[&str] = &[
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "monday", "tuesday",
    "wednesday", "thursday", "friday", "saturday", "sunday", "montag", "dienstag", "mittwoch", "donnerstag",
    "freitag", "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
];

const PERIODS: &[&str] = &[
    "day", "hour", "kw", "month", "period", "qtr", "quarter", "season", "semester", "term", "week",
    "wk", "year",
];

#[rustfmt::skip]
const SIZES: &[&str] = &[
    "2xl", "3xl", "4xl", "l", "large", "m", "medium", "s", "small", "xl", "xs", "xxl", "xxs", "xxxl",
];

#[rustfmt::skip]
const TOTALS: &[&str] = &[
    "all", "average", "avg", "change", "diff", "difference", "gesamt", "mean", "overall", "subtotal", "sum",
    "summe", "total", "totals", "variance", "ytd",
];

/// Words that name a field of a record. Sorted.
#[rustfmt::skip]
const FIELDS: &[&str] = &[
    "account", "address", "adresse", "age", "amount", "area", "author", "balance", "birthdate", "brand",
    "category", "city", "class", "client", "code", "color", "colour", "comment", "comments", "company",
    "cost", "count", "country", "credit", "currency", "customer", "date", "datum", "day", "debit", "density",
    "department", "dept", "desc", "description", "dirección", "director", "district", "email", "end", "fax",
    "fecha", "first", "gender", "gross", "height", "humidity", "id", "index", "invoice", "item", "label",
    "language", "last", "lat", "latitude", "length", "location", "lon", "longitude", "mail", "manager",
    "mass", "max", "mean", "median", "min", "mode", "model", "month", "name", "names", "net", "no", "nombre",
    "note", "notes", "number", "order", "owner", "percent", "phone", "population", "power", "precio", "preis",
    "pressure", "price", "principal", "product", "publisher", "qty", "quantity", "range", "rank", "rate",
    "region", "release", "remarks", "salary", "sex", "size", "sku", "speed", "start", "state", "status",
    "std", "sum", "supplier", "surname", "tax", "tel", "telefon", "telephone", "teléfono", "temperature",
    "time", "title", "total", "type", "uniqueness", "unit", "units", "url", "vat", "vendor", "version",
    "voltage", "volume", "web", "website", "weight", "width", "year", "zip",
];

/// Words by which a label names something that is measured.
#[rustfmt::skip]
const MEASURES: &[&str] = &[
    "number", "count", "total", "average", "avg", "mean", "median", "percent", "percentage", "rate", "ratio",
    "share", "per", "price", "cost", "weight", "length", "height", "width", "volume", "population", "income",
    "age", "size", "amount", "revenue", "profit", "score", "date", "year", "name", "address", "phone",
    "capacity", "speed", "power", "temperature", "type", "status", "min", "max", "std", "sum", "id", "code",
    "url", "web", "email", "location", "area",
];

/// What the corner of a turned table is called.
#[rustfmt::skip]
const CORNERS: &[&str] = &[
    "", "attribute", "characteristic", "data type", "fact", "feature", "field", "index", "indicator",
    "metric", "model", "name", "parameter", "property", "statistic", "variable",
];

/// Words of sentences, which lists of values have seldom.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "a", "are", "as", "at", "be", "by", "for", "from", "has", "have", "in", "is", "it", "not", "of", "on",
    "or", "that", "the", "this", "to", "was", "will", "with",
];

const CURRENCIES: &[&str] = &[
    "usd", "eur", "gbp", "chf", "kr", "sek", "nok", "dkk", "cad", "aud", "rs",
];

const SCALES: &[&str] = &[
    "million", "billion", "thousand", "mio", "mrd", "bn", "m", "b", "k",
];

pub fn is_missing(low: &str) -> bool {
    low.len() <= 7 && MISSING.contains(&low)
}

pub fn is_yes_or_no(low: &str) -> bool {
    low.len() <= 5 && YES_NO.contains(&low)
}

/// The number of a month, by its name in small letters.
pub fn month(low: &str) -> Option<usize> {
    if !(3..=12).contains(&low.len()) {
        return None;
    }
    let first = low.as_bytes()[0];
    let named = |names: &&[&str]| {
        let mut names = names.iter();
        names.any(|name| name.as_bytes()[0] == first && *name == low)
    };
    MONTHS.iter().position(named).map(|at| at + 1)
}

pub fn is_day(low: &str) -> bool {
    DAYS.contains(&low)
}

pub fn is_period(low: &str) -> bool {
    PERIODS.contains(&low)
}

pub fn is_size(low: &str) -> bool {
    SIZES.contains(&low)
}

pub fn is_total(word: &str) -> bool {
    TOTALS.contains(&word)
}

pub fn is_field(word: &str) -> bool {
    FIELDS.binary_search(&word).is_ok()
}

pub fn is_measure(word: &str) -> bool {
    MEASURES.contains(&word)
}

pub fn is_corner(low: &str) -> bool {
    CORNERS.contains(&low)
}

pub fn is_filler(low: &str) -> bool {
    FILLERS.contains(&low)
}

pub fn is_currency(low: &str) -> bool {
    CURRENCIES.contains(&low)
}

/// Words behind a number that multiply it, longest first.
pub fn scales() -> &'static [&'static str] {
    SCALES
}

/// A year from 1800 to 2099.
pub fn is_year(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.len() == 4
        && bytes.iter().all(u8::is_ascii_digit)
        && matches!(&bytes[..2], b"18" | b"19" | b"20")
}

/// The runs of letters, digits and underscores in a text.
pub fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_sorted_and_found() {
        assert!(FIELDS.is_sorted());
        assert!(is_field("zip") && is_field("account") && !is_field("berlin"));
    }

    #[test]
    fn months_are_known_in_several_languages() {
        assert_eq!(month("mai"), Some(5));
        assert_eq!(month("décembre"), Some(12));
        assert_eq!(month("ma"), None);
        assert_eq!(month("market"), None);
    }
}
