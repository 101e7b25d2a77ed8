//! Looks at an outcome that is looked at further.

use super::place::Outcome;

impl Outcome {
    /// Standard output contains this.
    #[track_caller]
    pub fn stdout_has(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text:?} is missing:\n{self}");
    }

    /// Standard output does not contain this.
    #[track_caller]
    pub fn stdout_lacks(&self, text: &str) {
        assert!(!self.stdout.contains(text), "{text:?} is there:\n{self}");
    }

    /// Standard error contains this.
    #[track_caller]
    pub fn stderr_has(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is missing:\n{self}");
    }

    /// Standard error does not contain this.
    #[track_caller]
    pub fn stderr_lacks(&self, text: &str) {
        assert!(!self.stderr.contains(text), "{text:?} is there:\n{self}");
    }
}
