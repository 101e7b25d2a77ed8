//! Reading the modules of a configuration without executing them: what can be said before its environment is there.

use std::process::Command;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::engine::sandbox::{Policy, confine};
use crate::environment::needed::prepare::Prepared;
use crate::run::execution::names::with_known_names;
use crate::system::process;
use crate::system::process::{ChildLimits, Stream};
use crate::workspace::Workspace;

/// How long reading them may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Compiles the modules that the engine would import as plugins, and prints the first mistake, in the engine's words.
const SCRIPT: &str = r#"
import os, sys

package = sys.argv[1]
paths = [os.path.join(package, "__init__.py")]
rows = "row_detectors" if os.path.isdir(os.path.join(package, "row_detectors")) else "row_types"
for place in ("columns", "hooks", rows):
    for parent, folders, files in os.walk(os.path.join(package, place)):
        folders[:] = sorted(name for name in folders if name != "tests" and not name.startswith("_"))
        paths += [
            os.path.join(parent, name)
            for name in sorted(files)
            if name == "__init__.py" or name.endswith(".py") and name != "tests.py" and not name.startswith("_")
        ]
for path in paths:
    try:
        with open(path, "rb") as source:
            compile(source.read(), path, "exec", dont_inherit=True)
    except OSError:
        pass
    except (SyntaxError, ValueError) as error:
        place = f"{path}, line {error.lineno}" if getattr(error, "lineno", None) else path
        line = (getattr(error, "text", None) or "").strip()
        at = f" at `{line if len(line) <= 200 else line[:199] + '…'}`" if line else ""
        print(f"SyntaxError: {getattr(error, 'msg', error)}{at} ({place})")
        break
"#;

/// The first mistake in the syntax of the modules, with file and line. `None`: there is none, or it could not be found out.
pub fn mistake(workspace: &Workspace, prepared: &Prepared, cancel: &Cancel) -> Option<String> {
    let configuration = &prepared.configuration;
    let inside = configuration.package_dir.strip_prefix(&configuration.root);
    let package = prepared.package_folder.join(inside.ok()?);
    let python = &prepared.python.executable;
    let reads = vec![prepared.snapshot.clone()];
    let policy = Policy::new(&workspace.settings, python, reads, Vec::new(), false);
    if !policy.obstacles().is_empty() {
        return None;
    }
    let mut command = Command::new(python);
    command
        .args(["-I", "-S", "-B", "-W", "ignore", "-X", "utf8", "-c", SCRIPT])
        .arg(&package)
        .current_dir(&prepared.snapshot)
        .env_clear();
    let limits = ChildLimits {
        timeout: Some(PATIENCE),
        limits: policy.limits.of_group(),
        ..ChildLimits::default()
    };
    let _confined = confine(&policy, 1, &mut command).ok()?;
    let mut found = None;
    let on_line = &mut |stream, line: &str| {
        if stream == Stream::Stdout && found.is_none() {
            found = Some(line.to_owned());
        }
    };
    process::run(&mut command, cancel, &limits, on_line).ok()?;
    let root = configuration.root.to_string_lossy();
    let known = [(prepared.package_folder.as_path(), &*root)];
    found.map(|line| with_known_names(&line, &known))
}
