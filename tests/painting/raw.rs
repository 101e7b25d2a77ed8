//! Workbooks written part by part: what a library would not write, too.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

pub const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
pub const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
pub const STRICT_MAIN: &str = "http://purl.oclc.org/ooxml/spreadsheetml/main";
pub const STRICT_OFFICE: &str = "http://purl.oclc.org/ooxml/officeDocument/relationships";
pub const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
pub const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Formats that most of the workbooks have: 1 is a date, 2 white on black, 3 a border with a colour of the theme.
pub const STYLES: &str = "<numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts>\
    <fonts count=\"3\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
    <font><b/><sz val=\"11\"/><color rgb=\"FFFFFFFF\"/><name val=\"Calibri\"/></font>\
    <font><i/><sz val=\"10\"/><color theme=\"0\" tint=\"-0.15\"/><name val=\"Arial\"/></font></fonts>\
    <fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>\
    <fill><patternFill patternType=\"solid\"><fgColor rgb=\"FF000000\"/></patternFill></fill></fills>\
    <borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border><border><left style=\"thin\"/><right/>\
    <top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"4\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\"><alignment \
    horizontal=\"center\"/><protection locked=\"0\"/></xf>\
    <xf numFmtId=\"9\" fontId=\"2\" fillId=\"0\" borderId=\"1\" xfId=\"0\"/></cellXfs>\
    <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
    <dxfs count=\"2\"><dxf><font><color rgb=\"FF9C0006\"/></font></dxf><dxf><fill><patternFill><bgColor rgb=\"FFFFC7CE\"/>\
    </patternFill></fill></dxf></dxfs>";

/// A sheet as it is written.
pub struct RawSheet {
    pub title: String,
    /// What stands within its root.
    pub body: String,
    /// Further attributes of its entry in the workbook.
    pub state: &'static str,
    /// `worksheet` or `chartsheet`.
    pub kind: &'static str,
    /// Relationships: id, the last word of the type, target.
    pub related: Vec<(&'static str, &'static str, String)>,
}

/// A workbook as it is written.
pub struct Raw {
    pub sheets: Vec<RawSheet>,
    /// Within the workbook: before `sheets`, and behind.
    pub before: String,
    pub behind: String,
    pub book_kind: &'static str,
    /// Of the workbook: id, the last word of the type, target.
    pub related: Vec<(&'static str, &'static str, &'static str)>,
    /// Within the styles; `None`: no such part.
    pub styles: Option<String>,
    /// Other parts.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Types of these: of an extension, or of a part that begins with `/`.
    pub types: Vec<(String, String)>,
    pub main: &'static str,
    pub office: &'static str,
    /// Of all elements of sheets, workbook and styles, with its colon.
    pub prefix: &'static str,
    /// Relationships of the package beside the workbook's, written out.
    pub top: String,
}

impl Raw {
    /// A workbook of worksheets: titles, and what stands within each.
    pub fn new(sheets: &[(&str, &str)]) -> Self {
        let sheet = |(title, body): &(&str, &str)| RawSheet {
            title: (*title).to_owned(),
            body: (*body).to_owned(),
            state: "",
            kind: "worksheet",
            related: Vec::new(),
        };
        Self {
            sheets: sheets.iter().map(sheet).collect(),
            before: String::new(),
            behind: String::new(),
            book_kind: "sheet.main+xml",
            related: Vec::new(),
            styles: Some(STYLES.to_owned()),
            parts: Vec::new(),
            types: Vec::new(),
            main: MAIN,
            office: OFFICE,
            prefix: "",
            top: String::new(),
        }
    }

    /// Adds a part with a type of its own.
    pub fn part(&mut self, name: &str, kind: &str, content: impl Into<Vec<u8>>) {
        self.parts.push((name.to_owned(), content.into()));
        if !kind.is_empty() {
            self.types.push((format!("/{name}"), kind.to_owned()));
        }
    }

    /// Adds a part of spreadsheets that the workbook refers to, by its path below `xl`.
    pub fn of_book(
        &mut self,
        id: &'static str,
        word: &'static str,
        target: &'static str,
        content: impl Into<Vec<u8>>,
    ) {
        self.related.push((id, word, target));
        let name = format!("xl/{target}");
        self.part(&name, &format!("{TYPE}{word}+xml"), content);
    }

    /// Adds the VML that the first sheet refers to.
    pub fn draws(&mut self, drawing: &str) {
        let kind = "application/vnd.openxmlformats-officedocument.vmlDrawing";
        self.types.push(("vml".to_owned(), kind.to_owned()));
        let name = "xl/drawings/vmlDrawing1.vml";
        self.of_sheet(0, "rIdV", "vmlDrawing", name, "", drawing);
    }

