//! A session with a PostgreSQL server: translates statements, values and errors.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures_util::TryStreamExt;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};
use crate::base::mutex::lock;

pub use tokio_postgres::row::RowIndex;
pub use tokio_postgres::{Row, Statement};

/// A connection that is opened before the first statement, and opened again before the next transaction if it was lost.
///
/// A message to the server and its answer take longer than most statements. So BEGIN and statements without a needed result
/// wait for the next message and are sent with it ([`later`](Self::later)). The server executes them in order. If a statement
/// fails, its error is that of the message, and the server executes no later statement.
pub struct ServerSession {
    config: Config,
    tls: MakeRustlsConnect,
    patience: Arc<AnswerTimeout>,
    open: RefCell<Option<ServerConnection>>,
    /// The statements to be sent with the next message.
    waiting: RefCell<Vec<PendingStatement>>,
    state: Cell<TransactionState>,
    /// Whether waiting processes are woken once the transaction has ended.
    wakes: Cell<bool>,
    /// When this connection wrote values that it need not write again soon.
    noted: RefCell<HashMap<String, i64>>,
    /// How many messages and statements were sent.
    sent: Cell<Traffic>,
    /// Called before each statement, which is then a separate message.
    #[cfg(test)]
    pub before_each: RefCell<Option<Box<dyn FnMut() + Send>>>,
    /// Leave locks as comments, and do not wait at gates.
    #[cfg(test)]
    pub without_locks: Cell<bool>,
    /// How many deadlocks with other transactions occurred.
    #[cfg(test)]
    pub deadlocks: Cell<u64>,
}

/// The time limit for answers that all sessions of a process share, and whether the server currently gives none.
///
/// A server that is stopped, or behind a network that loses everything, keeps its connections open. So each message has a time
/// limit. Once a message exceeds it, all other messages fail at once for a moment, so that they do not wait as well.
pub struct AnswerTimeout {
    milliseconds: AtomicU64,
    silent_until: Mutex<Option<Instant>>,
}

/// The pause in messages to a server after a message without an answer.
const SILENCE: Duration = Duration::from_secs(1);

impl AnswerTimeout {
    /// Sets a time limit for each message. The server itself cancels a statement after three quarters of it.
    pub fn new(most: Duration) -> Self {
        let patience = Self {
            milliseconds: AtomicU64::new(0),
            silent_until: Mutex::default(),
        };
        patience.set(most);
        patience
    }

