//! Findings as workflow commands of GitHub, which mark lines of files in a pull request.

use super::findings::Examined;
use super::repository::Repository;

/// A command for each finding: `::error file=crew/settings.toml,line=3,title=ade check::there is no setting …`.
pub fn annotations(all: &[Examined], repository: &Repository) -> Vec<String> {
    let mut commands = Vec::new();
    for examined in all {
        for (step, finding) in examined.findings() {
            let file = finding.file.as_deref();
            let file = file.and_then(|file| repository.inside(file));
            let place = file.map(|file| {
                let line = finding.line.unwrap_or(1);
                format!("file={},line={line},", property(&file))
            });
            let title = property(&format!("ade {}", step.title()));
            let text = data(&repository.words(&finding.whole()));
            let (level, place) = (finding.level.word(), place.unwrap_or_default());
            commands.push(format!("::{level} {place}title={title}::{text}"));
        }
    }
    commands
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What stands behind a `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        assert_eq!(data("100% of\r\na:b,c"), "100%25 of%0D%0Aa:b,c");
        assert_eq!(property("a b/x,y:1%.py"), "a b/x%2Cy%3A1%25.py");
    }
}
