//! Writes small workbooks part by part, so that tests do not depend on a writer.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

/// A sheet of text cells: its title and its rows.
pub type Sheet<'a> = (&'a str, &'a [&'a [&'a str]]);

/// Returns the bytes of an .xlsx workbook.
pub fn workbook(sheets: &[Sheet<'_>]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: String| {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    };
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let each = |write: &dyn Fn(usize, &Sheet<'_>) -> String| -> String {
        sheets
            .iter()
            .enumerate()
            .map(|(index, sheet)| write(index + 1, sheet))
            .collect()
    };
    let overrides = each(&|number, _| {
        format!(
            r#"<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{TYPE}.worksheet+xml"/>"#
        )
    });
    part(
        "[Content_Types].xml",
        format!(
            r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>{overrides}</Types>"#
        ),
    );
    part(
        "_rels/.rels",
        format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    );
    let listed = each(&|number, (title, _)| {
        format!(r#"<sheet name="{title}" sheetId="{number}" r:id="rId{number}"/>"#)
    });
    part(
        "xl/workbook.xml",
        format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>"#
        ),
    );
    let related = each(&|number, _| {
        format!(
            r#"<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        )
    });
    part(
        "xl/_rels/workbook.xml.rels",
        format!(r#"<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>"#),
    );
    for (index, (_, rows)) in sheets.iter().enumerate() {
        let mut text = String::new();
        for (row, cells) in rows.iter().enumerate() {
            text.push_str(&format!(r#"<row r="{}">"#, row + 1));
            for (column, cell) in cells.iter().enumerate() {
                let letter = char::from(b'A' + u8::try_from(column).unwrap());
                text.push_str(&format!(
                    r#"<c r="{letter}{}" t="inlineStr"><is><t>{cell}</t></is></c>"#,
                    row + 1
                ));
            }
            text.push_str("</row>");
        }
        part(
            &format!("xl/worksheets/sheet{}.xml", index + 1),
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{text}</sheetData></worksheet>"#),
        );
    }
    archive.finish().unwrap().into_inner()
}

/// Returns a workbook with one sheet.
pub fn sheet(title: &str, rows: &[&[&str]]) -> Vec<u8> {
    workbook(&[(title, rows)])
}

/// Returns a workbook with a password: a compound file around an encrypted package.
pub fn encrypted_workbook() -> Vec<u8> {
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for name in ["/EncryptionInfo", "/EncryptedPackage"] {
        let mut stream = compound.create_stream(name).unwrap();
        stream.write_all(&[7; 512]).unwrap();
    }
    compound.flush().unwrap();
    compound.into_inner().into_inner()
}
