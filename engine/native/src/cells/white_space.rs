//! White space as Python sees it, which decides what counts as blank, and control characters.

/// Returns whether Python's `str.strip` leaves nothing of the text.
pub fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_python_space)
}

/// Returns whether Python's `str.isspace` holds for the character.
pub fn is_python_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// Returns whether a character is a control character that no cell of a workbook can hold: any but tab, line feed and carriage
/// return.
#[inline]
pub fn is_control(character: char) -> bool {
    character < ' ' && !matches!(character, '\t' | '\n' | '\r')
}
