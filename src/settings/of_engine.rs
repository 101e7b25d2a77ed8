//! The engine's settings: what `settings.toml` of a configuration may say. One table lists them, that of docs/reference/engine.md.

/// The document that has the table.
const DOCUMENT: &str = include_str!("../../docs/reference/engine.md");

/// A setting of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineSetting {
    /// Its key in `settings.toml`.
    pub key: &'static str,
    /// Its value where nothing says otherwise, as it would be typed.
    pub default: String,
    /// The same in edition 2026.
    pub default_2026: String,
    /// Whether edition 2026 always works so, whatever is set.
    pub is_superfluous: bool,
    /// What it means, one sentence.
    pub meaning: String,
}

impl EngineSetting {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("ADE_ENGINE_{}", self.key.to_uppercase())
    }

    /// Whether a person means it: by its key or by its variable.
    pub fn is_meant_by(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.key) || name.eq_ignore_ascii_case(&self.variable())
    }
}

/// Every setting of the engine, in the order of the documents.
pub fn engine_settings() -> Vec<EngineSetting> {
    let section = DOCUMENT.split("\n## Settings\n").nth(1).unwrap_or_default();
    let table = section.lines().skip_while(|line| !line.starts_with("| `"));
    table.map_while(of_row).collect()
}

/// The setting in a row of the table: key, default, meaning.
fn of_row(line: &'static str) -> Option<EngineSetting> {
    let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
    let (key, rest) = row.split_once("` | ")?;
    let (default, rest) = rest.split_once(" | ")?;
    let (newer, meaning) = rest.split_once(" | ")?;
    let default = default.replace('`', "");
    Some(EngineSetting {
        key,
        default_2026: match newer.trim() {
            "" => default.clone(),
            "always" => "true".to_owned(),
            newer => newer.replace('`', ""),
        },
        is_superfluous: newer == "always",
        default,
        meaning: without_links(meaning),
    })
}

/// A text with the words of its links alone: `[rows](rows.md#x)` is `rows`.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(begin) = plain.rfind('[') {
            plain.remove(begin);
        }
        plain.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_documents_is_read_whole() {
        let settings = engine_settings();
        let named = |key: &str| settings.iter().find(|setting| setting.key == key);
        let order = named("date_order").unwrap();
        assert_eq!(order.default, "auto");
        assert!(order.meaning.contains("`dmy`"), "{order:?}");
        assert!(order.is_meant_by("ADE_ENGINE_DATE_ORDER") && order.is_meant_by("Date_Order"));
        let delimiter = named("csv_delimiter").unwrap();
        assert_eq!(
            (&*delimiter.default, &*delimiter.default_2026),
            (",", "auto")
        );
        for setting in &settings {
            let is_superfluous = crate::engine::is_superfluous(setting.key);
            assert_eq!(setting.is_superfluous, is_superfluous, "{setting:?}");
        }
        assert!(
            named("sheets")
                .unwrap()
                .meaning
                .ends_with("(explanation/rows)"),
            "{settings:?}"
        );
        // The engine's own list of them: `("date_order", "auto", …`.
        let source = include_str!("../../engine/ade_engine/infrastructure/settings.py");
        let lists = source.split("_NEWER = (").nth(1).unwrap();
        let lists = lists.split("\n_READERS").next().unwrap();
        let rows = lists
            .lines()
            .filter_map(|line| line.strip_prefix("    (\""));
        let mut engine: Vec<&str> = rows.filter_map(|row| row.split('"').next()).collect();
        let mut documented: Vec<&str> = settings.iter().map(|setting| setting.key).collect();
        engine.sort_unstable();
        documented.sort_unstable();
        assert_eq!(documented, engine);
    }
}
