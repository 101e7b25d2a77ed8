//! The Python class for the issues of a run.

use std::fs::File;
use std::io::{BufWriter, Write};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::output::ListSheet;
use ade_engine_native::write::issue_list::{Fact, IssueList as Issues, KEYS, Line, NUMBERS, Texts};

/// The issues of a run: see [`Issues`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct IssueList {
    issues: Issues,
}

#[pymethods]
impl IssueList {
    /// Takes the issues of each table, and of none, with the rows of the table, whether what was written still stands there, and the title of
    /// its sheet where that has changed. An issue has the keys of a line as attributes.
    #[new]
    fn new(
        py: Python<'_>,
        tables: Vec<(Bound<'_, PyList>, usize, bool, Option<String>)>,
    ) -> PyResult<Self> {
        let keys = KEYS.map(|key| PyString::intern(py, key));
        let mut texts = Texts::default();
        let mut lines = Vec::new();
        let mut heights = Vec::new();
        for (table, (issues, height, stands, title)) in tables.into_iter().enumerate() {
            heights.push(height);
            let title = title.map(|title| texts.keep(&title));
            for issue in issues {
                let mut facts = [Fact::None; KEYS.len()];
                for ((fact, name), key) in facts.iter_mut().zip(KEYS).zip(&keys) {
                    let value = issue.getattr(key)?;
                    *fact = if value.is_none() {
                        Fact::None
                    } else if NUMBERS.contains(&name) {
                        Fact::Number(value.extract()?)
                    } else {
                        texts.keep(&value.cast::<PyString>()?.to_string_lossy())
                    };
                }
                let mut line = Line(facts, table);
                match title {
                    _ if !stands => line.move_to(Fact::None),
                    Some(title) => line.move_to(title),
                    None => {}
                }
                lines.push(line);
            }
        }
        let issues = Issues::new(texts, lines, heights);
        Ok(Self { issues })
    }

    fn __len__(&self) -> usize {
        self.issues.lines.len()
    }

    /// How many there are of a severity.
    fn count_of(&self, severity: &str) -> usize {
        self.issues.count_of(severity)
    }

    /// Writes the first `most` lines to a file.
    fn write(&self, py: Python<'_>, path: &str, most: usize) -> PyResult<()> {
        py.detach(|| {
            let mut file = BufWriter::new(File::create(path)?);
            self.issues.write(most, &mut file)?;
            file.flush()
        })?;
        Ok(())
    }

    /// The lines with all their keys.
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let record = |line: &Line| {
            let record = PyDict::new(py);
            for (key, fact) in KEYS.iter().zip(line.0) {
                match fact {
                    Fact::Number(number) => record.set_item(key, number)?,
                    fact => record.set_item(key, self.issues.texts.text(fact))?,
                }
            }
            Ok(record)
        };
        self.issues.lines.iter().map(record).collect()
    }

    /// The sheet of its first `most` lines.
    fn sheet(&self, py: Python<'_>, title: &str, counts: &str, most: usize) -> ListSheet {
        let list = py.detach(|| self.issues.sheet(title, counts, most));
        ListSheet { list }
    }

    /// For each rule on a sheet how many there are, and where: see [`Issues::told`].
    fn told<'py>(
        &self,
        py: Python<'py>,
        unnamed: Vec<String>,
        fields: Vec<String>,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let mut all = Vec::new();
        for told in py.detach(|| self.issues.told(&unnamed, &fields)) {
            let facts = PyDict::new(py);
            facts.set_item("rule", told.rule)?;
            facts.set_item("field", told.field)?;
            facts.set_item("severity", told.severity)?;
            facts.set_item("sheet", told.sheet)?;
            facts.set_item("count", told.count)?;
            facts.set_item("cells", told.cells)?;
            facts.set_item("more", told.more)?;
            all.push(facts);
        }
        Ok(all)
    }
}
