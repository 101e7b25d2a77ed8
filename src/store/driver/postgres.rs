//! A session with a PostgreSQL server: statements as it reads them, values as its columns have them, and its errors.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashMap;
use std::error::Error as StdError;

use bytes::BytesMut;
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};
use super::value::{ToValue, Value};

pub(in crate::store) use postgres::row::RowIndex;
pub(in crate::store) use postgres::{Row, Statement};

/// A connection, which is made anew before the first statement after it was lost.
pub(in crate::store) struct Session {
    config: Config,
    tls: MakeRustlsConnect,
    open: RefCell<Open>,
    in_transaction: Cell<bool>,
    /// When this connection wrote what it need not write again soon.
    noted: RefCell<HashMap<String, i64>>,
    /// How often it sent something and waited for the answer.
    messages: Cell<u64>,
}

struct Open {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl Open {
    fn begin(config: &Config, tls: &MakeRustlsConnect) -> Result<Self> {
        Ok(Self {
            client: config.connect(tls.clone())?,
            prepared: HashMap::new(),
        })
    }
}

impl Session {
    pub(in crate::store) fn connect(config: &Config, tls: &MakeRustlsConnect) -> Result<Self> {
        Ok(Self {
            config: config.clone(),
            tls: tls.clone(),
            open: RefCell::new(Open::begin(config, tls)?),
            in_transaction: Cell::new(false),
            noted: RefCell::default(),
            messages: Cell::new(0),
        })
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<Statement> {
        self.reconnect()?;
        let mut open = self.open.borrow_mut();
        if let Some(known) = open.prepared.get(sql) {
            return Ok(known.clone());
        }
        let statement = open.client.prepare(&translated(sql))?;
        open.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn noted(&self, what: &str) -> Option<i64> {
        self.noted.borrow().get(what).copied()
    }

    pub(super) fn note(&self, what: &str, at: i64) {
        self.noted.borrow_mut().insert(what.to_owned(), at);
    }

    /// The connection, to send one message and wait for its answer.
    fn client(&self) -> RefMut<'_, Client> {
        self.messages.set(self.messages.get() + 1);
        RefMut::map(self.open.borrow_mut(), |open| &mut open.client)
    }

    #[cfg(test)]
    pub(in crate::store) fn messages(&self) -> u64 {
        self.messages.get()
    }

    pub(super) fn execute(&self, statement: &Statement, values: &[&dyn ToValue]) -> Result<usize> {
        let values = bound(values);
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let changed = self.client().execute(statement, &values)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// All rows at once: while some are still to come, the connection takes no other statement.
    pub(super) fn rows(&self, statement: &Statement, values: &[&dyn ToValue]) -> Result<Vec<Row>> {
        let values = bound(values);
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(self.client().query(statement, &values)?)
    }

    pub(in crate::store) fn batch(&self, sql: &str) -> Result<()> {
        self.reconnect()?;
        Ok(self.client().batch_execute(sql)?)
    }

    pub(super) fn begin(&self) -> Result<()> {
        self.batch("BEGIN")?;
        self.in_transaction.set(true);
        Ok(())
    }

    pub(super) fn commit(&self) -> Result<()> {
        self.in_transaction.set(false);
        Ok(self.client().batch_execute("COMMIT")?)
    }

    /// What was noted may be undone with it. Where the connection is lost, the server rolls back by itself.
    pub(super) fn roll_back(&self) {
        self.in_transaction.set(false);
        self.noted.borrow_mut().clear();
        let _ = self.client().batch_execute("ROLLBACK");
    }

    /// What was begun on a connection that is lost is lost with it, and so is no reason to begin anew.
    fn reconnect(&self) -> Result<()> {
        if !self.in_transaction.get() && self.open.borrow().client.is_closed() {
            *self.open.borrow_mut() = Open::begin(&self.config, &self.tls)?;
            self.noted.borrow_mut().clear();
        }
        Ok(())
    }
}

impl From<postgres::Error> for Error {
    fn from(failure: postgres::Error) -> Self {
        let message = failure.to_string();
        let is_lost = failure.is_closed()
            || StdError::source(&failure).is_some_and(|cause| cause.is::<std::io::Error>());
        match failure.code().map(SqlState::code) {
            Some("40001" | "40P01") => Self::Conflict(message),
            // Classes of codes: the connection, what the server has no more of, an operator who stops it.
            Some(code) if ["08", "53", "57"].contains(&&code[..2]) => Self::Unreachable(message),
            None if is_lost => Self::Unreachable(message),
            _ => Self::Refused(message),
        }
    }
}

/// A statement as PostgreSQL reads it. It differs in the places of values, in what guides SQLite's planner alone (`INDEXED BY`,
/// `CROSS JOIN … ON`, a `+` before a column), in the end of an id, and in what SQLite reads as comments: locks (`/*pg FOR UPDATE*/`), and what is
/// asked of all hosts instead of one (`environments/*pg_anywhere*/`).
fn translated(sql: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = sql.split(' ');
    while let Some(word) = rest.next() {
        match word {
            "INDEXED" => drop((rest.next(), rest.next())),
            "CROSS" => {}
            word => words.push(match word.strip_prefix('+') {
                Some(column) if !column.is_empty() => column.to_owned(),
                _ => word.to_owned(),
            }),
        }
    }
    let parts = words.join(" ");
    let mut quoted = false;
    let places: String = parts
        .chars()
        .map(|letter| {
            quoted ^= letter == '\'';
            if letter == '?' && !quoted {
                '$'
            } else {
                letter
            }
        })
        .collect();
    let with_locks = places.replace("/*pg_", "_").replace("/*pg ", " ");
    with_locks.replace("*/", " ").replace(
        "substr(id, -6) = substr($1, -6)",
        "right(id, 6) = right($1, 6)",
    )
}

/// A value on its way, as the type that the statement's parameter has.
#[derive(Debug)]
struct Bound<'a>(Value<'a>);

fn bound<'a>(values: &'a [&dyn ToValue]) -> Vec<Bound<'a>> {
    values.iter().map(|value| Bound(value.value())).collect()
}

