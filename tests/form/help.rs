//! Rules for help texts. docs/reference/commands.md contains them, and tests/form/generated.rs keeps it current.

#[test]
fn every_help_has_an_example_and_an_imperative_first_line() {
    let page = include_str!("../../docs/reference/commands.md");
    let helps: Vec<(&str, &str)> = page
        .split("\n## ")
        .skip(1)
        .map(|part| part.split_once("\n\n```text\n").unwrap())
        .collect();
    assert!(helps.len() >= 19, "{helps:?}");
    for (command, help) in helps {
        let first = help.lines().next().unwrap();
        assert!(
            first.starts_with(|letter: char| letter.is_ascii_uppercase()),
            "{command}: {first}"
        );
        assert!(!first.ends_with('.'), "{command}: {first}");
        // A command that only groups others leaves the examples to them.
        if command == "ade" || !help.contains(" <COMMAND>\n") {
            let examples = help.split_once("Examples:\n");
            let (_, examples) = examples.unwrap_or_else(|| panic!("{command} has no example"));
            let example = examples.lines().next().unwrap();
            assert!(example.contains("ade"), "{command}: {example}");
        }
    }
}
