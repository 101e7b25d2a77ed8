//! `ade report`: a page of what runs found.
//!
//! The runs of a configuration as `ade init` writes it are shared by the checks of a test: each takes an environment.

use crate::common;

use std::collections::BTreeSet;
use std::fmt::Write;

use common::api::Server;
use common::{Place, Told};

/// A roster in which four cells cannot be read.
const CREW: &str = "Crew of week 46,,,,\n\
    Surname,First name,E-mail,Start date,Hours,Shirt\n\
    Lee,Ann,ann@example.org,2024-01-03,12,L\n\
    Ray,Bob,bob at example.org,2024-02-30,9,M\n\
    Moss,Cy,c@example.org,soon,=1x0,S\n";

/// Values that would do something in a page if they were not text there.
const MARKUP: &str = "<script>alert(1)</script>";
const ATTRIBUTE: &str = "\" onmouseover=\"alert(2)";
const STYLE: &str = "</style><img src=https://example.org/x>";
const TURNED: &str = "due \u{202e}gnp.exe\u{2066}";
const CONTROL: &str = "bell\u{7}";
const FORMULA: &str = "=HYPERLINK(\"https://example.org\")";

/// The page of runs.
fn page(place: &Place, line: &str) -> String {
    place
        .ade(&format!("report {line} --html page.html"))
        .succeeds();
    place.read("page.html")
}

/// A roster with these start dates, with names that are all different.
fn roster<'a>(dates: impl Iterator<Item = &'a str>) -> String {
    let mut text = "Surname,First name,E-mail,Start date,Hours\n".to_owned();
    for (index, date) in dates.enumerate() {
        let date = date.replace('"', "\"\"");
        writeln!(text, "Lee,Ann,a{index}@example.org,\"{date}\",9").unwrap();
    }
    text
}

/// Holds a page to what every page is: whole, linked within itself, and without anything that loads or runs.
fn holds_together(page: &str) {
    const VOID: [&str; 4] = ["meta", "br", "col", "input"];
    let body = &page[page.find("</style>").unwrap()..];
    let mut open = Vec::new();
    let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = &body["</style>".len()..];
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if name == "head" {
                continue;
            }
            if name == "body" || name == "html" {
                break;
            }
            assert_eq!(open.pop(), Some(name), "</{name}> closes something else");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        let attribute = |name: &str| {
            let (_, value) = tag.split_once(&format!(" {name}=\""))?;
            value.split('"').next()
        };
        assert!(
            !["script", "img", "link", "iframe", "form", "style"].contains(&name),
            "<{tag}>"
        );
        assert!(
            ["style", "src", "onclick", "onmouseover"]
                .iter()
                .all(|name| attribute(name).is_none()),
            "<{tag}>"
        );
        if let Some(id) = attribute("id") {
            assert!(ids.insert(id.to_owned()), "two places are called {id}");
        }
        if let Some(link) = attribute("href") {
            let place = link.strip_prefix('#');
            links.insert(
                place
                    .unwrap_or_else(|| panic!("{link} leads out"))
                    .to_owned(),
            );
        }
        if !VOID.contains(&name) && !tag.ends_with('/') && name != "body" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    let missing: Vec<_> = links.difference(&ids).collect();
    assert!(missing.is_empty(), "{missing:?} are linked and not there");
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'"));
    assert!(!page.contains("@import") && !page.contains("url("));
}

fn contains(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text} is not in the page:\n{page}");
    }
}