    /// Adds a part that a sheet (from 0) refers to.
    pub fn of_sheet(
        &mut self,
        sheet: usize,
        id: &'static str,
        word: &'static str,
        name: &str,
        kind: &str,
        content: &str,
    ) {
        self.sheets[sheet]
            .related
            .push((id, word, format!("/{name}")));
        self.part(name, kind, content);
    }

    /// All parts in order.
    pub fn all_parts(&self) -> Vec<(String, Vec<u8>)> {
        let (main, office, p) = (self.main, self.office, self.prefix);
        let bound = p
            .strip_suffix(':')
            .map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        let root = |name: &str, inner: &str| {
            format!("{DECLARATION}<{p}{name} {bound}=\"{main}\" xmlns:r=\"{office}\">{inner}</{p}{name}>").into_bytes()
        };
        let related = |all: &[(&str, &str, String)]| {
            let each = all.iter().map(|(id, word, target)| {
                let mode = if target.starts_with("http") {
                    " TargetMode=\"External\""
                } else {
                    ""
                };
                format!(
                    "<Relationship Id=\"{id}\" Type=\"{office}/{word}\" Target=\"{target}\"{mode}/>"
                )
            });
            let each: String = each.collect();
            format!("{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">{each}</Relationships>").into_bytes()
        };
        let (mut parts, mut types, mut listed) = (Vec::new(), self.types.clone(), String::new());
        let mut of_book: Vec<(&str, &str, String)> = self
            .related
            .iter()
            .map(|(id, word, target)| (*id, *word, (*target).to_owned()))
            .collect();
        let ids: Vec<String> = (1..=self.sheets.len())
            .map(|number| format!("rId{number}"))
            .collect();
        for ((number, sheet), id) in (1..).zip(&self.sheets).zip(&ids) {
            let name = format!("xl/{}s/sheet{number}.xml", sheet.kind);
            types.push((format!("/{name}"), format!("{TYPE}{}+xml", sheet.kind)));
            of_book.push((id, sheet.kind, format!("{}s/sheet{number}.xml", sheet.kind)));
            listed += &format!(
                "<{p}sheet name=\"{}\" sheetId=\"{}\"{} r:id=\"{id}\"/>",
                sheet.title,
                number * 3,
                sheet.state
            );
            parts.push((name, root(sheet.kind, &sheet.body)));
            if !sheet.related.is_empty() {
                parts.push((
                    format!("xl/{}s/_rels/sheet{number}.xml.rels", sheet.kind),
                    related(&sheet.related),
                ));
            }
        }
        if let Some(styles) = &self.styles {
            let styles = if p.is_empty() {
                styles.clone()
            } else {
                prefixed(styles, p)
            };
            of_book.push(("rIdStyles", "styles", "styles.xml".to_owned()));
            types.push(("/xl/styles.xml".to_owned(), format!("{TYPE}styles+xml")));
            parts.push(("xl/styles.xml".to_owned(), root("styleSheet", &styles)));
        }
        let book = format!(
            "{}<{p}sheets>{listed}</{p}sheets>{}",
            self.before, self.behind
        );
        types.push((
            "/xl/workbook.xml".to_owned(),
            format!("{TYPE}{}", self.book_kind),
        ));
        let mut all = vec![("[Content_Types].xml".to_owned(), content_types(&types))];
        let top = &self.top;
        let top = format!(
            "{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">{top}<Relationship Id=\"rId1\" \
             Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        );
        all.push(("_rels/.rels".to_owned(), top.into_bytes()));
        all.push(("xl/workbook.xml".to_owned(), root("workbook", &book)));
        all.push(("xl/_rels/workbook.xml.rels".to_owned(), related(&of_book)));
        all.extend(parts);
        all.extend(self.parts.iter().cloned());
        all
    }

    /// The archive.
    pub fn bytes(&self) -> Vec<u8> {
        zipped(&self.all_parts())
    }
}

/// The same elements with a prefix.
pub fn prefixed(xml: &str, prefix: &str) -> String {
    let marked = xml.replace("</", "\0");
    marked
        .replace('<', &format!("<{prefix}"))
        .replace('\0', &format!("</{prefix}"))
}

fn content_types(types: &[(String, String)]) -> Vec<u8> {
    let each: String = types
        .iter()
        .map(|(of, kind)| match of.starts_with('/') {
            true => format!("<Override PartName=\"{of}\" ContentType=\"{kind}\"/>"),
            false => format!("<Default Extension=\"{of}\" ContentType=\"{kind}\"/>"),
        })
        .collect();
    format!(
        "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/>{each}</Types>"
    )
    .into_bytes()
}

/// An archive of parts.
pub fn zipped(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
