//! `workbook.xml` (ECMA-376 part 1, 18.2.27): the sheets of a workbook, with the list put before them.
//!
//! References to sheets by position grow by one: `localSheetId` of defined names. References by `sheetId` or title stay.

use super::refusal::{PartContext, Trouble};
use super::xml::scan::with_attribute;
use super::xml::text::{attribute, plain};
use super::xml::tree::{self, Element};
use super::xml::{Edit, apply};

/// A hidden defined name by which the list is recognized when a painted copy is painted again.
const OWN_NAME: &str = "_ade_issues";

/// The namespaces of workbooks, transitional and strict (ECMA-376 parts 4 and 1).
const MAIN: [&str; 2] = [
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
];
const OFFICE: [&str; 2] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
];

/// A sheet of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetEntry {
    /// The title of the sheet.
    pub name: String,
    /// The id of its relationship.
    pub relation: String,
    /// Whether the sheet is hidden.
    pub is_hidden: bool,
}

/// The part of a workbook.
pub struct Book {
    /// The name of the part.
    pub part: String,
    text: String,
    /// All sheets in order.
    pub sheets: Vec<SheetEntry>,
    /// The position of our list, if the workbook was painted before.
    pub own: Option<usize>,
    /// The number of windows that it opens.
    pub windows: usize,
    is_strict: bool,
    largest_id: u32,
}

/// The sheet with the list of issues.
pub struct ListPlace {
    /// The part of the sheet.
    pub part: String,
    /// The title of the sheet.
    pub name: String,
    /// The id of its relationship. `None` if the sheet existed before.
    pub relation: Option<String>,
}

impl Book {
    /// Parses the text of the part.
    pub fn parse(text: String, part: &str) -> Result<Self, Trouble> {
        let root = tree::parse(&text).in_part(part)?;
        let sheets = root
            .child("sheets")
            .ok_or_else(|| Trouble::part(part, "lists no sheets"))?;
        let mut largest_id = 0;
        let mut entries = Vec::new();
        for sheet in sheets.all("sheet") {
            largest_id = largest_id.max(sheet.tag.number("sheetId").unwrap_or(0));
            let state = sheet.tag.value("state").unwrap_or_default();
            entries.push(SheetEntry {
                name: sheet.tag.value("name").unwrap_or_default().into_owned(),
                relation: sheet
                    .tag
                    .prefixed_value("id")
                    .unwrap_or_default()
                    .into_owned(),
                is_hidden: state == "hidden" || state == "veryHidden",
            });
        }
        let own =
            names(&root).find(|name| name.tag.value("name").is_some_and(|name| name == OWN_NAME));
        let own = own.and_then(|name| name.tag.number("localSheetId"));
        let windows = root
            .child("bookViews")
            .map_or(1, |views| views.all("workbookView").count());
        let is_strict = root
            .namespace()
            .is_some_and(|namespace| namespace == MAIN[1]);
        Ok(Self {
            part: part.to_owned(),
            own: own.filter(|own| *own < entries.len()),
            sheets: entries,
            windows: windows.max(1),
            is_strict,
            largest_id,
            text,
        })
    }

