//! The programs that install packages: uv where there is one or one can be fetched, else Python's own venv and pip.
//!
//! Both do the same for the build, behind [`Installer`]. Both try caches first and ask an index only when these do not
//! suffice, since an answer from a cache takes a fraction of the time and works without a network.

mod index;
mod pip;
mod uv;

use super::provision::{BuildError, Install, PackageAction, Work};

/// Which installer is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstallerChoice {
    /// uv from PATH, else a fetched one, else pip.
    #[default]
    Auto,
    Uv,
    Pip,
}

/// What a build asks of an installer.
pub(super) trait Installer {
    /// `uv 0.9.2`.
    fn label(&self) -> &str;

    fn create_venv(&mut self, work: &mut Work<'_>) -> Result<(), BuildError>;

    /// Installs the engine and the requirements into the venv, so that all of them fit together.
    fn install(&mut self, work: &mut Work<'_>, install: &Install) -> Result<(), BuildError>;

    fn uninstall(&mut self, work: &mut Work<'_>, package: &str) -> Result<(), BuildError>;
}

/// Finds the installer, or fetches it.
pub(super) fn prepare(work: &mut Work<'_>) -> Result<Box<dyn Installer>, BuildError> {
    if work.request.installer == InstallerChoice::Pip {
        return Ok(Box::new(pip::Pip::prepare(work)?));
    }
    match uv::Uv::prepare(work) {
        Ok(uv) => Ok(Box::new(uv)),
        Err(error @ (BuildError::Cancelled { .. } | BuildError::Timeout { .. })) => Err(error),
        Err(error) if work.request.installer == InstallerChoice::Uv => Err(error),
        Err(error) => {
            work.note(format!(
                "{error}; Python's own venv and pip are used, which takes longer"
            ));
            Ok(Box::new(pip::Pip::prepare(work)?))
        }
    }
}

/// What installers say when the network, and not the request, is at fault. In lower case.
pub(super) const NETWORK_TROUBLE: [&str; 22] = [
    "bad gateway",
    "cannot connect to proxy",
    "connection aborted",
    "connection broken",
    "connection refused",
    "connection reset",
    "connecttimeout",
    "could not connect to server",
    "could not resolve host",
    "dns error",
    "error sending request",
    "failed to establish a new connection",
    "gateway time-out",
    "gateway timeout",
    "max retries exceeded",
    "name or service not known",
    "network is unreachable",
    "operation timed out",
    "read timed out",
    "service unavailable",
    "temporary failure in name resolution",
    "too many requests",
];

/// The packages that a line of an installer's output is about.
pub(super) fn packages_in(line: &str) -> Vec<(String, Option<String>, PackageAction)> {
    let line = line.trim();
    if let Some(installed) = line.strip_prefix("Successfully installed ") {
        return installed
            .split_whitespace()
            .filter_map(|package| package.rsplit_once('-'))
            .map(|(name, version)| {
                (
                    name.to_owned(),
                    Some(version.to_owned()),
                    PackageAction::Installed,
                )
            })
            .collect();
    }
    let (action, rest) = if let Some(rest) = line.strip_prefix("+ ") {
        (PackageAction::Installed, rest)
    } else if let Some(rest) = line.strip_prefix("- ") {
        (PackageAction::Removed, rest)
    } else if let Some(rest) = line.strip_prefix("Collecting ") {
        (PackageAction::Resolving, rest)
    } else if let Some(rest) = line.strip_prefix("Downloading ") {
        (PackageAction::Downloading, rest)
    } else if let Some(rest) = line
        .strip_prefix("Building wheel for ")
        .or_else(|| line.strip_prefix("Building "))
    {
        (PackageAction::Building, rest)
    } else {
        return Vec::new();
    };
    let word = rest.split_whitespace().next().unwrap_or_default();
    let (name, version) = if let Some((name, version)) = word.split_once("==") {
        (name, Some(version))
    } else if word.ends_with(".whl") || word.ends_with(".tar.gz") {
        let mut parts = word.rsplit('/').next().unwrap_or(word).split('-');
        (parts.next().unwrap_or_default(), parts.next())
    } else {
        let end = word
            .find(|character: char| "[<>=!~;(@".contains(character))
            .unwrap_or(word.len());
        (&word[..end], None)
    };
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || name.contains("://") {
        return Vec::new();
    }
    vec![(name.to_owned(), version.map(str::to_owned), action)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<String> {
        packages_in(line)
            .into_iter()
            .map(|(name, version, action)| {
                format!("{} {name} {}", action.as_str(), version.unwrap_or_default())
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn the_lines_of_both_installers_are_understood() {
        for (line, expected) in [
            (" + polars==1.36.0", "installed polars 1.36.0"),
            (
                " + ade-engine==1.10.0 (from file:///x.whl)",
                "installed ade-engine 1.10.0",
            ),
            (" - six==1.0", "removed six 1.0"),
            (
                "Downloading polars-runtime-32 (47.6MiB)",
                "downloading polars-runtime-32",
            ),
            ("   Building thing==1.0", "building thing 1.0"),
            (
                "Collecting polars<2,>=1.36 (from ade-engine==1.10.0)",
                "resolving polars",
            ),
            (
                "  Downloading polars-1.44.2-py3-none-any.whl (865 kB)",
                "downloading polars 1.44.2",
            ),
            (
                "Building wheel for thing (pyproject.toml): started",
                "building thing",
            ),
        ] {
            assert_eq!(told(line), [expected], "{line}");
        }
        assert_eq!(
            told("Successfully installed et-xmlfile-2.0.0 six-1.0"),
            ["installed et-xmlfile 2.0.0", "installed six 1.0"]
        );
        for line in [
            "Resolved 5 packages in 20ms",
            "Downloading https://host/x",
            "",
            "warning: - x",
        ] {
            assert!(told(line).is_empty(), "{line}");
        }
    }
}
