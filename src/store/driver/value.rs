//! Converts values between Rust and a database, as rusqlite does: null, whole numbers, floating-point numbers, text and bytes,
//! which both databases have. Boolean values are the whole numbers 1 and 0 in the columns of both.

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

/// The values of a statement, in the order of its parameters. The receiver does not depend on their types, and is compiled
/// once.
pub trait Params {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()>;
}

/// The receiver of the values; see [`Params`].
pub(super) type ValuesReceiver<'a> = dyn FnMut(&[&dyn ToSql]) -> Result<()> + 'a;

impl Params for &[&dyn ToSql] {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
        to(self)
    }
}

/// No values. The type is fixed, so that `[]` needs no annotation.
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

/// Builds [`Params`] from values of several types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn rusqlite::ToSql),*] as &[&dyn rusqlite::ToSql]
    };
}

/// Gives an enum the words for its variants that the database, the CLI and the API use, in this order. Words after `|` are
/// also parsed.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal $(| $other:literal)?),+ $(,)? }) => {
        impl $name {
            /// All variants in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Returns the word that the database, the CLI and the API use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Parses a word of a variant.
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
