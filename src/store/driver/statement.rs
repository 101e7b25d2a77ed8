//! A prepared statement, and the rows that it gives.

use std::fmt::Display;

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::error::{Error, Result};
use super::postgres::{self, Session};
use super::value::{self, FromValue, Params, ToValue, Value};

/// A statement that its connection keeps prepared.
pub(in crate::store) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(&'c Session, postgres::Statement),
}

impl Statement<'_> {
    /// Executes it. Returns how many rows it changed.
    pub(in crate::store) fn execute(&mut self, values: impl Params) -> Result<usize> {
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

    /// Executes it, before whatever is executed next. Where that goes to a server, both are one message.
    pub(in crate::store) fn later(&mut self, values: impl Params) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.execute(values).map(drop),
            Self::Postgres(session, statement) => {
                values.pass(&mut |values| session.later(statement, values))
            }
        }
    }

    /// Passes each row to `visit`, until that returns false.
    pub(in crate::store) fn each(
        &mut self,
        values: impl Params,
        mut visit: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        values.pass(&mut |values| self.visit_rows(values, &mut visit))
    }

    fn visit_rows(
        &mut self,
        values: &[&dyn ToValue],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(statement) => {
                bind(statement, values)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    if !visit(&Row::Sqlite(row))? {
                        break;
                    }
                }
            }
            Self::Postgres(session, statement) => {
                for row in &session.rows(statement, values)? {
                    if !visit(&Row::Postgres(row))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads all rows.
    pub(in crate::store) fn rows<T>(
        &mut self,
        values: impl Params,
        mut record: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(values, |row| {
            all.push(record(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// Reads the first row, if there is one.
    pub(in crate::store) fn first<T>(
        &mut self,
        values: impl Params,
        record: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut record, mut first) = (Some(record), None);
        self.each(values, |row| {
            first = record.take().map(|record| record(row)).transpose()?;
            Ok(false)
        })?;
        Ok(first)
    }

    /// The same of a statement that always gives one.
    pub(in crate::store) fn query_row<T>(
        &mut self,
        values: impl Params,
        record: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.first(values, record)?.ok_or(Error::NoRow)
    }

    /// Whether it gives any row.
    pub(in crate::store) fn exists(&mut self, values: impl Params) -> Result<bool> {
        self.first(values, |_| Ok(())).map(|row| row.is_some())
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[&dyn ToValue]) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted != values.len() {
        let count = rusqlite::Error::InvalidParameterCount(values.len(), wanted);
        return Err(count.into());
    }
    for (position, value) in (1..).zip(values) {
        statement.raw_bind_parameter(position, value.value())?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Real(number) => ValueRef::Real(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A row of a result.
pub(in crate::store) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

/// Names a column of a row: by its position, from 0, or by its name.
pub(in crate::store) trait Column:
    rusqlite::RowIndex + postgres::RowIndex + Display + Copy
{
}
impl Column for usize {}
impl Column for &str {}

impl Row<'_> {
    /// Reads a column.
    pub(in crate::store) fn get<C: Column, T: FromValue>(&self, column: C) -> Result<T> {
        value::read(self.value(column)?, &column)
    }

    /// Reads a text without a copy of it.
    pub(in crate::store) fn text(&self, column: &str) -> Result<&str> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            other => Err(Error::unreadable(&column, format!("{other:?}"))),
        }
    }

    fn value<C: Column>(&self, column: C) -> Result<Value<'_>> {
        match self {
            Self::Sqlite(row) => Ok(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) => Value::Text(
                    str::from_utf8(text)
                        .map_err(|error| Error::unreadable(&column, error.to_string()))?,
                ),
                ValueRef::Blob(bytes) => Value::Bytes(bytes),
            }),
            Self::Postgres(row) => postgres::value(row, column),
        }
    }
}
