//! Writes a large sheet, for benchmarks that read windows of it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;

/// Writes a workbook of texts, most of them shared, whole numbers, decimals and dates.
pub fn write(path: &Path, rows: u64, columns: u64) {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
    let options = SimpleFileOptions::default().large_file(true);
    for (name, text) in [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Large" sheetId="1" r:id="s"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="s" Type="{OFFICE}/worksheet" Target="sheet.xml"/><Relationship Id="t" Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="u" Type="{OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                r#"<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#
            ),
        ),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.start_file("xl/strings.xml", options).unwrap();
    let mut part = BufWriter::new(&mut archive);
    write!(part, r#"<sst xmlns="{MAIN}">"#).unwrap();
    for number in 0..rows {
        write!(part, "<si><t>Customer number {number}</t></si>").unwrap();
    }
    write!(part, "</sst>").unwrap();
    drop(part);
    archive.start_file("xl/sheet.xml", options).unwrap();
    let mut part = BufWriter::new(&mut archive);
    write!(part, r#"<worksheet xmlns="{MAIN}"><sheetData>"#).unwrap();
    for row in 0..rows {
        write!(part, r#"<row r="{}">"#, row + 1).unwrap();
        for column in 0..columns {
            let letter = char::from(b'A' + column as u8);
            let place = format!("{letter}{}", row + 1);
            let number = (row * 7919 + column * 104_729) % 1_000_003;
            match column % 4 {
                0 => write!(part, r#"<c r="{place}" t="s"><v>{}</v></c>"#, number % rows),
                1 => write!(part, r#"<c r="{place}"><v>{number}</v></c>"#),
                2 => write!(
                    part,
                    r#"<c r="{place}"><v>{}</v></c>"#,
                    number as f64 / 100.0
                ),
                _ => write!(
                    part,
                    r#"<c r="{place}" s="1"><v>{}</v></c>"#,
                    40_000 + number % 5000
                ),
            }
            .unwrap();
        }
        write!(part, "</row>").unwrap();
    }
    write!(part, "</sheetData></worksheet>").unwrap();
    drop(part);
    archive.finish().unwrap();
}
