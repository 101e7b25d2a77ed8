//! What happens in a build, as it is reported to event logs and to the terminal, and what the children of a build print.

use std::io;
use std::time::Duration;

use crate::base::files::{mentions_disk_full, mentions_exhaustion};
use crate::system::process::{Exit, Stream};

/// The steps of a build, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    PrepareInstaller,
    /// Not of a build, but of `ade lock`.
    Resolve,
    CreateVenv,
    InstallEngine,
    InstallConfig,
    Compile,
    VerifyImports,
    CollectMetadata,
}

impl Step {
    /// The name as event logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::PrepareInstaller => "prepare_installer",
            Step::Resolve => "resolve",
            Step::CreateVenv => "create_venv",
            Step::InstallEngine => "install_engine",
            Step::InstallConfig => "install_config",
            Step::Compile => "compile",
            Step::VerifyImports => "verify_imports",
            Step::CollectMetadata => "collect_metadata",
        }
    }
}

/// What an installer does with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageAction {
    Downloading,
    Building,
    Installed,
    Removed,
}

impl PackageAction {
    /// The name as event logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            PackageAction::Downloading => "downloading",
            PackageAction::Building => "building",
            PackageAction::Installed => "installed",
            PackageAction::Removed => "removed",
        }
    }
}

/// One event of a build.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildEvent {
    StepStarted {
        step: Step,
    },
    StepFinished {
        step: Step,
        duration: Duration,
    },
    /// The package that the installer works on.
    Package {
        name: String,
        /// `None` as long as the installer has not chosen it.
        version: Option<String>,
        action: PackageAction,
    },
    /// A line that a child printed.
    Line {
        stream: Stream,
        text: String,
    },
    /// A note for the user, although nothing failed.
    Note {
        message: String,
    },
}

/// What installers print when the network, and not the request, is at fault. In lower case.
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
    /// The lines of standard output.
    pub fn stdout(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines
            .iter()
            .filter(|(stream, _)| *stream == Stream::Stdout)
            .map(|(_, line)| line.as_str())
    }

    /// Whether any line contains one of these. Compared in lower case.
    pub fn mentions(&self, phrases: &[&str]) -> bool {
        self.lines.iter().any(|(_, line)| {
            let line = line.to_lowercase();
            phrases.iter().any(|phrase| line.contains(phrase))
        })
    }

    /// Whether the child reported that the disk is full.
    pub fn found_disk_full(&self) -> bool {
        self.lines.iter().any(|(_, line)| mentions_disk_full(line))
    }

    /// What the child reported that the machine had no more of: room on a disk, memory, descriptors, threads.
    pub fn exhausted(&self) -> Option<io::Error> {
        if self.found_disk_full() {
            return Some(io::ErrorKind::StorageFull.into());
        }
        let mut lines = self.lines.iter();
        let lacks = lines.any(|(_, line)| mentions_exhaustion(line));
        lacks.then(|| io::Error::from_raw_os_error(libc::EAGAIN))
    }

    /// Whether the child reported that the network, and not the request, was at fault.
    pub fn found_network_trouble(&self) -> bool {
        self.mentions(&NETWORK_TROUBLE)
    }

    /// The last lines, without those that an installer prints in any case.
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

/// Passes a line on, and the package that it names.
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

/// The package that a line of an installer's output is about.
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
