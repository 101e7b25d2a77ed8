//! What a command that has ended printed, beside what `assert_cmd` asks of it.

use assert_cmd::assert::Assert;
use serde_json::Value;

/// Texts and documents of an ended command.
pub trait Printed {
    /// The exit status; of a command that a signal ended there is none.
    fn status(&self) -> Option<i32>;
    /// Standard output.
    fn printed(&self) -> String;
    /// Standard error.
    fn said(&self) -> String;
    /// Standard error contains this.
    fn says(&self, text: &str) -> &Self;
    /// Standard output contains this.
    fn prints(&self, text: &str) -> &Self;
    /// Standard output does not contain this.
    fn stdout_lacks(&self, text: &str);
    /// Standard error does not contain this.
    fn stderr_lacks(&self, text: &str);
    /// Standard output as one JSON document.
    fn json(&self) -> Value;
    /// Standard output as one JSON object a line.
    fn records(&self) -> Vec<Value>;
    /// The error that `--json` puts on standard error's last line.
    fn error(&self) -> Value;
    /// The exit status and both streams, for a snapshot.
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
