//! Reads `uv.lock`: the versions that the author has tried, as constraints for the installer.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::ConfigurationError;
use super::manifest::{parse, read_text};
use super::requirement::{Requirement, is_engine};

#[derive(Debug, Default, Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: toml::Table,
    #[serde(default, rename = "resolution-markers")]
    markers: Vec<String>,
}

/// A lock file: its constraints, and its whole content for the digest.
#[derive(Clone, Debug, Default)]
pub(super) struct Locked {
    pub constraints: Vec<Requirement>,
    pub whole: Option<toml::Table>,
}

/// Reads the lock file of the configuration at `root`, where it has one.
pub(super) fn read(root: &Path) -> Result<Locked, ConfigurationError> {
    let path = root.join("uv.lock");
    let Some(text) = read_text(&path)? else {
        return Ok(Locked::default());
    };
    let file: LockFile = parse(&path, &text)?;
    Ok(Locked {
        constraints: constraints(file),
        whole: Some(parse(&path, &text)?),
    })
}

/// `name==version` for each package that comes from an index. The configuration itself, the engine, and packages from a
/// repository or a folder are left out: a version does not identify them.
fn constraints(file: LockFile) -> Vec<Requirement> {
    let mut by_name: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for package in file.package {
        let (Some(version), true) = (&package.version, package.source.contains_key("registry"))
        else {
            continue;
        };
        let markers: Vec<String> = package
            .markers
            .iter()
            .map(|marker| format!("({marker})"))
            .collect();
        let marked = !markers.is_empty();
        let suffix = if marked {
            format!(" ; {}", markers.join(" or "))
        } else {
            String::new()
        };
        let requirement = format!("{}=={version}{suffix}", package.name);
        by_name
            .entry(package.name)
            .or_default()
            .push((requirement, marked));
    }
    by_name
        .into_values()
        // Two versions of one package without markers would contradict each other.
        .filter(|entries| entries.len() == 1 || entries.iter().all(|(_, marked)| *marked))
        .flatten()
        .map(|(requirement, _)| Requirement::parse(&requirement))
        .filter(|requirement| !is_engine(requirement))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_from_an_index_are_constraints() {
        let file: LockFile = toml::from_str(
            r#"
version = 1
[[package]]
name = "my-config"
version = "0.1.0"
source = { virtual = "." }
[[package]]
name = "polars"
version = "1.36.0"
source = { registry = "https://index.example/simple" }
[[package]]
name = "ade-engine"
version = "1.7.9"
source = { registry = "https://index.example/simple" }
[[package]]
name = "from-git"
version = "2"
source = { git = "https://host/from-git" }
[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version < '3.12'"]
[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.12'", "os_name == 'nt'"]
[[package]]
name = "twice"
version = "1"
source = { registry = "https://index.example/simple" }
[[package]]
name = "twice"
version = "2"
source = { registry = "https://index.example/simple" }
"#,
        )
        .unwrap();
        let texts: Vec<String> = constraints(file).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "numpy==1.26.4 ; (python_full_version < \"3.12\")",
                "numpy==2.1.0 ; (python_full_version >= \"3.12\") or (os_name == \"nt\")",
                "polars==1.36.0",
            ]
        );
    }
}
