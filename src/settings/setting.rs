//! The description of one setting.

/// What a setting's text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A folder or file; relative ones are relative to the current folder, in `ade.toml` to the file's folder.
    Path,
    /// `1 0 true false yes no on off`.
    Flag,
    /// A whole number of at least the given size.
    Whole(i64),
    /// A number of seconds (fractions allowed), above zero.
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

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable; in `ade.toml` the same without `ADE_`, in lower case.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// What its text must look like.
    pub kind: SettingKind,
    /// Its default as text; empty where there is none.
    pub default: &'static str,
    /// The default in words, where it depends on other settings or on the machine.
    pub default_note: &'static str,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// Passwords inside are masked when it is shown.
    pub secret: bool,
}

impl Setting {
    /// The key in `ade.toml`.
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