    /// Changes the limit, also for open sessions.
    pub fn set(&self, most: Duration) {
        let milliseconds = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    fn most(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// Waits for an answer within the limit.
    fn wait<T>(&self, runtime: &Runtime, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let most = self.most();
        let silent = || Error::Unreachable(format!("the server did not answer within {most:.0?}"));
        if lock(&self.silent_until).is_some_and(|until| Instant::now() < until) {
            return Err(silent());
        }
        let waited = runtime.block_on(async { tokio::time::timeout(most, answer).await });
        *lock(&self.silent_until) = waited.is_err().then(|| Instant::now() + SILENCE);
        waited.unwrap_or_else(|_| Err(silent()))
    }
}

/// The numbers of messages and statements that a session sent.
#[derive(Clone, Copy, Default)]
pub struct Traffic {
    pub messages: u64,
    pub statements: u64,
}

/// The progress of a transaction.
#[derive(Clone, Copy, PartialEq)]
enum TransactionState {
    None,
    /// BEGIN waits for the next message.
    Wanted,
    Begun,
}

struct ServerConnection {
    runtime: Runtime,
    patience: Arc<AnswerTimeout>,
    /// The limit with which the connection was opened.
    most: Duration,
    client: Arc<Client>,
    /// Sends and receives, and returns messages that the server sends by itself.
    connection: Box<MessageReceiver>,
    prepared: HashMap<String, Statement>,
}

type MessageReceiver = dyn FnMut(&mut Context<'_>) -> Poll<Result<AsyncMessage>> + Send;

/// A statement that is being sent, with its answer.
type PendingStatement =
    Pin<Box<dyn Future<Output = std::result::Result<ServerAnswer, tokio_postgres::Error>> + Send>>;

/// The answer of the server to a statement.
#[derive(Default)]
struct ServerAnswer {
    rows: Vec<Row>,
    changed: u64,
}

fn closed() -> Error {
    Error::Unreachable("the server closed the connection".to_owned())
}

impl ServerConnection {
    fn begin(
        config: &Config,
        tls: &MakeRustlsConnect,
        patience: &Arc<AnswerTimeout>,
    ) -> Result<Self> {
        let most = patience.most();
        let options = config.get_options().unwrap_or_default();
        let mut config = config.clone();
        config.options(format!(
            "{options} -c statement_timeout={}ms",
            most.as_millis() * 3 / 4
        ));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        let connected = async { Ok(config.connect(tls.clone()).await?) };
        let (client, mut connection) = patience.wait(&runtime, connected)?;
        Ok(Self {
            runtime,
            patience: Arc::clone(patience),
            most,
            client: Arc::new(client),
            connection: Box::new(move |context| {
                let heard = connection.poll_message(context);
                heard.map(|heard| Ok(heard.ok_or_else(closed)??))
            }),
            prepared: HashMap::new(),
        })
    }

    /// Sends these statements and waits for all answers. Returns the last answer.
    fn exchange(&mut self, mut all: Vec<PendingStatement>) -> Result<ServerAnswer> {
        let mut answers: Vec<_> = all.iter().map(|_| None).collect();
        let connection = &mut self.connection;
        let answered = poll_fn(|context| {
            loop {
                // Each statement is encoded and sent when it is first polled, so in this order.
                for (sending, answer) in all.iter_mut().zip(&mut answers) {
                    if answer.is_none()
                        && let Poll::Ready(ready) = sending.as_mut().poll(context)
                    {
                        *answer = Some(ready);
                    }
                }
                if answers.iter().all(Option::is_some) {
                    return Poll::Ready(Ok(()));
                }
                // The message may be a notification.
                if let Err(error) = ready!(connection(context)) {
                    return Poll::Ready(Err(error));
                }
            }
        });
        self.patience.wait(&self.runtime, answered)?;
        let mut last = ServerAnswer::default();
        for answer in answers.into_iter().flatten() {
            last = answer?;
        }
        Ok(last)
    }

    /// Waits for a notification.
    fn wait(&mut self, most: Duration) -> Result<bool> {
        let connection = &mut self.connection;
        let heard = poll_fn(|context| {
            loop {
                match ready!(connection(context)) {
                    Ok(AsyncMessage::Notification(_)) => return Poll::Ready(Ok(true)),
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        });
        let heard = async { tokio::time::timeout(most, heard).await };
        self.runtime.block_on(heard).unwrap_or(Ok(false))
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(known.clone());
        }
        let (client, text) = (Arc::clone(&self.client), translated(sql));
        let (sent, prepared) = std::sync::mpsc::channel();
        self.exchange(vec![Box::pin(async move {
            let _ = sent.send(client.prepare(&text).await?);
            Ok(ServerAnswer::default())
        })])?;
        let statement = prepared.recv().map_err(|_| closed())?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn sending(
        &self,
        statement: &Statement,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<PendingStatement> {
        let (client, statement) = (Arc::clone(&self.client), statement.clone());
        let values = values.iter().map(|value| ParameterValue::new(*value));
        let values = values.collect::<Result<Vec<ParameterValue>>>()?;
        Ok(Box::pin(async move {
            let mut found = pin!(client.query_raw(&statement, values).await?);
            let mut rows = Vec::new();
            while let Some(row) = found.try_next().await? {
                rows.push(row);
            }
            let changed = found.rows_affected().unwrap_or(0);
            Ok(ServerAnswer { rows, changed })
        }))
    }

    fn sending_text(&self, sql: &str) -> PendingStatement {
        let (client, sql) = (Arc::clone(&self.client), sql.to_owned());
        Box::pin(async move {
            client.batch_execute(&sql).await?;
            Ok(ServerAnswer::default())
        })
    }
}

impl ServerSession {
    pub fn connect(
        config: &Config,
        tls: &MakeRustlsConnect,
        patience: &Arc<AnswerTimeout>,
    ) -> Result<Self> {
        let session = Self::new(config, tls, patience);
        session.reconnect()?;
        Ok(session)
    }

    pub fn new(config: &Config, tls: &MakeRustlsConnect, patience: &Arc<AnswerTimeout>) -> Self {
        Self {
            config: config.clone(),
            tls: tls.clone(),
            patience: Arc::clone(patience),
            open: RefCell::default(),
            waiting: RefCell::default(),
            state: Cell::new(TransactionState::None),
            wakes: Cell::new(false),
            noted: RefCell::default(),
            sent: Cell::default(),
            #[cfg(test)]
            before_each: RefCell::default(),
            #[cfg(test)]
            without_locks: Cell::new(false),
            #[cfg(test)]
            deadlocks: Cell::new(0),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut ServerConnection) -> T) -> Result<T> {
        self.open.borrow_mut().as_mut().map(work).ok_or_else(closed)
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<Statement> {
        self.reconnect()?;
        #[cfg(test)]
        if self.without_locks.get() {
            let free = sql.strip_suffix(" FOR UPDATE").unwrap_or(sql);
            let free = free.replace("/*pg FOR UPDATE*/", "");
            let free = free.replace("pg_advisory_xact_lock", "concat");
            return self.with(|open| open.prepare(&free))?;
        }
        self.with(|open| open.prepare(sql))?
    }

    pub(super) fn noted(&self, what: &str) -> Option<i64> {
        self.noted.borrow().get(what).copied()
    }

    pub(super) fn note(&self, what: &str, at: i64) {
        self.noted.borrow_mut().insert(what.to_owned(), at);
    }

    /// Sends one message with all waiting statements and this one, and waits for the answers. Returns the answer to this
    /// statement.
    fn send(&self, last: PendingStatement) -> Result<ServerAnswer> {
        #[cfg(test)]
        if let Some(before) = &mut *self.before_each.borrow_mut() {
            before();
        }
        let mut all = self.waiting.take();
        if self.state.get() == TransactionState::Wanted {
            self.state.set(TransactionState::Begun);
        }
        all.push(last);
        let sent = self.sent.get();
        self.sent.set(Traffic {
            messages: sent.messages + 1,
            statements: sent.statements + all.len() as u64,
        });
        let answer = self.with(|open| open.exchange(all))?;
        if matches!(answer, Err(Error::Unreachable(_))) {
            // A later answer would be taken for the answer to another statement.
            self.open.take();
        }
        #[cfg(test)]
        if matches!(answer, Err(Error::Conflict(_))) {
            self.deadlocks.set(self.deadlocks.get() + 1);
        }
        answer
    }

    #[cfg(test)]
    pub fn sent(&self) -> Traffic {
        self.sent.get()
    }

    pub(super) fn execute(
        &self,
        statement: &Statement,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<usize> {
        let sending = self.with(|open| open.sending(statement, values))??;
        let changed = self.send(sending)?.changed;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Executes the statement with the next message, which fails with its error.
    pub(super) fn later(
        &self,
        statement: &Statement,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<()> {
        #[cfg(test)]
        if self.before_each.borrow().is_some() {
            return self.execute(statement, values).map(drop);
        }
        let sending = self.with(|open| open.sending(statement, values))??;
        self.waiting.borrow_mut().push(sending);
        Ok(())
    }

    /// Returns all rows at once: while rows are still coming, the connection accepts no other statement.
    pub(super) fn rows(
        &self,
        statement: &Statement,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<Row>> {
        let sending = self.with(|open| open.sending(statement, values))??;
        Ok(self.send(sending)?.rows)
    }

    pub fn batch(&self, sql: &str) -> Result<()> {
        self.reconnect()?;
        let sending = self.with(|open| open.sending_text(sql))?;
        self.send(sending).map(drop)
    }

    pub(super) fn begin(&self) -> Result<()> {
        self.reconnect()?;
        self.wakes.set(false);
        let begin = self.with(|open| open.sending_text("BEGIN"))?;
        *self.waiting.borrow_mut() = vec![begin];
        self.state.set(TransactionState::Wanted);
        Ok(())
    }

    /// Wakes processes that [`wait`](Self::wait), once the transaction has ended.
    pub(super) fn wake(&self) {
        self.wakes.set(true);
    }

    pub(super) fn commit(&self) -> Result<()> {
        if self.waiting.borrow().len() <= 1 && self.state.get() == TransactionState::Wanted {
            self.roll_back();
            return Ok(());
        }
        let (commit, wake) =
            self.with(|open| (open.sending_text("COMMIT"), open.sending_text(WAKE)))?;
        let done = if self.wakes.get() {
            self.waiting.borrow_mut().push(commit);
            // A process that is not woken looks by itself after a while.
            self.send(Box::pin(async {
                let _ = wake.await;
                Ok(ServerAnswer::default())
            }))
        } else {
            self.send(commit)
        };
        self.state.set(TransactionState::None);
        if done.is_err() {
            self.noted.borrow_mut().clear();
        }
        done.map(drop)
    }

    /// Rolls back, and forgets all noted writes, which may be undone. If the connection is lost, the server rolls back by
    /// itself.
    pub(super) fn roll_back(&self) {
        self.noted.borrow_mut().clear();
        self.waiting.borrow_mut().clear();
        if self.state.replace(TransactionState::None) == TransactionState::Begun {
            let rolled_back = self
                .with(|open| open.sending_text("ROLLBACK"))
                .and_then(|sending| self.send(sending));
            drop(rolled_back);
        }
    }

    /// Connects again if the connection is lost and no transaction is open. The statements of a transaction are lost with
    /// their connection, so an open transaction must fail.
    fn reconnect(&self) -> Result<()> {
        let is_open =
            |open: &ServerConnection| !open.client.is_closed() && open.most == self.patience.most();
        if self.state.get() == TransactionState::None
            && !self.open.borrow().as_ref().is_some_and(is_open)
        {
            self.waiting.borrow_mut().clear();
            *self.open.borrow_mut() = Some(ServerConnection::begin(
                &self.config,
                &self.tls,
                &self.patience,
            )?);
            self.noted.borrow_mut().clear();
        }
        Ok(())
    }

    /// From now on, this connection receives the notifications of [`wake`](Self::wake).
    pub fn listen(&self) -> Result<()> {
        self.batch("DO $$ BEGIN EXECUTE format('LISTEN %I', current_schema()); END $$")
    }

    /// Waits for a notification for at most this time. Returns whether there was one.
    pub fn wait(&self, most: Duration) -> Result<bool> {
        self.with(|open| open.wait(most))?
    }
}

/// Wakes processes that sleep until a run may be claimed. It follows the COMMIT: within the transaction it would lock the
/// whole server until the commit is on the disk.
const WAKE: &str = "SELECT pg_notify(current_schema(), '')";

impl From<tokio_postgres::Error> for Error {
    fn from(failure: tokio_postgres::Error) -> Self {
        let message = match failure.as_db_error() {
            Some(said) => format!("{} ({})", said.message(), said.code().code()),
            None => with_causes(&failure),
        };
        let cause = StdError::source(&failure).and_then(|cause| cause.downcast_ref());
        let inner = cause.and_then(std::io::Error::get_ref);
        let is_untrusted = inner.is_some_and(|inner| inner.is::<rustls::Error>());
        let is_lost = failure.is_closed()
            || StdError::source(&failure).is_some_and(|cause| cause.is::<std::io::Error>());
        match failure.code().map(SqlState::code) {
            Some("40001" | "40P01") => Self::Conflict(message),
            // Classes of codes: connection failures, exhausted resources, an operator who stops the server.
            Some(code) if ["08", "53", "57"].contains(&&code[..2]) => Self::Unreachable(message),
            // Codes for refused connections, missing databases and missing privileges.
            Some(code) if code.starts_with("28") || ["3D000", "42501"].contains(&code) => {
                Self::Denied(message)
            }
            None if is_untrusted => Self::Untrusted(message),
            None if is_lost => Self::Unreachable(message),
            _ => Self::Refused(message),
        }
    }
}

/// Returns an error's text with its causes: that a handshake failed does not give the reason.
fn with_causes(failure: &tokio_postgres::Error) -> String {
    let mut words = failure.to_string();
    let mut cause = StdError::source(failure);
    while let Some(next) = cause {
        let more = next.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = next.source();
    }
    words
}

/// Translates a statement from SQLite to PostgreSQL. It differs in placeholders, in hints for SQLite's planner (`INDEXED BY`,
/// `CROSS JOIN … ON`, a `+` before a column), in the end of an id, and in parts that are comments to SQLite: locks (`/*pg FOR
/// UPDATE*/`) and tables of all hosts instead of one (`environments/*pg_anywhere*/`).
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

type ConversionResult<T> = std::result::Result<T, Box<dyn StdError + Sync + Send>>;

/// A value to be sent, in the type of the statement's parameter.
#[derive(Debug)]
struct ParameterValue(Value);

impl ParameterValue {
    fn new(value: &dyn rusqlite::ToSql) -> Result<Self> {
        let passed = match value.to_sql()? {
            ToSqlOutput::Borrowed(value) => value.try_into().ok(),
            ToSqlOutput::Owned(value) => Some(value),
            _ => None,
        };
        passed
            .map(Self)
            .ok_or_else(|| Error::Refused("a value of another kind".to_owned()))
    }
}

impl ToSql for ParameterValue {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> ConversionResult<IsNull> {
        match &self.0 {
            Value::Null => Ok(IsNull::Yes),
            &Value::Integer(number) => match *ty {
                Type::BOOL => (number != 0).to_sql(ty, out),
                Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
                Type::INT8 => number.to_sql(ty, out),
                Type::FLOAT8 => (number as f64).to_sql(ty, out),
                _ => Err(format!("a whole number is no {ty}").into()),
            },
            &Value::Real(number) => match *ty {
                // As in SQLite, a column of whole numbers accepts a whole floating-point number.
                Type::INT8 if number.fract() == 0.0 => (number as i64).to_sql(ty, out),
                Type::FLOAT8 => number.to_sql(ty, out),
                _ => Err(format!("a number with a fraction is no {ty}").into()),
            },
            Value::Text(text) => text.to_sql(ty, out),
            Value::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as the server sent it.
struct ServerValue<'a>(ValueRef<'a>);

impl<'a> FromSql<'a> for ServerValue<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> ConversionResult<Self> {
        Ok(Self(match *ty {
            Type::BOOL => ValueRef::Integer(i64::from(bool::from_sql(ty, raw)?)),
            Type::INT4 => ValueRef::Integer(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT8 => ValueRef::Integer(i64::from_sql(ty, raw)?),
            Type::FLOAT8 => ValueRef::Real(f64::from_sql(ty, raw)?),
            Type::TEXT | Type::VARCHAR | Type::NAME => ValueRef::Text(raw),
            Type::BYTEA => ValueRef::Blob(raw),
            _ => return Err(format!("a value of the type {ty}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> ConversionResult<Self> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a column of a row by its position or its name.
pub(super) fn value<'a>(
    row: &'a Row,
    column: impl RowIndex + std::fmt::Display,
) -> Result<ValueRef<'a>> {
    let ServerValue(value) = row.try_get(column)?;
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
