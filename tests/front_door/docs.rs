//! `ade docs`: pages are found, printed and opened without a network.

use crate::common;

use std::fs;
use std::process::Command;

use common::{Place, wait_for};

#[test]
fn words_find_sections_and_a_name_prints_its_page() {
    let place = Place::new();
    place.ade_prints("docs", "reference/errors");
    // Ten questions, and the page that answers each: among the first three.
    for (words, page) in [
        ("a column was not found", "how-to/column-not-found"),
        ("dates wrong", "how-to/dates-and-numbers"),
        ("what may my code read", "explanation/confinement"),
        ("disk is full", "how-to/disk-full"),
        ("retry a run", "reference/commands"),
        ("two tables on one sheet", "how-to/two-tables"),
        ("upgrade", "how-to/upgrade"),
        ("issues back to the sender", "how-to/issues-to-the-sender"),
        ("what spends an attempt", "explanation/queue"),
        ("date_order", "how-to/dates-and-numbers"),
        ("hidden sheets", "how-to/column-not-found"),
        ("password protected file", "reference/errors"),
    ] {
        let named = ade::docs::page(words).map(|page| page.name.as_str());
        let sections = ade::docs::find(words).into_iter().take(3);
        let found = sections.map(|section| section.page);
        let found: Vec<&str> = named.into_iter().chain(found).collect();
        assert!(found.contains(&page), "{words}: {found:?}");
    }
    let found = place.json("docs disk is full --json");
    assert_eq!(found[0]["page"], ade::docs::find("disk is full")[0].page);
    let page = place.ade("docs errors").succeeds().stdout;
    assert!(page.starts_with("# Errors\n"), "{page}");
    let said = place.ade("docs a column was not found").succeeds().stdout;
    let name = said
        .lines()
        .find_map(|line| line.strip_prefix("  ").filter(|name| name.contains('#')));
    let section = place.ade(&format!("docs {}", name.unwrap())).succeeds();
    assert!(section.stdout.starts_with("## "), "{section}");
    // Below each section stands the line that has most of the words.
    place.ade_prints(
        "docs input_error",
        "  input_error · the workbook cannot be opened",
    );
    place.ade_refuses("docs qqqzzz", "no page has the words 'qqqzzz'");
}

#[test]
fn a_page_of_the_site_is_opened_in_the_browser() {
    let place = Place::new();
    // An installation of its own, with a browser that notes what it is to open.
    let program = place.path("tool/bin/ade");
    fs::create_dir_all(place.path("tool/bin")).unwrap();
    fs::hard_link(env!("CARGO_BIN_EXE_ade"), &program)
        .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_ade"), &program).map(|_| ()))
        .unwrap();
    let opened = place.path("opened");
    let browser = format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display());
    place.write_program("bin/xdg-open", &browser);
    let open = || {
        Command::new(&program)
            .args(["docs", "errors", "--open"])
            .env_clear()
            .env("HOME", place.path("home"))
            .env("PATH", place.path("bin"))
            .output()
            .unwrap()
    };

    let refused = open();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("does not lie beside"), "{said}");

    // With the site beside the program.
    let site = place.path("tool/share/doc/ade");
    place.write(site.join("index.html"), "");
    let done = open();
    assert!(done.status.success(), "{done:?}");
    let address = format!("file://{}/reference/errors.html", site.display());
    assert_eq!(String::from_utf8(done.stdout).unwrap().trim_end(), address);
    wait_for("the browser is called", || {
        fs::read_to_string(&opened).is_ok_and(|text| text.trim_end() == address)
    });
}
