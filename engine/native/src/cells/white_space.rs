//! White space as Python sees it, which decides what counts as blank.

/// Whether Python's `str.strip` leaves nothing of the text.
pub fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_python_space)
}

/// Whether Python's `str.isspace` holds for the character.
pub fn is_python_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}
