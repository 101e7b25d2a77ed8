//! The output of an ended command, in addition to the methods of `assert_cmd`.

use assert_cmd::assert::Assert;
use serde_json::Value;

/// Access to the streams and documents of an ended command.
pub trait Printed {
    /// Returns the exit status; `None` if a signal ended the command.
    fn status(&self) -> Option<i32>;
    /// Returns all of standard output.
    fn printed(&self) -> String;
    /// Returns all of standard error.
    fn said(&self) -> String;
    /// Fails unless standard error contains this.
    fn says(&self, text: &str) -> &Self;
    /// Fails unless standard output contains this.
    fn prints(&self, text: &str) -> &Self;
    /// Fails if standard output contains this.
    fn stdout_lacks(&self, text: &str);
    /// Fails if standard error contains this.
    fn stderr_lacks(&self, text: &str);
    /// Parses standard output as one JSON document.
    fn json(&self) -> Value;
    /// Parses standard output as one JSON object per line.
    fn records(&self) -> Vec<Value>;
    /// Returns the error that `--json` writes to the last line of standard error.
    fn error(&self) -> Value;
    /// Returns the exit status and both streams, for a snapshot.
    fn shown(&self) -> String;
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl Printed for Assert {
    fn status(&self) -> Option<i32> {
        self.get_output().status.code()
    }

    fn printed(&self) -> String {
        text(&self.get_output().stdout)
    }

    fn said(&self) -> String {
        text(&self.get_output().stderr)
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.said().contains(text), "{text:?} is missing:\n{self}");
        self
    }

    #[track_caller]
    fn prints(&self, text: &str) -> &Self {
        assert!(
            self.printed().contains(text),
            "{text:?} is missing:\n{self}"
        );
        self
    }

    #[track_caller]
    fn stdout_lacks(&self, text: &str) {
        assert!(!self.printed().contains(text), "{text:?} is there:\n{self}");
    }

    #[track_caller]
    fn stderr_lacks(&self, text: &str) {
        assert!(!self.said().contains(text), "{text:?} is there:\n{self}");
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.printed()).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }

    #[track_caller]
    fn records(&self) -> Vec<Value> {
        let record = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"))
        };
        self.printed().lines().map(record).collect()
    }

    #[track_caller]
    fn error(&self) -> Value {
        let said = self.said();
        let last = said.lines().last().unwrap_or_default();
        let value: Value =
            serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}:\n{self}"));
        value["error"].clone()
    }

    fn shown(&self) -> String {
        let mut shown = format!("status {}", self.status().expect("a signal ended it"));
        for (name, text) in [("stdout", self.printed()), ("stderr", self.said())] {
            if !text.is_empty() {
                shown += &format!("\n--- {name}\n{}", text.trim_end_matches('\n'));
            }
        }
        shown
    }
}
