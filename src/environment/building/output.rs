//! The events of a build, as event logs and the terminal get them, and the output of its children.

use std::io;
use std::time::Duration;

use crate::base::files::{mentions_disk_full, mentions_exhaustion};
use crate::system::process::{Exit, Stream};

/// A step of a build; the variants are in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStepKind {
    PrepareInstaller,
    /// Only in `ade lock`, not in a build.
    Resolve,
    CreateVenv,
    InstallEngine,
    InstallConfig,
    Compile,
    VerifyImports,
    CollectMetadata,
}

impl BuildStepKind {
    /// Returns the name in event logs.
    pub fn as_str(self) -> &'static str {
        match self {
            BuildStepKind::PrepareInstaller => "prepare_installer",
            BuildStepKind::Resolve => "resolve",
            BuildStepKind::CreateVenv => "create_venv",
            BuildStepKind::InstallEngine => "install_engine",
            BuildStepKind::InstallConfig => "install_config",
            BuildStepKind::Compile => "compile",
            BuildStepKind::VerifyImports => "verify_imports",
            BuildStepKind::CollectMetadata => "collect_metadata",
        }
    }
}

/// An installer's action on a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageAction {
    Downloading,
    Building,
    Installed,
    Removed,
}

impl PackageAction {
    /// Returns the name in event logs.
    pub fn as_str(self) -> &'static str {
        match self {
            PackageAction::Downloading => "downloading",
            PackageAction::Building => "building",
            PackageAction::Installed => "installed",
            PackageAction::Removed => "removed",
        }
    }
}

/// An event of a build.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildEvent {
    StepStarted {
        step: BuildStepKind,
    },
    StepFinished {
        step: BuildStepKind,
        duration: Duration,
    },
    /// The installer works on a package.
    Package {
        name: String,
        /// `None` until the installer has chosen a version.
        version: Option<String>,
        action: PackageAction,
    },
    /// A child printed a line.
    Line {
        stream: Stream,
        text: String,
    },
    /// A note for the user, although nothing failed.
    Note {
        message: String,
    },
}

/// Phrases of installers, in lower case, that mean trouble with the network, not with the request.
const NETWORK_TROUBLE: [&str; 22] = [
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

/// A child that ended by itself.
pub(crate) struct FinishedChild {
    pub exit: Exit,
    pub lines: Vec<(Stream, String)>,
}

impl FinishedChild {
    /// Returns the lines of standard output.
    pub fn stdout(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines
            .iter()
            .filter(|(stream, _)| *stream == Stream::Stdout)
            .map(|(_, line)| line.as_str())
    }

    /// Returns whether any line contains one of these phrases, which are in lower case.
    pub fn mentions(&self, phrases: &[&str]) -> bool {
        self.lines.iter().any(|(_, line)| {
            let line = line.to_lowercase();
            phrases.iter().any(|phrase| line.contains(phrase))
        })
    }

    /// Returns whether the child reported a full disk.
    pub fn found_disk_full(&self) -> bool {
        self.lines.iter().any(|(_, line)| mentions_disk_full(line))
    }

    /// Returns an error if the child reported that the machine ran out of something: disk space, memory, descriptors or
    /// threads.
    pub fn exhausted(&self) -> Option<io::Error> {
        if self.found_disk_full() {
            return Some(io::ErrorKind::StorageFull.into());
        }
        let mut lines = self.lines.iter();
        let lacks = lines.any(|(_, line)| mentions_exhaustion(line));
        lacks.then(|| io::Error::from_raw_os_error(libc::EAGAIN))
    }

    /// Returns whether the child reported trouble with the network, not with the request.
    pub fn found_network_trouble(&self) -> bool {
        self.mentions(&NETWORK_TROUBLE)
    }

    /// Returns the last lines, without those that installers always print.
    pub fn last_lines(&self) -> Vec<String> {
        const KEPT: usize = 20;
        const ALWAYS_PRINTED: [&str; 2] = ["Using Python ", "Looking in "];
        let kept: Vec<&String> = self
            .lines
            .iter()
            .map(|(_, line)| line)
            .filter(|line| {
                !line.trim().is_empty()
                    && !ALWAYS_PRINTED.iter().any(|words| line.starts_with(words))
            })
            .collect();
        kept[kept.len().saturating_sub(KEPT)..]
            .iter()
            .map(|line| (*line).clone())
            .collect()
    }
}

/// Reports a line, and the package that it names.
pub(super) fn report(stream: Stream, line: &str, on_event: &mut dyn FnMut(BuildEvent)) {
    on_event(BuildEvent::Line {
        stream,
        text: line.to_owned(),
    });
    if let Some((name, version, action)) = package_in(line) {
        on_event(BuildEvent::Package {
            name,
            version,
            action,
        });
    }
}

/// Returns the package that a line of an installer is about.
fn package_in(line: &str) -> Option<(String, Option<String>, PackageAction)> {
    let line = line.trim();
    let (action, rest) = if let Some(rest) = line.strip_prefix("+ ") {
        (PackageAction::Installed, rest)
    } else if let Some(rest) = line.strip_prefix("- ") {
        (PackageAction::Removed, rest)
    } else if let Some(rest) = line.strip_prefix("Downloading ") {
        (PackageAction::Downloading, rest)
    } else if let Some(rest) = line.strip_prefix("Building ") {
        (PackageAction::Building, rest)
    } else {
        return None;
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
        return None;
    }
    Some((name.to_owned(), version.map(str::to_owned), action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(line: &str) -> Option<String> {
        package_in(line).map(|(name, version, action)| {
            format!("{} {name} {}", action.as_str(), version.unwrap_or_default())
                .trim_end()
                .to_owned()
        })
    }

    #[test]
    fn the_lines_of_installers_are_understood() {
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
                "  Downloading polars-1.44.2-py3-none-any.whl (865 kB)",
                "downloading polars 1.44.2",
            ),
        ] {
            assert_eq!(understood(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "Resolved 5 packages in 20ms",
            "Downloading https://host/x",
            "",
            "warning: - x",
        ] {
            assert_eq!(understood(line), None, "{line}");
        }
    }
}
