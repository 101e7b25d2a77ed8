//! Values between Rust and a database, as rusqlite converts them: nothing, whole numbers, floating point numbers, text and bytes, which
//! both databases have. A yes or no is a whole number, 1 or 0, in the columns of both.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::error::Result;
use crate::base::clock::Timestamp;

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

/// The values of a statement, in the order of its parameters. Who receives them knows no types of theirs, and is compiled once.
pub trait Params {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()>;
}

/// See [`Params`].
pub(super) type ValuesReceiver<'a> = dyn FnMut(&[&dyn ToSql]) -> Result<()> + 'a;

impl Params for &[&dyn ToSql] {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
        to(self)
    }
}

/// No values: not of any type, so that `[]` needs no annotation.
impl Params for [&(dyn ToSql + Send + Sync); 0] {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
        to(&[])
    }
}

macro_rules! arrays {
    ($($length:literal)*) => { $(
        impl<T: ToSql> Params for [T; $length] {
            fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
                to(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )* };
}

arrays!(1 2 3 4);

/// Values of several types, as [`Params`].
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn rusqlite::ToSql),*] as &[&dyn rusqlite::ToSql]
    };
}

/// Gives an enum the words that the database, the CLI and the API use for its variants, in their order. What stands behind `|` is read, too.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal $(| $other:literal)?),+ $(,)? }) => {
        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word that the database, the CLI and the API use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Parses such a word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $other)? => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                let word = value.as_str()?;
                let unknown = || rusqlite::types::FromSqlError::Other(format!("{word:?}").into());
                Self::parse(word).ok_or_else(unknown)
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    };
}

pub(in crate::store) use {params, words};
