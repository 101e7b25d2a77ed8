//! Chooses the environment variables with which installers and Pythons are started.
//!
//! The user's settings for indexes, proxies and certificates are passed on. Variables that would install packages elsewhere, or
//! make one Python use the files of another, are not. ADE's own settings are not passed on either, because a package that is
//! being built must not learn the address of the database.

use std::ffi::{OsStr, OsString};
use std::process::Command;

/// Variables that would change where an installer puts packages, or for which Python it installs.
const MISLEADING: [&str; 21] = [
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "PIP_CACHE_DIR",
    "PIP_DRY_RUN",
    "PIP_NO_CACHE_DIR",
    "PIP_PREFIX",
    "PIP_PYTHON",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_COMPILE_BYTECODE",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_VENV_CLEAR",
    "UV_WORKING_DIR",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
];

/// Sets these variables for a command, without the misleading ones and without `ade`'s own.
pub(crate) fn apply(command: &mut Command, variables: &[(OsString, OsString)]) {
    command.env_clear();
    command.envs(
        variables
            .iter()
            .filter(|(name, _)| is_passed_on(name))
            .map(|(name, value)| (name, value)),
    );
}

fn is_passed_on(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return true;
    };
    !name.starts_with("PYTHON") && !name.starts_with("ADE_") && !MISLEADING.contains(&name)
}

/// Masks names and passwords in the URLs of a text: `https://token@host/` becomes `https://****@host/`.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find("://") {
        let (before, after) = rest.split_at(position + 3);
        safe.push_str(before);
        let authority_end = after
            .find(|end: char| end == '/' || end.is_whitespace() || "\"'`<>".contains(end))
            .unwrap_or(after.len());
        rest = match after[..authority_end].rfind('@') {
            Some(at) => {
                safe.push_str("****");
                &after[at..]
            }
            None => after,
        };
    }
    safe.push_str(rest);
    safe
}

/// Returns an environment variable's value, if it is set and not empty.
pub(crate) fn get<'a>(variables: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    variables
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_masked() {
        for (text, safe) in [
            (
                "git+https://x:secret@host/a@v1",
                "git+https://****@host/a@v1",
            ),
            (
                "a https://t@h and ssh://git@host/x",
                "a https://****@h and ssh://****@host/x",
            ),
            ("a @ https://host/path@v1", "a @ https://host/path@v1"),
            ("no url, me@host", "no url, me@host"),
            ("https://", "https://"),
        ] {
            assert_eq!(without_credentials(text), safe);
        }
    }

    #[test]
    fn settings_are_passed_on_and_traps_are_not() {
        let names = "HTTPS_PROXY PIP_INDEX_URL UV_INDEX PYTHONHOME PYTHONDONTWRITEBYTECODE ADE_DATABASE_URL \
                     VIRTUAL_ENV PIP_TARGET";
        let variable = |name: &str| (OsString::from(name), OsString::from("value"));
        let variables: Vec<_> = names.split(' ').map(variable).collect();
        let mut command = Command::new("true");
        apply(&mut command, &variables);
        let names: Vec<&OsStr> = command.get_envs().map(|(name, _)| name).collect();
        assert_eq!(names, ["HTTPS_PROXY", "PIP_INDEX_URL", "UV_INDEX"]);
        assert_eq!(get(&variables, "UV_INDEX"), Some(OsStr::new("value")));
        assert_eq!(get(&variables, "absent"), None);
    }
}
