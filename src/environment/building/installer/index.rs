//! Makes uv use the same indexes as pip.
//!
//! A user who has configured pip for a company's index expects ADE to use that index with every installer. uv does not read
//! pip's settings, so this module translates them, unless uv has settings of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::environment::python::child_variables;

/// An option of pip, the environment variable for the same option of uv, and the separator of its values.
const TRANSLATIONS: [(&str, &str, &str); 5] = [
    ("index-url", "UV_DEFAULT_INDEX", ""),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("cert", "SSL_CERT_FILE", ""),
];

/// If any of these is set, the user has configured uv's own indexes.
const OWN_SETTINGS: [&str; 6] = [
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_CONFIG_FILE",
];

/// Returns the environment variables to add for uv.
pub(crate) fn variables_for_uv(child: &[(OsString, OsString)]) -> Vec<(&'static str, OsString)> {
    let has_own = OWN_SETTINGS
        .iter()
        .any(|name| child_variables::get(child, name).is_some());
    let settings = pip_settings(child);
    let mut variables = Vec::new();
    for (option, variable, separator) in TRANSLATIONS {
        let is_about_indexes = variable.starts_with("UV_");
        if child_variables::get(child, variable).is_some() || (is_about_indexes && has_own) {
            continue;
        }
        let Some(values) = settings.get(option) else {
            continue;
        };
        // pip only warns about a folder that does not exist, but uv fails.
        let values: Vec<&str> = values
            .iter()
            .map(String::as_str)
            .filter(|value| {
                !matches!(option, "find-links" | "cert")
                    || value.contains("://")
                    || Path::new(value).exists()
            })
            .collect();
        let value = if separator.is_empty() {
            values.last().copied().unwrap_or_default().to_owned()
        } else {
            values.join(separator)
        };
        if !value.is_empty() {
            variables.push((variable, value.into()));
        }
    }
    variables
}

/// Returns pip's settings by option. Environment variables override files.
fn pip_settings(child: &[(OsString, OsString)]) -> BTreeMap<String, Vec<String>> {
    let mut settings = BTreeMap::new();
    for path in configuration_files(child) {
        if let Ok(text) = std::fs::read_to_string(path) {
            read_file(&text, &mut settings);
        }
    }
    for (option, _, _) in TRANSLATIONS {
        let variable = format!("PIP_{}", option.to_uppercase().replace('-', "_"));
        if let Some(value) = child_variables::get(child, &variable).and_then(|value| value.to_str())
        {
            settings.insert(
                option.to_owned(),
                value.split_whitespace().map(str::to_owned).collect(),
            );
        }
    }
    settings
}

/// Returns pip's configuration files in pip's order: a later file overrides an earlier one.
fn configuration_files(child: &[(OsString, OsString)]) -> Vec<PathBuf> {
    let own = child_variables::get(child, "PIP_CONFIG_FILE").map(PathBuf::from);
    if own.as_deref() == Some(Path::new("/dev/null")) {
        return Vec::new();
    }
    let mut files = vec![
        PathBuf::from("/etc/xdg/pip/pip.conf"),
        PathBuf::from("/etc/pip.conf"),
    ];
    if let Some(home) = child_variables::get(child, "HOME").map(PathBuf::from) {
        files.push(home.join(".pip/pip.conf"));
        files.push(home.join("Library/Application Support/pip/pip.conf"));
        files.push(
            child_variables::get(child, "XDG_CONFIG_HOME")
                .map_or_else(|| home.join(".config"), PathBuf::from)
                .join("pip/pip.conf"),
        );
    }
    files.extend(own);
    files
}

fn read_file(text: &str, settings: &mut BTreeMap<String, Vec<String>>) {
    let mut counts = false;
    let mut option: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            counts = matches!(section, "global" | "install");
            option = None;
        } else if !counts {
        } else if line.starts_with([' ', '\t']) {
            if let Some(values) = option.as_ref().and_then(|option| settings.get_mut(option)) {
                values.extend(trimmed.split_whitespace().map(str::to_owned));
            }
        } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
            let name = name.trim().to_lowercase().replace('_', "-");
            settings.insert(
                name.clone(),
                value.split_whitespace().map(str::to_owned).collect(),
            );
            option = Some(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(pairs: &[(&str, &str)]) -> Vec<(&'static str, OsString)> {
        let variables = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        variables_for_uv(&variables.collect::<Vec<_>>())
    }

    #[test]
    fn files_of_pip_are_read_with_several_values_and_foreign_sections() {
        let mut settings = BTreeMap::new();
        read_file(
            "# c\n[global]\nindex_url = https://a/simple\nextra-index-url =\n    https://b/simple\n    https://c/simple\n\
             [list]\nindex-url = https://no\n[install]\nfind-links: /wheels\n",
            &mut settings,
        );
        for (name, wanted) in [
            ("index-url", "https://a/simple"),
            ("extra-index-url", "https://b/simple https://c/simple"),
            ("find-links", "/wheels"),
        ] {
            assert_eq!(settings[name].join(" "), wanted);
        }
    }

    #[test]
    fn variables_beat_files_and_settings_of_uv_itself_are_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("own.conf");
        let text =
            "[global]\nindex-url = https://file/simple\nextra-index-url = https://extra/simple\n";
        std::fs::write(&file, text).unwrap();
        let of_pip = [
            ("PIP_CONFIG_FILE", file.to_str().unwrap()),
            ("PIP_INDEX_URL", "https://variable/simple"),
            ("PIP_FIND_LINKS", "/no/such/folder"),
            ("SSL_CERT_FILE", "/mine.pem"),
        ];
        let wanted = [
            ("UV_DEFAULT_INDEX", "https://variable/simple"),
            ("UV_INDEX", "https://extra/simple"),
        ];
        assert_eq!(
            translated(&of_pip),
            wanted.map(|(name, value)| (name, value.into()))
        );
        let of_uv = ("UV_INDEX_URL", "https://uv/simple");
        assert_eq!(translated(&[&of_pip[..], &[of_uv]].concat()), []);
    }
}
