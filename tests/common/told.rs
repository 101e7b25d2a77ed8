//! What a JSON document tells, in a word.

use serde_json::Value;

/// The document is held to be of the kind that is asked for.
pub trait Told {
    /// The items of a list.
    fn list(&self) -> &Vec<Value>;
    /// A text.
    fn text(&self) -> &str;
    /// A text that outlives the document.
    fn string(&self) -> String;
    /// What each item of a list has under this key.
    fn each(&self, key: &str) -> Vec<&Value>;
    /// The texts that each item of a list has under this key.
    fn texts(&self, key: &str) -> Vec<String>;
    /// The first item of a list that has this text under this key.
    fn with(&self, key: &str, text: &str) -> &Value;
}

impl Told for Value {
    #[track_caller]
    fn list(&self) -> &Vec<Value> {
        self.as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }

    #[track_caller]
    fn text(&self) -> &str {
        self.as_str().unwrap_or_else(|| panic!("no text: {self}"))
    }

    #[track_caller]
    fn string(&self) -> String {
        self.text().to_owned()
    }

    #[track_caller]
    fn each(&self, key: &str) -> Vec<&Value> {
        self.list().iter().map(|item| &item[key]).collect()
    }

    #[track_caller]
    fn texts(&self, key: &str) -> Vec<String> {
        self.each(key).into_iter().map(Told::string).collect()
    }

    #[track_caller]
    fn with(&self, key: &str, text: &str) -> &Value {
        let found = self.list().iter().find(|item| item[key] == text);
        found.unwrap_or_else(|| panic!("no {key} is {text:?}: {self}"))
    }
}
