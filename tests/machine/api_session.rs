//! A real client of the API: curl, as in docs/reference/api.md. .ci/clients tries the clients that are made from its description.

use crate::common;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::trials::{Missing, Tried, trials};
use common::{Place, Printed, Server};

trials!(the_session_of_the_documentation_works_as_it_is_written);

fn the_session_of_the_documentation_works_as_it_is_written() -> Tried {
    let curl = Command::new("curl").arg("--version").output();
    if !curl.is_ok_and(|curl| curl.status.success()) {
        return Err(Missing("curl is not here".to_owned()));
    }
    let document = include_str!("../../docs/reference/api.md");
    let (_, chapter) = document.split_once("## From upload to download").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let blocks = chapter.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let blocks: Vec<&str> = blocks.collect();
    assert_eq!(blocks[0], "ade init crew\nade dev\n");
    let mut place = Place::new();
    place.hurry();
    place.ade("init crew").success();
    symlink(env!("CARGO_BIN_EXE_ade"), place.path("ade")).unwrap();
    let path = place.variables()[std::ffi::OsStr::new("PATH")].clone();
    let folders = std::env::split_paths(&path).collect::<Vec<_>>();
    let folders: Vec<&Path> = folders.iter().map(AsRef::as_ref).collect();
    place.set_path(&[&[place.path("").as_path()], &folders[..]].concat());
    place.set("NO_PROXY", "127.0.0.1");
    let server = Server::dev(&place, "");
    // The port is the only thing that differs.
    let script = blocks[1..].concat();
    let here = script.replace("127.0.0.1:8000", &server.address);
    assert_ne!(here, script);
    let typed = place.shell(&format!("set -eu\n{here}")).success();
    let typed = typed.prints("event: run.complete\n").printed();
    assert!(typed.ends_with("succeeded\n"), "{typed}");
    let cells = place.cells("sample_normalized.xlsx");
    assert!(cells.to_string().contains("First name"), "{cells}");
    Ok(())
}
