//! The Python classes for what a run tells in lists: its issues, and sheets of the engine's own.

use std::fs::File;
use std::io::{BufWriter, Write};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::fields::arrow;
use super::output::Look;
use super::source::ArrowColumn;
use crate::fields::column::built;
use crate::write::issue_list::{Fact, IssueList as Issues, KEYS, Line, Texts};
use crate::write::list_sheet::{COUNTS_LOOK, HEADER_LOOK, List, Role, TITLE_LOOK};

/// A sheet that is a list of what is told of a workbook: see [`List`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct ListSheet {
    pub(super) list: List,
}

#[pymethods]
impl ListSheet {
    /// `columns`: their names, roles and texts, of each as many. A role is 0 for text, 1 for long text, 2 for links, 3 for severities, 4
    /// for what was written and 5 for what few need. `places`: where the links lead, line by line; nothing where there are none.
    #[new]
    #[pyo3(signature = (title, counts, columns, places=Vec::new()))]
    fn new(
        title: &str,
        counts: &str,
        columns: Vec<(String, u8, Vec<Option<String>>)>,
        places: Vec<Option<String>>,
    ) -> PyResult<Self> {
        const ROLES: [Role; 6] = [
            Role::Text,
            Role::Wrapped,
            Role::Link,
            Role::Severity,
            Role::Written,
            Role::Quiet,
        ];
        let mut heads = Vec::new();
        for (name, role, texts) in &columns {
            match ROLES.get(usize::from(*role)) {
                Some(role) if texts.len() == columns[0].2.len() => {
                    heads.push((name.clone(), *role))
                }
                _ => {
                    return Err(PyTypeError::new_err(
                        "columns have a role and as many texts each",
                    ));
                }
            }
        }
        let mut list = List::new(title, counts, heads);
        for (number, (_, _, texts)) in columns.iter().enumerate() {
            texts
                .iter()
                .for_each(|text| list.push(number, text.as_deref()));
        }
        for (line, place) in places.into_iter().enumerate() {
            if let Some(place) = place {
                list.link(line, place);
            }
        }
        Ok(Self { list })
    }

    fn __len__(&self) -> usize {
        self.list.lines()
    }

    /// The title, and the line below it.
    #[getter]
    fn above(&self) -> (&str, &str) {
        self.list.above()
    }

    /// The width of each column, in characters.
    #[getter]
    fn widths(&self) -> Vec<f64> {
        self.list.widths()
    }

    /// The cells that are links, and where they lead.
    #[getter]
    fn links(&self) -> Vec<(String, String)> {
        self.list.links()
    }

    /// The columns, without nulls.
    fn columns(&self) -> Vec<ArrowColumn> {
        let column = |(number, name)| {
            let mut made = built::Texts::new(self.list.lines());
            self.list
                .texts(number)
                .for_each(|text| made.push(Some(text)));
            arrow(name, made.column())
        };
        self.list.names().enumerate().map(column).collect()
    }

    /// All looks that occur. The first one is that of a plain cell.
    #[getter]
    fn looks(&self) -> Vec<Look> {
        self.list.looks().iter().map(Look::from).collect()
    }

    /// The looks of the title, of the line below it and of each header, as places in the looks.
    #[getter]
    fn own_looks(&self) -> (usize, usize, usize) {
        (TITLE_LOOK, COUNTS_LOOK, HEADER_LOOK)
    }

    /// The style of each cell of a column, four bytes in the machine's order: what `numbers` has for its look.
    fn cell_styles<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        numbers: Vec<u32>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        if column >= self.list.width() || numbers.len() < self.list.looks().len() {
            return Err(PyTypeError::new_err("the list has no such column or look"));
        }
        let styles = py.detach(|| self.list.cell_styles(column, &numbers));
        Ok(PyBytes::new(py, &styles))
    }
}

/// The issues of a run: see [`Issues`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct IssueList {
    issues: Issues,
}

#[pymethods]
impl IssueList {
    /// Takes the issues of each table, and of none, with whether what was written still stands there, and the title of its sheet where
    /// that has changed. An issue has the keys of a line as attributes.
    #[new]
    fn new(
        py: Python<'_>,
        tables: Vec<(Bound<'_, PyList>, bool, Option<String>)>,
    ) -> PyResult<Self> {
        let keys = KEYS.map(|key| PyString::intern(py, key));
        let mut texts = Texts::default();
        let mut lines = Vec::new();
        for (issues, stands, title) in tables {
            let title = title.map(|title| texts.keep(&title));
            for issue in issues {
                let mut facts = [Fact::None; KEYS.len()];
                for (fact, key) in facts.iter_mut().zip(&keys) {
                    let value = issue.getattr(key)?;
                    *fact = match value.cast::<PyString>() {
                        Ok(text) => texts.keep(&text.to_string_lossy()),
                        Err(_) => value
                            .extract::<Option<u32>>()?
                            .map_or(Fact::None, Fact::Number),
                    };
                }
                let mut line = Line(facts);
                match title {
                    _ if !stands => line.move_to(Fact::None),
                    Some(title) => line.move_to(title),
                    None => {}
                }
                lines.push(line);
            }
        }
        let issues = Issues::new(texts, lines);
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
