//! `ade docs`: lists, searches and prints the documentation.

use std::path::Path;

use ade::base::problem::code;
use ade::docs::{self, Section};
use console::truncate_str;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::serving::open_in_browser;
use crate::ui::{Tone, Ui};

/// The maximum width of a section's line: with its indent it fits a terminal of 80 columns.
const MAX_LINE_CHARS: usize = 77;
/// The maximum number of sections in the output.
const MAX_SECTIONS: usize = 8;

/// Search, read or open the documentation
///
/// Words find the sections that contain them. The name of a page or section, such as how-to/ci or 'how-to/ci#on-github', prints
/// it. --open and the links in --json need the built site (.ci/docs builds it in a clone).
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade docs\n  ade docs date_order\n  ade docs retry --open\n  ade docs how-to/ci"
)]
pub struct Args {
    /// Words to find, or the name of a page [default: list the pages]
    term: Vec<String>,
    /// Open the first result in the browser
    #[arg(long)]
    open: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let term = args.term.join(" ");
    let program = std::env::current_exe().ok();
    let site = program.and_then(|program| docs::site(&program));
    if term.is_empty() {
        return match (args.open, &site) {
            (true, site) => open(ui, site.as_deref(), "index.html"),
            (false, site) => list(ui, site.as_deref()),
        };
    }
    let site = site.as_deref();
    let page = docs::page(&term).map(|page| (page.address(), page.json(site), page.text.clone()));
    let named = page.or_else(|| {
        let section = docs::section(&term)?;
        Some((section.address(), section.json(site), section.text()))
    });
    if let Some((address, object, text)) = named {
        if args.open {
            return open(ui, site, &address);
        }
        match ui.json() {
            true => ui.document(&[object]),
            false => ui.raw(docs::plain(&text).as_bytes()),
        }
        return Ok(ExitStatus::Done);
    }
    let found = docs::find(&term);
    let Some(first) = found.first() else {
        let message = format!("no page has the words '{term}'");
        let failure = Failure::usage(code::NOT_FOUND, message);
        return Err(failure.hint("`ade docs` lists the pages"));
    };
    if args.open {
        return open(ui, site, &first.address());
    }
    match ui.json() {
        true => {
            let all = found.iter().map(|section| section.json(site));
            ui.document(&all.collect::<Vec<_>>());
        }
        false => print(ui, (&term, &found), site),
    }
    Ok(ExitStatus::Done)
}

/// Prints the pages, grouped by the parts of the documentation.
fn list(ui: &Ui, site: Option<&Path>) -> Outcome {
    if ui.json() {
        let all = docs::pages().iter().map(|page| page.json(site));
        ui.document(&all.collect::<Vec<_>>());
        return Ok(ExitStatus::Done);
    }
    let names = docs::pages().iter().map(|page| page.name.len());
    let width = names.max().unwrap_or(0);
    for page in docs::pages() {
        let title = ui.paint(Tone::Dim, page.title());
        ui.line(format_args!("{:width$}  {title}", page.name));
    }
    if let Some(site) = site {
        ui.say(docs::link(site, "index.html"));
    }
    ui.say("`ade docs PAGE` prints a page, and `ade docs WORDS` finds sections");
    Ok(ExitStatus::Done)
}

fn print(ui: &Ui, (term, found): (&str, &[Section]), site: Option<&Path>) {
    for section in found.iter().take(MAX_SECTIONS) {
        let heading = match section.heading == section.title {
            true => section.title.clone(),
            false => format!("{}: {}", section.title, section.heading),
        };
        ui.line(ui.paint(Tone::Strong, heading));
        ui.line(format_args!("  {}", section.name()));
        let line = section.first_line(term);
        if !line.is_empty() && line != section.heading {
            let line = truncate_str(&line, MAX_LINE_CHARS, "…");
            ui.line(ui.paint(Tone::Dim, format_args!("  {line}")));
        }
    }
    if found.len() > MAX_SECTIONS {
        let more = found.len() - MAX_SECTIONS;
        ui.say(format_args!("{more} more sections have these words"));
    }
    let first = found.first().map(Section::name).unwrap_or_default();
    let how = match site {
        Some(_) => ", and with --open a browser shows it",
        None => "",
    };
    ui.say(format_args!(
        "`ade docs '{first}'` prints that section{how}"
    ));
}

/// Opens a page of the site in the user's browser, and prints its address.
fn open(ui: &Ui, site: Option<&Path>, page: &str) -> Outcome {
    let Some(site) = site else {
        let failure = Failure::usage(
            code::NOT_FOUND,
            "the documentation site is not installed next to this program",
        );
        return Err(failure.hint("`ade docs WORDS` finds pages, and `ade docs PAGE` prints one"));
    };
    let address = docs::link(site, page);
    if !open_in_browser(address.as_ref()) {
        ui.say("no browser could be opened; this address leads to the page:");
    }
    ui.line(address);
    Ok(ExitStatus::Done)
}
