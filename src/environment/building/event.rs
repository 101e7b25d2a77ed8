//! What happens in a build, as it is reported to event logs and to the terminal.

use std::time::Duration;

use crate::system::process::Stream;

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