    /// Returns the namespace of the workbook's parts.
    pub fn main_namespace(&self) -> &'static str {
        MAIN[usize::from(self.is_strict)]
    }

    /// Returns the namespace of references to relationships, which is also the beginning of their types.
    pub fn office_namespace(&self) -> &'static str {
        OFFICE[usize::from(self.is_strict)]
    }

    /// Returns a title that no sheet has, in any case.
    pub fn free_title(&self, wanted: &str) -> String {
        let is_free = |title: &str| {
            let title = title.to_lowercase();
            self.sheets
                .iter()
                .all(|sheet| sheet.name.to_lowercase() != title)
        };
        let numbered = (2..).map(|number: usize| format!("{wanted} {number}"));
        let mut titles = std::iter::once(wanted.to_owned()).chain(numbered);
        titles.find(|title| is_free(title)).unwrap_or_default()
    }

    /// Returns the part with the list before all sheets; the workbook then opens with the list. `area`: the area of header and
    /// lines, such as `$A$4:$I$9`; `header`: the row of the header.
    pub fn with_list(&self, list: &ListPlace, area: &str, header: u64) -> Result<String, Trouble> {
        let root = tree::parse(&self.text).in_part(&self.part)?;
        let p = root.tag.prefix();
        let mut edits = Vec::new();
        let sheets = root
            .child("sheets")
            .ok_or_else(|| Trouble::part(&self.part, "lists no sheets"))?;
        if let Some(relation) = &list.relation {
            let office = self.office_namespace();
            let reference = match root.prefix_of(office) {
                Some(prefix) => format!("{prefix}id=\"{relation}\""),
                None => format!("xmlns:r=\"{office}\" r:id=\"{relation}\""),
            };
            let (name, id) = (attribute(&list.name), self.largest_id.saturating_add(1));
            let new = format!("<{p}sheet name=\"{name}\" sheetId=\"{id}\" {reference}/>");
            edits.push(match sheets.children.first() {
                Some(first) => Edit::insert(first.tag.start, new),
                None => sheets.append(&new),
            });
        }
        self.edit_names(&root, &list.name, area, header, &mut edits);
        for view in root
            .child("bookViews")
            .iter()
            .flat_map(|views| views.all("workbookView"))
        {
            let mut tag = view.tag.text.to_owned();
            for name in ["activeTab", "firstSheet"] {
                tag = with_attribute(&tag, name, None);
            }
            edits.push(Edit::replace(view.tag.start..view.tag.end, tag));
        }
        apply(&self.text, edits).in_part(&self.part)
    }

    /// Adds the names of the list, and renumbers those of other sheets.
    fn edit_names(
        &self,
        root: &Element<'_>,
        list: &str,
        area: &str,
        header: u64,
        edits: &mut Vec<Edit>,
    ) {
        let p = root.tag.prefix();
        let own = self.own.unwrap_or(0);
        let title = plain(&quoted(list));
        let new: String = [
            ("_xlnm._FilterDatabase", format!("{title}!{area}"), " hidden=\"1\""),
            ("_xlnm.Print_Titles", format!("{title}!${header}:${header}"), ""),
            (OWN_NAME, format!("{title}!{area}"), " hidden=\"1\""),
        ]
        .map(|(name, means, hidden)| {
            format!("<{p}definedName name=\"{name}\" localSheetId=\"{own}\"{hidden}>{means}</{p}definedName>")
        })
        .concat();
        if self.own.is_some() {
            let of_list = names(root).filter(|name| name.tag.number("localSheetId") == self.own);
            for (index, name) in of_list.enumerate() {
                let text = if index == 0 { new.as_str() } else { "" };
                edits.push(Edit::replace(name.span(), text));
            }
            return;
        }
        for name in names(root) {
            if let Some(position) = name.tag.number::<usize>("localSheetId") {
                edits.push(name.set(
                    "localSheetId",
                    Some(&position.saturating_add(1).to_string()),
                ));
            }
        }
        match root.child("definedNames") {
            Some(all) => edits.push(all.append(&new)),
            None => {
                // These elements come first, in this order (CT_Workbook).
                let before = ["sheets", "functionGroups", "externalReferences"];
                let last = root
                    .children
                    .iter()
                    .rfind(|child| before.contains(&child.local()));
                let at = last.map_or(root.inner_end, |last| last.end);
                edits.push(Edit::insert(
                    at,
                    format!("<{p}definedNames>{new}</{p}definedNames>"),
                ));
            }
        }
    }
}

fn names<'s, 'a>(root: &'s Element<'a>) -> impl Iterator<Item = &'s Element<'a>> {
    let all = root.child("definedNames").into_iter();
    all.flat_map(|all| all.all("definedName"))
}

/// Quotes a title for a reference.
pub fn quoted(title: &str) -> String {
    format!("'{}'", title.replace('\'', "''"))
}

/// Returns `docProps/app.xml` with one more title. `None` if it does not list all sheets: some programs leave out hidden ones.
pub fn properties_with(text: &str, title: &str, worksheets: usize) -> Option<String> {
    let root = tree::parse(text).ok()?;
    let pairs = root.child("HeadingPairs")?.child("vector")?;
    let count = pairs
        .all("variant")
        .find_map(|variant| variant.child("i4"))?;
    if count.words(text).trim().parse() != Ok(worksheets) {
        return None;
    }
    let titles = root.child("TitlesOfParts")?.child("vector")?;
    let size: usize = titles.tag.number("size")?;
    let first = titles.child("lpstr")?;
    let p = first.tag.prefix();
    let edits = vec![
        Edit::replace(count.tag.end..count.inner_end, (worksheets + 1).to_string()),
        titles.set("size", Some(&size.saturating_add(1).to_string())),
        Edit::insert(
            first.tag.start,
            format!("<{p}lpstr>{}</{p}lpstr>", plain(title)),
        ),
    ];
    apply(text, edits).ok()
}
