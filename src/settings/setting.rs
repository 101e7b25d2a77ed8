//! The description of one setting.

/// The required form of a setting's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text is valid.
    Text,
    /// A folder or file. A relative path is relative to the current folder, or in `ade.toml` to the file's folder.
    Path,
    /// One of `1 0 true false yes no on off`.
    Flag,
    /// A whole number of at least the given size.
    Whole(i64),
    /// A number of seconds above zero; fractions are allowed.
    Seconds,
    /// A number of days; zero or less means never.
    Days,
    /// An address that begins with http:// or https://.
    Url,
    /// A text that is never shown.
    Secret,
    /// One of the listed words, in upper or lower case.
    Word(&'static [&'static str]),
}

/// A setting with its name, form, default and meaning.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable. The key in `ade.toml` is the same without `ADE_`, in lower case.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// The required form of its text.
    pub kind: SettingKind,
    /// The default as text. Empty if there is none.
    pub default: &'static str,
    /// The default in words, if it depends on other settings or on the machine.
    pub default_note: &'static str,
    /// The meaning in one sentence.
    pub meaning: &'static str,
    /// True if passwords in the value are masked when it is shown.
    pub secret: bool,
}

impl Setting {
    /// Returns the key in `ade.toml`.
    pub fn key(&self) -> String {
        self.name.trim_start_matches("ADE_").to_lowercase()
    }
}

pub(super) const fn setting(
    name: &'static str,
    kind: SettingKind,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        aliases: &[],
        kind,
        default,
        default_note: "",
        meaning,
        secret: false,
    }
}

impl Setting {
    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    pub(super) const fn note(mut self, note: &'static str) -> Self {
        self.default_note = note;
        self
    }
    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}
