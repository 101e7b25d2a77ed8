//! A prepared statement and its rows.

use std::fmt::Display;
use std::path::PathBuf;

use rusqlite::types::{FromSql, ToSql, Value, ValueRef};

use super::error::{Error, Result};
use super::postgres::{self, ServerSession};
use super::value::Params;
use crate::base::clock::Timestamp;

/// A statement that its connection keeps prepared.
pub enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(&'c ServerSession, postgres::Statement),
}

impl Statement<'_> {
    /// Executes the statement. Returns the number of rows that it changed.
    pub fn execute(&mut self, values: impl Params) -> Result<usize> {
        let mut changed = 0;
        values.pass(&mut |values| {
            changed = match self {
                Self::Sqlite(statement) => {
                    bind(statement, values)?;
                    statement.raw_execute()?
                }
                Self::Postgres(session, statement) => session.execute(statement, values)?,
            };
            Ok(())
        })?;
        Ok(changed)
    }

    /// Executes the statement before the next statement. On a server, both are sent in one message.
    pub fn later(&mut self, values: impl Params) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.execute(values).map(drop),
            Self::Postgres(session, statement) => {
                values.pass(&mut |values| session.later(statement, values))
            }
        }
    }

    /// Passes each row to `visit`, until `visit` returns false.
    pub fn each(
        &mut self,
        values: impl Params,
        mut visit: impl FnMut(&DbRow<'_>) -> Result<bool>,
    ) -> Result<()> {
        values.pass(&mut |values| self.visit_rows(values, &mut visit))
    }

    fn visit_rows(
        &mut self,
        values: &[&dyn ToSql],
        visit: &mut dyn FnMut(&DbRow<'_>) -> Result<bool>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(statement) => {
                bind(statement, values)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    if !visit(&DbRow::Sqlite(row))? {
                        break;
                    }
                }
            }
            Self::Postgres(session, statement) => {
                for row in &session.rows(statement, values)? {
                    if !visit(&DbRow::Postgres(row))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads all rows of the statement.
    pub fn rows<T: FromRow>(&mut self, values: impl Params) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(values, |row| {
            all.push(T::from_row(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// Reads the first row of the statement, if any.
    pub fn first<T: FromRow>(&mut self, values: impl Params) -> Result<Option<T>> {
        let mut first = None;
        self.each(values, |row| {
            first = Some(T::from_row(row)?);
            Ok(false)
        })?;
        Ok(first)
    }

    /// Reads the first row of a statement that always returns a row.
    pub fn one<T: FromRow>(&mut self, values: impl Params) -> Result<T> {
        self.first(values)?.ok_or(Error::NoRow)
    }

    /// Returns whether the statement finds any row.
    pub fn exists(&mut self, values: impl Params) -> Result<bool> {
        self.first::<()>(values).map(|row| row.is_some())
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[&dyn ToSql]) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted != values.len() {
        let count = rusqlite::Error::InvalidParameterCount(values.len(), wanted);
        return Err(count.into());
    }
    for (position, value) in (1..).zip(values) {
        statement.raw_bind_parameter(position, value)?;
    }
    Ok(())
}

/// A row of a result.
pub enum DbRow<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

/// Identifies a column of a row: by its position, from 0, or by its name.
pub trait RowColumn: rusqlite::RowIndex + postgres::RowIndex + Display + Copy {}
impl RowColumn for usize {}
impl RowColumn for &str {}

impl DbRow<'_> {
    /// Reads the value of a column.
    pub fn get<C: RowColumn, T: FromSql>(&self, column: C) -> Result<T> {
        let value = self.value(column)?;
        T::column_result(value).map_err(|error| Error::unreadable(&column, error, value))
    }

    /// Reads the path of a file.
    pub fn path<C: RowColumn>(&self, column: C) -> Result<PathBuf> {
        self.get::<_, String>(column).map(Into::into)
    }

    /// Reads a text without copying it.
    pub fn text(&self, column: &str) -> Result<&str> {
        let value = self.value(column)?;
        let text = value.as_str();
        text.map_err(|error| Error::unreadable(&column, error, value))
    }

    fn value<C: RowColumn>(&self, column: C) -> Result<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(column)?),
            Self::Postgres(row) => postgres::value(row, column),
        }
    }

    /// Returns the number of columns.
    fn len(&self) -> usize {
        match self {
            Self::Sqlite(row) => row.as_ref().column_count(),
            Self::Postgres(row) => row.len(),
        }
    }
}

/// A value that can be read from a row.
pub trait FromRow: Sized {
    fn from_row(row: &DbRow<'_>) -> Result<Self>;
}

/// Reads a record from a row: each field from the column of its name, and fields after the semicolon from their expressions.
macro_rules! record {
    ($record:ident($row:ident) { $($field:ident),* $(,)? $(; $($other:ident: $value:expr),+ $(,)?)? }) => {
        impl $crate::store::driver::FromRow for $record {
            fn from_row($row: &$crate::store::driver::DbRow<'_>) -> $crate::store::driver::Result<Self> {
                Ok(Self {
                    $($field: $row.get(stringify!($field))?,)*
                    $($($other: $value,)+)?
                })
            }
        }
    };
}

pub(in crate::store) use record;

/// Reads nothing: only the existence of the row matters.
impl FromRow for () {
    fn from_row(_: &DbRow<'_>) -> Result<Self> {
        Ok(())
    }
}

/// Reads all values of the row.
impl FromRow for Vec<Value> {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        (0..row.len()).map(|column| row.get(column)).collect()
    }
}

impl FromRow for PathBuf {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        row.path(0)
    }
}

macro_rules! single {
    ($($value:ty)*) => { $(
        impl FromRow for $value {
            fn from_row(row: &DbRow<'_>) -> Result<Self> {
                row.get(0)
            }
        }
    )* };
}

single!(String Timestamp bool i64 u32 u64);

macro_rules! several {
    ($($($value:ident $column:literal),+;)*) => { $(
        impl<$($value: FromSql),+> FromRow for ($($value,)+) {
            fn from_row(row: &DbRow<'_>) -> Result<Self> {
                Ok(($(row.get($column)?,)+))
            }
        }
    )* };
}

several! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
}