#[test]
fn a_page_shows_what_a_run_found() {
    let place = Place::crew("crew.csv", CREW);
    let whole = page(&place, "latest");
    holds_together(&whole);
    contains(
        &whole,
        &[
            "<h1><bdi>crew.csv</bdi></h1>",
            "<strong>4 issues.</strong>",
            "holds cell values",
            // The list: a link to the cell, the value as it stood, and what became of it.
            "<a class=\"mono\" href=\"#crew-D5\"><bdi>D5</bdi></a>",
            "<td class=\"v\"><bdi>soon</bdi></td>",
            "left empty",
            // The sheet: the cell with its issue, the header, what stands above it, the fields of columns.
            "<td id=\"crew-D5\" class=\"e\"><a href=\"#i-crew-D5\"><span class=\"sr\">error: </span><bdi>soon</bdi></a></td>",
            "<tr class=\"hdr\"><th scope=\"row\">2</th>",
            "above the table",
            "Crew of week 46",
            "<span class=\"to\">→ start_date</span>",
            "<span class=\"to no\">unmapped</span>",
            "Around issues",
            // The other parts.
            "Columns and their fields",
            "Unmapped columns",
            "Shirt",
            "About this run",
        ],
    );
    // No place on this machine is in it.
    let folder = place.path("").display().to_string();
    assert!(!whole.contains(folder.trim_end_matches('/')));

    // The same run gives the same bytes.
    assert_eq!(page(&place, "crew.csv"), whole);

    // In a folder it is named after the input; --json says where it is.
    std::fs::create_dir(place.path("out")).unwrap();
    let told = place.json("report latest --html out --json");
    assert!(place.path("out/crew_report.html").is_file());
    assert_eq!(told["holds_values"], true);

    // Over HTTP it is the same page, with its policy as a header too.
    let server = Server::of(&place);
    let id = place.latest_id();
    let answer = server.get(&format!("/api/v1/runs/{id}/report"));
    assert_eq!((answer.status, answer.body), (200, whole.into_bytes()));
    for (name, begins) in [
        ("content-type", "text/html; charset=utf-8"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ] {
        let found = answer.headers.iter().find(|(known, _)| known == name);
        assert!(found.unwrap().1.starts_with(begins), "{found:?}");
    }
    let without = server.get(&format!("/api/v1/runs/{id}/report?values=false"));
    assert_eq!(
        without.body,
        page(&place, "latest --without-values").into_bytes()
    );

    without_values_it_has_none(&place);
    values_stay_text(&place);
    large_files_are_bounded(&place);
    several_runs_are_one_page(&place);
    without_its_input_it_has_no_sheets(&place);
}

fn without_values_it_has_none(place: &Place) {
    let fields = "crew/src/ade_config/columns/fields.py";
    let package = place.read(place.path(fields));
    let quoting = package.replacen(
        "    return range(field_name, least=0, most=80)",
        "    import polars as pl\n    return pl.format(\"{} hours\", pl.col(field_name))",
        1,
    );
    assert_ne!(quoting, package);
    place.write(fields, &quoting);
    place.write("told.csv", "Surname,First name,Hours\nLee,Ann,71.25\n");
    place.ade("run crew told.csv -q").succeeds();
    assert!(page(place, "told.csv").contains("71.25 hours"));
    let page_without = page(place, "told.csv --without-values");
    assert!(!page_without.contains("71.25") && page_without.contains("hours.up_to_80"));
    place.write(fields, &package);
    let page = page(place, "crew.csv --without-values");
    holds_together(&page);
    contains(
        &page,
        &[
            "<bdi>D5</bdi>",
            "without cell values",
            "start_date.value_lost",
            "Shirt",
        ],
    );
    for value in [
        "soon",
        "bob at example.org",
        "Crew of week 46",
        "=1x0",
        "Moss",
    ] {
        assert!(!page.contains(value), "{value}");
    }
}

fn values_stay_text(place: &Place) {
    let long = "z".repeat(30_000);
    let values = [MARKUP, ATTRIBUTE, STYLE, TURNED, CONTROL, FORMULA, &long];
    place.write(
        "<b>hostile'.csv",
        roster(values.into_iter().chain(["2024-01-03"; 9])),
    );
    place
        .ade_with(["run", "crew", "<b>hostile'.csv", "-q"])
        .succeeds();
    let page = page(place, "latest");
    holds_together(&page);
    contains(
        &page,
        &[
            "&lt;b&gt;hostile'.csv",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "&quot; onmouseover=&quot;alert(2)",
            "&lt;/style&gt;&lt;img src=https://example.org/x&gt;",
            "due [U+202E]gnp.exe[U+2066]",
            "bell[U+0007]",
            "=HYPERLINK(&quot;https://example.org&quot;)",
            "(30,000 characters)",
        ],
    );
    assert!(!page.contains(&"z".repeat(501)) && page.contains(&"z".repeat(500)));
    assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{7}']));
}

fn large_files_are_bounded(place: &Place) {
    // A value that is often there, and others that are there once each.
    let wrong: Vec<String> = (0..400).map(|index| format!("later {index}")).collect();
    let dates = (0..3000).map(|index| match index {
        _ if index % 10 == 0 => "tomorrow",
        _ if index >= 2600 => wrong[index - 2600].as_str(),
        _ => "2024-01-03",
    });
    place.write("large.csv", roster(dates));
    place.ade("run crew large.csv -q").succeeds();
    let page = page(place, "latest");
    holds_together(&page);
    contains(
        &page,
        &[
            // 300 cells are one line; 199 of the 360 others are shown beside it.
            "300 cells hold the same: <bdi>D2, D12, D22",
            "… <bdi>D2992</bdi>",
            "and 161 more, in <code>large_issues.ndjson</code>",
            "more cells hold tomorrow",
        ],
    );
    assert_eq!(
        page.matches("<bdi>later ").count(),
        page.matches("<td class=\"v\"><bdi>later ").count() + grid_cells(&page)
    );
    assert!(page.len() < 2_000_000, "{}", page.len());
    let rows = page.matches("<tr class=\"\"><th scope=\"row\">").count();
    assert!(rows <= 300, "{rows} rows");
}

/// The cells with issues in the grids of a page.
fn grid_cells(page: &str) -> usize {
    page.matches("<span class=\"sr\">error: </span><bdi>later ")
        .count()
}

fn several_runs_are_one_page(place: &Place) {
    place.write("clean.csv", roster(["2024-01-03"; 3].into_iter()));
    place.ade("run crew clean.csv -q").succeeds();
    place.write("minutes.csv", "Said by,What\nAnn,we go\nBob,we stay\n");
    place.ade("run crew minutes.csv -q").succeeds();
    place.write("broken.xlsx", "no workbook");
    place.ade("run crew broken.xlsx -q").ends_with(1);
    let page = page(
        place,
        "clean.csv crew.csv minutes.csv broken.xlsx large.csv crew.csv",
    );
    holds_together(&page);
    contains(
        &page,
        &[
            "<h1>5 files, crew</h1>",
            "The same issue across files",
            "Headers that no field claims",
            "About this batch",
            "Not found: member_id, phone, employer, pay</span>",
            "Not found: employer in 3 files, member_id in 3 files, pay in 3 files, phone in 3 files.",
        ],
    );
    // The worst come first, and a file without issues is its line alone.
    let order = [
        "broken.xlsx",
        "minutes.csv",
        "large.csv",
        "crew.csv",
        "clean.csv",
    ];
    let table = &page[page.find("id=\"files\"").unwrap()..];
    let found: Vec<usize> = order.iter().map(|name| table.find(name).unwrap()).collect();
    assert!(found.is_sorted(), "{found:?}");
    assert!(!page.contains("<h2 id=\"h-f1-file\">"));
    assert!(page.contains("id=\"i-f2-crew-D5\"") && page.contains("href=\"#f2-crew-D5\""));
}

fn without_its_input_it_has_no_sheets(place: &Place) {
    let run = place.json("runs show crew.csv --json");
    let folder = run["run_dir"].text();
    std::fs::remove_file(format!("{folder}/input/crew.csv")).unwrap();
    let page = page(place, "crew.csv");
    holds_together(&page);
    contains(
        &page,
        &[
            "crew.csv is not there any more as the run read it",
            "<bdi>soon</bdi>",
        ],
    );
    assert!(!page.contains("Somebody else") && !page.contains("class=\"sheet\""));
}

#[test]
fn a_run_without_a_list_says_so() {
    let place = Place::ready();
    place.ade("run config people.csv -q").succeeds();
    let page = page(&place, "latest");
    holds_together(&page);
    contains(&page, &["issue_list = true"]);
    place.ade_fails("report nothing --html page.html", 2, "run_not_found");
    // A sender's file is not written over, and a file that nobody has read is not said to be clean.
    place.ade_refuses(
        "report latest --html people.csv",
        "name a page, such as crew.html",
    );
    place
        .ade("run config people.csv -q --validate-only")
        .succeeds();
    place.ade_fails("report latest --html page.html", 2, "no_issue_list");
    place.ade_fails(
        "report latest --html no/such/folder/page.html",
        2,
        "output_unwritable",
    );
}
