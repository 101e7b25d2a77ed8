//! Why there is no explanation.

use crate::base::problem::{Facts, Kind, Problem, code, typed};
use crate::cells::CellsError;
use crate::issues::ListError;
use crate::store::StoreError;

/// There is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The run has not ended.
    #[error("run {id} is {status}; why it read its input as it did is known when it ends")]
    NotEnded {
        /// The run.
        id: String,
        /// What it is.
        status: &'static str,
    },
    /// The run recorded nothing of its tables.
    #[error("run {id} has recorded nothing of how it read its tables")]
    Nothing {
        /// The run.
        id: String,
    },
    /// The run has found no table.
    #[error("run {id} has found no table in {input}, so there is nothing to explain")]
    NoTable {
        /// The run.
        id: String,
        /// The input's name.
        input: String,
    },
    /// It failed before.
    #[error("run {id} {status} before it had recorded how it read its tables")]
    Ended {
        /// The run.
        id: String,
        /// What it is.
        status: &'static str,
    },
    /// No table is on a sheet of this name.
    #[error("there is no table on a sheet {sheet:?} of the {side}")]
    NoSheet {
        /// As it was asked for.
        sheet: String,
        /// `input` or `output`.
        side: &'static str,
        /// The sheets that have tables.
        sheets: Vec<String>,
    },
    /// Several sheets have tables, and none was named.
    #[error("{what} of which sheet? There are tables on {}", sheets.join(", "))]
    WhichSheet {
        /// What was asked for.
        what: String,
        /// The sheets that have tables.
        sheets: Vec<String>,
    },
    /// There is no such cell, row or column.
    #[error("there is no {what}")]
    NotThere {
        /// What was asked for, and where.
        what: String,
        /// What there is.
        hint: Option<String>,
    },
    /// The records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output cannot be read.
    #[error(transparent)]
    Cells(#[from] CellsError),
    /// The list of issues cannot be read.
    #[error(transparent)]
    Issues(#[from] ListError),
}

impl Problem for ExplainError {
    fn facts(&self) -> Facts {
        let usage = |code| Facts::new(Kind::Usage, code);
        match self {
            Self::NotEnded { id, .. } => {
                usage(code::RUN_NOT_ENDED).hint(format!("`ade logs tail {id}` follows it"))
            }
            Self::Nothing { .. } => usage(code::NO_EXPLANATION)
                .hint("run the file again: runs of older engines recorded none"),
            Self::NoTable { id, .. } | Self::Ended { id, .. } => {
                usage(code::NO_EXPLANATION).hint(format!("`ade runs show {id}` says why"))
            }
            Self::NoSheet { sheets, .. } => usage(code::SHEET_NOT_FOUND)
                .hint(format!("there are tables on {}", sheets.join(", "))),
            Self::WhichSheet { sheets, .. } => {
                let sheet = sheets.first().map(typed).unwrap_or_default();
                usage(code::USAGE).hint(format!("name it: `--sheet {sheet}`"))
            }
            Self::NotThere { hint, .. } => usage(code::CELL_NOT_FOUND).maybe_hint(hint.clone()),
            Self::Store(error) => error.facts(),
            Self::Cells(error) => error.facts(),
            Self::Issues(error) => error.facts(),
        }
    }
}
