//! Writes code of configurations for tests.

use std::path::PathBuf;

use super::place::Configuration;

impl Configuration {
    /// Writes a hook for this stage, such as `fail(table)`, with this body. Returns its file.
    pub fn hook(&self, stage: &str, function: &str, body: &str) -> PathBuf {
        let name = function.split('(').next().unwrap();
        let body = body.replace('\n', "\n    ");
        let file = format!("src/ade_config/hooks/{name}.py");
        self.write(
            &file,
            &format!("def {function}:\n    {body}\n\n\ndef register(registry):\n    registry.register_hook({name}, hook=\"{stage}\", priority=10)\n"),
        );
        self.folder.join(file)
    }

    /// Writes a hook that runs the code with the name of the input `NAME.csv` before it is read, and `otherwise` for other
    /// inputs.
    pub fn does_by_input<'a>(
        &self,
        codes: impl IntoIterator<Item = (impl std::fmt::Display, &'a str)>,
        otherwise: &str,
    ) {
        let mut functions = String::new();
        for (name, code) in codes {
            let code = code.replace('\n', "\n    ");
            functions.push_str(&format!("def {name}(metadata):\n    {code}\n\n\n"));
        }
        self.write(
            "src/ade_config/hooks/does.py",
            &format!(
                "import os, pathlib, signal, subprocess, sys, threading, time\n\nHERE = pathlib.Path(__file__).parent\n\n\n{functions}def does(metadata):\n    globals().get(pathlib.Path(metadata[\"input_file\"]).stem, {otherwise})(metadata)\n\n\ndef register(registry):\n    registry.register_hook(does, hook=\"on_workbook_start\", priority=10)\n"
            ),
        );
    }

    /// Writes a module of columns that registers nothing and executes this line when it is loaded. Returns its file.
    pub fn module(&self, line: &str) -> PathBuf {
        let file = "src/ade_config/columns/more.py";
        self.write(
            file,
            &format!("{line}\n\n\ndef register(registry):\n    pass\n"),
        );
        self.folder.join(file)
    }
}
