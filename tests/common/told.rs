//! Short accessors for values in a JSON document.

use serde_json::Value;

/// Accessors that fail unless the value has the requested type.
pub trait Told {
    /// Returns the items of a list.
    fn list(&self) -> &Vec<Value>;
    /// Returns the value as text.
    fn text(&self) -> &str;
    /// Returns a text that outlives the document.
    fn string(&self) -> String;
    /// Returns the value under this key in each item of a list.
    fn each(&self, key: &str) -> Vec<&Value>;
    /// Returns the text under this key in each item of a list.
    fn texts(&self, key: &str) -> Vec<String>;
    /// Returns the first item of a list that has this text under this key.
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
