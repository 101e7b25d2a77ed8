//! Versions of Python, and whether they satisfy `requires-python`.

/// The engine's native half is built for this release and later ones.
pub(super) const OLDEST: (u8, u8) = (3, 10);

/// Whether this version satisfies a `requires-python` such as `>=3.10,<3.13`. A text that is not understood counts as satisfied: then
/// the installer decides.
pub(super) fn fits(version: (u8, u8, u8), requires: &str) -> bool {
    let version = [
        u32::from(version.0),
        u32::from(version.1),
        u32::from(version.2),
    ];
    requires
        .split(',')
        .all(|clause| clause_allows(version, clause.trim()))
}

/// The oldest release that `requires-python` allows, at least the engine's. `None`: it names none.
pub fn oldest_allowed(requires: &str) -> Option<(u8, u8)> {
    let named = requires.split(',').filter_map(|clause| {
        let clause = clause.trim();
        let wanted = [">=", "~=", "=="]
            .iter()
            .find_map(|operator| clause.strip_prefix(operator))?;
        let (major, rest) = wanted.trim().split_once('.')?;
        let minor = rest.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    named.max().map(|oldest: (u8, u8)| oldest.max(OLDEST))
}

fn clause_allows(version: [u32; 3], clause: &str) -> bool {
    let digits = clause
        .find(|character: char| character.is_ascii_digit())
        .unwrap_or(clause.len());
    let (operator, wanted) = clause.split_at(digits);
    let wildcard = wanted.trim_end().ends_with(".*");
    let parts: Option<Vec<u32>> = wanted
        .trim()
        .trim_end_matches(".*")
        .split('.')
        .map(|part| part.parse().ok())
        .collect();
    let Some(parts) = parts.filter(|parts| !parts.is_empty() && parts.len() <= 3) else {
        return true;
    };
    let prefix_matches = |length: usize| version[..length] == parts[..length];
    let mut padded = [0; 3];
    padded[..parts.len()].copy_from_slice(&parts);
    match operator.trim() {
        ">=" => version >= padded,
        "<=" => version <= padded,
        ">" => version > padded,
        "<" => version < padded,
        "==" if wildcard => prefix_matches(parts.len()),
        "==" | "===" => version == padded,
        "!=" if wildcard => !prefix_matches(parts.len()),
        "!=" => version != padded,
        "~=" => version >= padded && prefix_matches(parts.len() - 1),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_release_is_what_requires_python_names() {
        for (requires, oldest) in [
            (">=3.11", Some((3, 11))),
            (">= 3.12.1, < 4", Some((3, 12))),
            ("==3.11.*", Some((3, 11))),
            (">=3.8", Some(OLDEST)),
            ("<3.13", None),
            ("", None),
        ] {
            assert_eq!(oldest_allowed(requires), oldest, "{requires}");
        }
    }

    #[test]
    fn requires_python_is_read_as_installers_read_it() {
        for (requires, yes) in [
            (">=3.10", true),
            (">= 3.10, < 3.12", true),
            (">=3.12", false),
            ("<3.11", false),
            ("==3.11.*", true),
            ("==3.11", false),
            ("==3.11.7", true),
            ("!=3.11.*", false),
            ("!=3.11.0", true),
            ("~=3.10", true),
            ("~=3.11.2", true),
            ("~=3.10.2", false),
            (">3.11", true),
            ("<4", true),
            ("<=3.11", false),
            ("", true),
            ("what?", true),
        ] {
            assert_eq!(fits((3, 11, 7), requires), yes, "{requires}");
        }
    }
}
