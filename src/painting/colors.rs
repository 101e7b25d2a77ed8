//! Colours of fonts as RGB, to check whether a text is readable on a fill.

use super::xml::tree::{self, Element};

/// Red, green and blue, from 0 to 255.
pub type Rgb = [u8; 3];

/// The colours of a theme in the order of `theme="…"`: ECMA-376 part 1, 20.1.6.2 lists dark before light, but programs count
/// light before dark.
const THEME: [(&str, &str); 12] = [
    ("lt1", "FFFFFF"),
    ("dk1", "000000"),
    ("lt2", "EEECE1"),
    ("dk2", "1F497D"),
    ("accent1", "4F81BD"),
    ("accent2", "C0504D"),
    ("accent3", "9BBB59"),
    ("accent4", "8064A2"),
    ("accent5", "4BACC6"),
    ("accent6", "F79646"),
    ("hlink", "0000FF"),
    ("folHlink", "800080"),
];

/// The colours that `indexed="…"` counts (ECMA-376 part 1, 18.8.27). The first eight are repeated.
const INDEXED: &str = "000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF\
    000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF\
    800000008000000080808000800080008080C0C0C08080809999FF993366FFFFCCCCFFFF660066FF80800066CCCCCCFF\
    000080FF00FFFFFF0000FFFF8000808000000080800000FF00CCFFCCFFFFCCFFCCFFFF9999CCFFFF99CCCC99FFFFCC99\
    3366FF33CCCC99CC00FFCC00FF9900FF6600666699969696003366339966003300333300993300993366333399333333";

/// Parses `FFCC00`, or the same with two digits of transparency before it.
pub fn rgb(hexadecimal: &str) -> Option<Rgb> {
    let digits = hexadecimal.get(hexadecimal.len().checked_sub(6)?..)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// Returns the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.039_28 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The theme and indexed colours of a workbook.
pub struct Colors {
    theme: Vec<Rgb>,
    indexed: Vec<Rgb>,
}

impl Colors {
    /// Reads the colours of a theme, if there is a readable one, and of the styles' root.
    pub fn new(theme: Option<&str>, styles: &Element<'_>) -> Self {
        let listed = styles
            .child("colors")
            .and_then(|colors| colors.child("indexedColors"));
        let indexed = match listed {
            Some(listed) => {
                let colors = listed.all("rgbColor");
                let values =
                    colors.map(|color| color.tag.value("rgb").and_then(|value| rgb(&value)));
                values.map(Option::unwrap_or_default).collect()
            }
            None => (0..INDEXED.len() / 6)
                .filter_map(|at| rgb(&INDEXED[at * 6..at * 6 + 6]))
                .collect(),
        };
        Self {
            theme: theme_colors(theme.unwrap_or_default()),
            indexed,
        }
    }

    /// Returns the colour of a font from its element `color`. Black if that is missing or automatic.
    pub fn font_color(&self, color: Option<&Element<'_>>) -> Rgb {
        let black = [0; 3];
        let Some(tag) = color
            .map(|color| color.tag)
            .filter(|tag| !tag.is_true("auto"))
        else {
            return black;
        };
        let by_index = |list: &[Rgb], name| list.get(tag.number::<usize>(name)?).copied();
        let plain = tag.value("rgb").and_then(|value| rgb(&value));
        let plain = plain.or_else(|| by_index(&self.theme, "theme"));
        let plain = plain
            .or_else(|| by_index(&self.indexed, "indexed"))
            .unwrap_or(black);
        match tag.number::<f64>("tint") {
            Some(tint) if tint != 0.0 => tinted(plain, tint.clamp(-1.0, 1.0)),
            _ => plain,
        }
    }
}

fn theme_colors(text: &str) -> Vec<Rgb> {
    let root = tree::parse(text).ok();
    let elements = root.as_ref().and_then(|root| root.child("themeElements"));
    let scheme = elements.and_then(|elements| elements.child("clrScheme"));
    let own = |name: &str| {
        let color = scheme?.child(name)?.children.first()?;
        let value = color
            .tag
            .value("lastClr")
            .or_else(|| color.tag.value("val"))?;
        rgb(&value)
    };
    let usual = |color: &str| rgb(color).unwrap_or_default();
    THEME
        .iter()
        .map(|(name, color)| own(name).unwrap_or_else(|| usual(color)))
        .collect()
}

/// Makes a colour lighter or darker by a share (ECMA-376 part 1, 18.8.19). The standard scales the lightness of HLS. Scaling
/// all three parts alike comes close enough to decide what is readable.
fn tinted(color: Rgb, tint: f64) -> Rgb {
    color.map(|part| {
        let part = f64::from(part);
        let new = if tint < 0.0 {
            part * (1.0 + tint)
        } else {
            part + (255.0 - part) * tint
        };
        new.round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_the_fills_is_read_and_white_is_not() {
        let fill = rgb("F9CCC6").unwrap();
        assert!(contrast([0; 3], fill) > 14.0);
        assert!(contrast([255; 3], fill) < 1.6);
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.001);
    }

    #[test]
    fn colors_are_found_by_theme_index_and_tint() {
        let styles = tree::parse("<styleSheet/>").unwrap();
        let colors = Colors::new(None, &styles);
        let of = |xml: &str| colors.font_color(Some(&tree::parse(xml).unwrap()));
        assert_eq!(of("<color theme='0'/>"), [255; 3]);
        assert_eq!(of("<color theme='0' tint='-0.5'/>"), [128; 3]);
        assert_eq!(of("<color theme='1' tint='0.5'/>"), [128; 3]);
        assert_eq!(of("<color indexed='10'/>"), [255, 0, 0]);
        assert_eq!(of("<color indexed='64'/>"), [0; 3]);
        assert_eq!(of("<color rgb='FF336699'/>"), [0x33, 0x66, 0x99]);
        assert_eq!(of("<color auto='1' rgb='FFFFFFFF'/>"), [0; 3]);
        assert_eq!(colors.indexed.len(), 64);
    }
}