type Answer<T> = std::result::Result<T, Box<dyn StdError + Sync + Send>>;

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Answer<IsNull> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => match *ty {
                Type::BOOL => (number != 0).to_sql(ty, out),
                Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
                Type::INT8 => number.to_sql(ty, out),
                Type::FLOAT8 => (number as f64).to_sql(ty, out),
                _ => Err(format!("a whole number is no {ty}").into()),
            },
            Value::Real(number) => match *ty {
                // As in SQLite, a column of whole numbers takes one that is whole.
                Type::INT8 if number.fract() == 0.0 => (number as i64).to_sql(ty, out),
                Type::FLOAT8 => number.to_sql(ty, out),
                _ => Err(format!("a number with a fraction is no {ty}").into()),
            },
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as the server sent it.
struct Sent<'a>(Value<'a>);

impl<'a> FromSql<'a> for Sent<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Answer<Self> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Integer(i64::from(bool::from_sql(ty, raw)?)),
            Type::INT4 => Value::Integer(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT8 => Value::Integer(i64::from_sql(ty, raw)?),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::TEXT | Type::VARCHAR | Type::NAME => Value::Text(str::from_utf8(raw)?),
            Type::BYTEA => Value::Bytes(raw),
            _ => return Err(format!("a value of the type {ty}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Answer<Self> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a column of a row by its position or its name.
pub(super) fn value<'a>(
    row: &'a Row,
    column: impl RowIndex + std::fmt::Display,
) -> Result<Value<'a>> {
    let Sent(value) = row.try_get(column)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_written_as_the_server_reads_it() {
        let sql = "SELECT '?1', a FROM x/*pg_all*/ INDEXED BY i CROSS JOIN y ON y.a = x.a AND +b = ?2 /*pg FOR UPDATE*/";
        let wanted = "SELECT '?1', a FROM x_all  JOIN y ON y.a = x.a AND b = $2  FOR UPDATE ";
        assert_eq!(translated(sql), wanted);
    }
}
