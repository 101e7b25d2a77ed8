//! Counts for people, in messages of the library and on the terminal alike.

/// `1,234,567`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`
pub fn plural(number: u64, one: &str) -> String {
    format!(
        "{} {one}{}",
        thousands(number),
        if number == 1 { "" } else { "s" }
    )
}
