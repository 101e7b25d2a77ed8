//! `ade docs --open`; its searches and output are in `tests/cli/docs.md`.

use crate::common;

use std::fs;
use std::process::Command;

use common::{Place, wait_for};

#[test]
fn a_page_of_the_site_is_opened_in_the_browser() {
    let place = Place::new();
    // An installation of its own, with a browser that notes the addresses that it is to open.
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
    assert!(said.contains("is not installed next to"), "{said}");

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
