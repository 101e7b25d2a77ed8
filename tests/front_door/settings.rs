//! `ade settings`, beyond `tests/cli/settings.md`.

use crate::common;

use common::{Place, Told};

#[test]
fn every_setting_says_what_it_means_in_both_forms() {
    let place = Place::new();
    let mut text = place.ade("settings").succeeds();
    assert_eq!(text.stderr, "");
    let is_plain = |letter: char| letter.is_ascii_lowercase() || "_0123456789".contains(letter);
    for setting in place.json("settings --json").list() {
        let name = setting["name"].text();
        text = text
            .prints(&format!("{name} = "))
            .prints(setting["meaning"].text());
        let key = setting["key"].text();
        assert!(key.chars().all(is_plain), "{name}: {key}");
    }
}
