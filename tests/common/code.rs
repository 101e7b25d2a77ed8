//! Code that a test writes into a configuration.

use std::path::PathBuf;

use super::place::Configuration;

impl Configuration {
    /// Writes a hook, such as `fail(table)`, that is called at this stage, with this body. Returns its file.
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

    /// Writes a module of columns that registers nothing, and executes this line when it is loaded. Returns its file.
    pub fn module(&self, line: &str) -> PathBuf {
        let file = "src/ade_config/columns/more.py";
        self.write(
            file,
            &format!("{line}\n\n\ndef register(registry):\n    pass\n"),
        );
        self.folder.join(file)
    }
}
