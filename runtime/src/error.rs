//! What can go wrong, said so that a person can act on it at once.

use crate::migration::Engine;
use crate::snippet::Snippet;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// What went wrong with a run.
///
/// `Display` takes several lines: what happened, where, what is committed already, and what to do next.
/// [`code`](Self::code) answers a word for programs, which stays the same from version to version.
/// `Debug` is the same text: it is what a `main` that answers a `Result` prints.
#[non_exhaustive]
pub enum Error {
    /// The database could not be reached, or did not let the program in.
    Connection {
        /// The URL without its password.
        url: String,
        /// What the client library or the server said, without the password.
        message: String,
        /// What kind of refusal it was.
        reason: Refusal,
    },
    /// An environment variable has a value that cannot be used.
    Setting {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
    /// The connection speaks to another engine than the migrations were checked for.
    WrongEngine {
        /// What the migrations were checked for.
        migrations: Engine,
        /// What the connection is.
        connection: Engine,
    },
    /// The connection has a transaction open already. Each migration needs one of its own.
    TransactionOpen,
    /// Another process held the lock for longer than this one was willing to wait.
    LockWait {
        /// How long this process waited.
        waited: Duration,
        /// Who held it, where the engine says.
        holder: Option<Holder>,
    },
    /// A transaction pooler stands between the program and the server, and the run was not told so.
    Pooler {
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
    },
    /// These cannot run in a transaction, and behind a pooler nothing can run outside of one.
    NotInTransaction {
        /// Their files, with their folder.
        files: Vec<String>,
    },
    /// Another process has taken the lease over: this one was taken for dead.
    LeaseLost {
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
    },
    /// The run was asked to end.
    Stopped {
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
    },
    /// A statement of a migration failed.
    Statement(Box<StatementError>),
    /// Several migrations failed, since the run was to go on behind the first.
    Failures {
        /// What happened to each.
        failures: Vec<StatementError>,
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
    },
    /// A hook failed.
    Hook {
        /// When it was called: `before the run`, `after 003_add_pets.sql`.
        when: String,
        /// What it said.
        error: Box<dyn std::error::Error + Send + Sync>,
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
    },
    /// The database is not what the migrations make: tables or columns are missing.
    Schema {
        /// The tables that are not there.
        tables: Vec<String>,
        /// The columns that are not there, of tables that are, as `table.column`.
        columns: Vec<String>,
    },
    /// The program has no migration of this version.
    NoSuchVersion {
        /// What was asked for.
        version: String,
        /// The last version that there is.
        last: Option<String>,
    },
    /// These cannot be taken back: there is no file that does it.
    Irreversible {
        /// Their files, with their folder.
        files: Vec<String>,
    },
    /// The text that takes a migration back failed.
    Revert {
        /// The migration's file, with its folder.
        file: String,
        /// The files that were taken back before it.
        reverted: Vec<String>,
        /// Whether nothing of the text is left. Otherwise its first statements may be done.
        rolled_back: bool,
        /// What the engine said.
        failure: Box<Failure>,
    },
    /// The history of another tool cannot be taken over.
    Adopt {
        /// Why, and what to do.
        reason: String,
    },
    /// The database may not be emptied.
    ResetRefused {
        /// Why, and what to do.
        reason: String,
    },
    /// Migrations were edited after they had been applied.
    Edited {
        /// The files, with their folder.
        files: Vec<String>,
    },
    /// The database has migrations that this program does not know, while some of its own are not applied.
    UnknownVersions {
        /// The versions that this program does not know.
        versions: Vec<String>,
        /// The files that are not applied, with their folder.
        pending: Vec<String>,
    },
    /// Migrations that are not applied have a lower number than one that is.
    OutOfOrder {
        /// Their files, with their folder.
        files: Vec<String>,
        /// The highest version that is applied.
        highest: String,
    },
    /// The connection broke while migrations were applied.
    ConnectionLost {
        /// What was being done: `007_add_pets.sql ran`.
        doing: String,
        /// What that leaves behind, in a sentence; `None` where nothing was changed.
        state: Option<String>,
        /// The files that are applied and stay, in order.
        applied: Vec<String>,
        /// What the client library or the server said.
        failure: Box<Failure>,
    },
    /// The engine refused something that belongs to no migration: reading or writing the history, the lock.
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the engine said.
        failure: Box<Failure>,
    },
}

/// Why a connection was refused, as far as the message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody listens there, or the host's name is not known.
    Unreachable,
    /// The password is wrong or missing.
    Password,
    /// There is no database of that name.
    NoDatabase,
    /// There is no role of that name, or it may not log in.
    Role,
    /// The server takes no more connections just now, or is starting or stopping.
    Busy,
    /// Something else.
    Other,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process id of the server's side of the connection; `None` of a lease, which is bound to no connection.
    pub pid: Option<i32>,
    /// The `application_name` of that connection (on MySQL `user@host:port`), empty where it gave none; of a lease,
    /// `host:pid` of the owner.
    pub application: String,
    /// For how long that connection has been there; zero where the server does not say, and of a lease.
    pub connected: Duration,
    /// The SQL that ends that connection, where there is one.
    pub end: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pid) = self.pid else { return write!(f, "{}, by a lease", self.application) };
        write!(f, "process {pid}")?;
        if !self.application.is_empty() {
            write!(f, " ({})", self.application)?;
        }
        if self.connected.is_zero() { Ok(()) } else { write!(f, ", connected for {}", seconds(self.connected)) }
    }
}

/// What the engine said.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The message.
    pub message: String,
    /// What it added: PostgreSQL's DETAIL.
    pub detail: Option<String>,
    /// What it suggests: PostgreSQL's HINT.
    pub hint: Option<String>,
    /// Its five-character code, where the engine has such codes and says it.
    pub sqlstate: Option<String>,
    /// Its number, where the engine has such numbers and says it: MySQL's and MariaDB's `1146`.
    pub number: Option<u16>,
    /// The place in the text that was sent, in characters, counted from 1.
    pub position: Option<usize>,
    pub(crate) source: Option<diesel::result::Error>,
    /// The table that the engine names.
    pub(crate) table: Option<String>,
    /// What it means, where the backend knows better than the SQLSTATE.
    pub(crate) meaning: Option<Meaning>,
    pub(crate) cause: Cause,
}

/// What a failure means, whatever an engine's words and codes for it are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// What a statement makes is there.
    Exists,
    /// A column is not there.
    NoColumn,
    /// Others use what it needs.
    Locked,
    /// It met with another transaction.
    Conflict,
    /// It was cancelled, by somebody or by a limit.
    Cancelled,
    /// The role may not.
    Denied,
    /// Nobody may write.
    ReadOnly,
    /// The server has no room: disk, memory, connections.
    NoRoom,
    /// Rows do not bear it.
    Rows,
    /// Something else.
    Other,
}

/// What a failure comes of.
#[derive(Debug, Clone, Default)]
pub(crate) enum Cause {
    /// What was asked of the engine.
    #[default]
    Said,
    /// The connection is gone.
    Lost,
    /// Somebody else has the lock.
    Waited { waited: Duration, holder: Option<Holder> },
    /// Another process has applied the migration already.
    Overtaken,
    /// A session of the server is shared with other clients.
    Pooler,
    /// The lease has another owner.
    LeaseLost,
}

impl Failure {
    /// A failure that is none of diesel's.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            detail: None,
            hint: None,
            sqlstate: None,
            number: None,
            position: None,
            source: None,
            table: None,
            meaning: None,
            cause: Cause::Said,
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.cause, Cause::Lost)
    }

    /// Whether the same may go well a moment later: somebody had a lock, or two transactions met.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.cause, Cause::Said) && matches!(self.meaning(), Meaning::Locked | Meaning::Conflict)
    }

    pub(crate) fn meaning(&self) -> Meaning {
        let message = &self.message;
        self.meaning.unwrap_or_else(|| match self.sqlstate.as_deref().unwrap_or_default() {
            "42P07" => Meaning::Exists,
            "42703" => Meaning::NoColumn,
            "55P03" => Meaning::Locked,
            "40P01" | "40001" => Meaning::Conflict,
            "57014" => Meaning::Cancelled,
            "42501" => Meaning::Denied,
            "25006" => Meaning::ReadOnly,
            "53100" | "53200" | "53300" => Meaning::NoRoom,
            _ if message.starts_with("table ") && message.ends_with(" already exists") => Meaning::Exists,
            sqlstate if sqlstate.starts_with("23") || message.contains("constraint failed") => Meaning::Rows,
            _ => Meaning::Other,
        })
    }
}

impl From<diesel::result::Error> for Box<Failure> {
    fn from(error: diesel::result::Error) -> Self {
        Box::new(Failure::from(error))
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        let mut failure = match &error {
            Diesel::DatabaseError(kind, information) => Failure {
                detail: information.details().map(str::to_owned),
                hint: information.hint().map(str::to_owned),
                // diesel has read the code and keeps a kind; where a kind is one code alone it can be told.
                sqlstate: match kind {
                    Kind::UniqueViolation => Some("23505"),
                    Kind::ForeignKeyViolation => Some("23503"),
                    Kind::NotNullViolation => Some("23502"),
                    Kind::CheckViolation => Some("23514"),
                    Kind::RestrictViolation => Some("23001"),
                    Kind::ExclusionViolation => Some("23P01"),
                    Kind::ReadOnlyTransaction => Some("25006"),
                    Kind::SerializationFailure => Some("40001"),
                    _ => None,
                }
                .map(str::to_owned),
                position: information.statement_position().and_then(|position| usize::try_from(position).ok()),
                table: information.table_name().map(str::to_owned),
                cause: match kind {
                    Kind::ClosedConnection | Kind::UnableToSendCommand => Cause::Lost,
                    _ => Cause::Said,
                },
                ..Failure::new(information.message().trim_end())
            },
            other => Failure::new(other.to_string()),
        };
        failure.source = Some(error);
        failure
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

/// A statement that failed: which one, where, and what it leaves behind.
#[derive(Debug)]
#[non_exhaustive]
pub struct StatementError {
    /// The version of its migration.
    pub version: String,
    /// The file, with its folder.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// Which statement of the file, counted from 1; `None` where the commit failed behind the last one.
    pub statement: Option<usize>,
    /// How many statements the file has.
    pub statements: usize,
    /// What the engine said.
    pub failure: Failure,
    /// Whether the file ran in a transaction, and so left nothing behind.
    pub rolled_back: bool,
    /// The files that are applied and stay, in order.
    pub applied: Vec<String>,
    /// What else a person should know, and the ways on.
    pub advice: Vec<String>,
    pub(crate) snippet: Snippet,
}

impl Error {
    /// What the engine refused while `doing` something that belongs to no migration.
    pub(crate) fn database(doing: &'static str, failure: Box<Failure>) -> Error {
        Error::database_after(doing, failure, &[])
    }

    /// The same, where these files are applied already.
    pub(crate) fn database_after(doing: &'static str, failure: Box<Failure>, applied: &[String]) -> Error {
        let applied = || applied.to_vec();
        match failure.cause.clone() {
            Cause::Waited { waited, holder } => Error::LockWait { waited, holder },
            Cause::Pooler => Error::Pooler { applied: applied() },
            Cause::LeaseLost => Error::LeaseLost { applied: applied() },
            Cause::Lost => Error::ConnectionLost { doing: doing.to_owned(), state: None, applied: applied(), failure },
            Cause::Said | Cause::Overtaken => Error::Database { doing, failure },
        }
    }

    /// Whether the connection is gone, and the same may go well with a new one.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Error::ConnectionLost { .. })
    }

    /// A word for programs and for searching: it does not change when the text does.
    ///
    /// | code | of |
    /// |---|---|
    /// | `connection-refused`, `wrong-password`, `no-such-database`, `no-such-role`, `server-busy`, `connection-failed` | [`Error::Connection`] |
    /// | `setting-invalid` | [`Error::Setting`] |
    /// | `wrong-engine` | [`Error::WrongEngine`] |
    /// | `transaction-open` | [`Error::TransactionOpen`] |
    /// | `lock-wait` | [`Error::LockWait`] |
    /// | `transaction-pooler` | [`Error::Pooler`] |
    /// | `not-in-transaction` | [`Error::NotInTransaction`] |
    /// | `lease-lost` | [`Error::LeaseLost`] |
    /// | `stopped` | [`Error::Stopped`] |
    /// | `statement-failed` | [`Error::Statement`], [`Error::Failures`] |
    /// | `hook-failed` | [`Error::Hook`] |
    /// | `schema-incomplete` | [`Error::Schema`] |
    /// | `no-such-version` | [`Error::NoSuchVersion`] |
    /// | `irreversible` | [`Error::Irreversible`] |
    /// | `revert-failed` | [`Error::Revert`] |
    /// | `cannot-adopt` | [`Error::Adopt`] |
    /// | `reset-refused` | [`Error::ResetRefused`] |
    /// | `migration-edited` | [`Error::Edited`] |
    /// | `unknown-version` | [`Error::UnknownVersions`] |
    /// | `out-of-order` | [`Error::OutOfOrder`] |
    /// | `connection-lost` | [`Error::ConnectionLost`] |
    /// | `database` | [`Error::Database`] |
    pub fn code(&self) -> &'static str {
        match self {
            Error::Connection { reason, .. } => match reason {
                Refusal::Unreachable => "connection-refused",
                Refusal::Password => "wrong-password",
                Refusal::NoDatabase => "no-such-database",
                Refusal::Role => "no-such-role",
                Refusal::Busy => "server-busy",
                Refusal::Other => "connection-failed",
            },
            Error::Setting { .. } => "setting-invalid",
            Error::WrongEngine { .. } => "wrong-engine",
            Error::TransactionOpen => "transaction-open",
            Error::LockWait { .. } => "lock-wait",
            Error::Pooler { .. } => "transaction-pooler",
            Error::NotInTransaction { .. } => "not-in-transaction",
            Error::LeaseLost { .. } => "lease-lost",
            Error::Stopped { .. } => "stopped",
            Error::Statement(_) | Error::Failures { .. } => "statement-failed",
            Error::Hook { .. } => "hook-failed",
            Error::Schema { .. } => "schema-incomplete",
            Error::NoSuchVersion { .. } => "no-such-version",
            Error::Irreversible { .. } => "irreversible",
            Error::Revert { .. } => "revert-failed",
            Error::Adopt { .. } => "cannot-adopt",
            Error::ResetRefused { .. } => "reset-refused",
            Error::Edited { .. } => "migration-edited",
            Error::UnknownVersions { .. } => "unknown-version",
            Error::OutOfOrder { .. } => "out-of-order",
            Error::ConnectionLost { .. } => "connection-lost",
            Error::Database { .. } => "database",
        }
    }

    /// The engine's own code for it (SQLSTATE), where it has one and says it.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Error::Statement(error) => error.failure.sqlstate.as_deref(),
            Error::ConnectionLost { failure, .. } | Error::Database { failure, .. } | Error::Revert { failure, .. } => {
                failure.sqlstate.as_deref()
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connection { url, message, reason } => {
                write!(f, "cannot connect to {url}\n  = {}", indented(message))?;
                if let Some(advice) = reason.advice() {
                    write!(f, "\n  = next: {advice}")?;
                }
                Ok(())
            }
            Error::Setting { variable, value, expected } => {
                write!(f, "the environment variable {variable} is `{value}`\n  = it takes {expected}")
            }
            Error::WrongEngine { migrations, connection } => write!(
                f,
                "these migrations were checked for {migrations}, and this connection is to {connection}\n  \
                 = next: give the runner a connection to {migrations}, or set `backend = \"{}\"` for the folder",
                connection.as_str()
            ),
            Error::TransactionOpen => f.write_str(
                "the connection has a transaction open\n  \
                 = each migration needs a transaction of its own, and a commit here would commit what is not ours\n  \
                 = next: run the migrations on a connection of their own, before anything else uses it",
            ),
            Error::LockWait { waited, holder } => {
                write!(f, "another process is migrating this database; waited {} for it", seconds(*waited))?;
                if let Some(holder) = holder {
                    write!(f, "\n  = the lock is held by {holder}")?;
                }
                f.write_str("\n  = nothing was changed")?;
                f.write_str("\n  = next: start again when it is done, or wait longer (GLOWPLUG_LOCK_WAIT=5min)")?;
                if let Some(end) = holder.as_ref().and_then(|holder| holder.end.as_ref()) {
                    write!(f, "; if it hangs, end it: {end}")?;
                }
                Ok(())
            }
            Error::Statement(error) => error.fmt(f),
            Error::Pooler { applied } => {
                f.write_str(
                    "this connection goes through a transaction pooler, where sessions of the server are shared\
                     \n  = a lock that a session has would not keep anybody out",
                )?;
                write_applied_or_nothing(f, applied)?;
                f.write_str(
                    "\n  = next: connect to the server itself (with PgBouncer, its port in place of the pooler's), \
                     or say that there is a pooler (GLOWPLUG_MODE=pooled, or `.mode(Mode::Pooled)`)",
                )
            }
            Error::NotInTransaction { files } => write!(
                f,
                "{} cannot run in a transaction, and behind a transaction pooler nothing can run outside of one\
                 \n  = nothing was changed\
                 \n  = next: run the migrations once on a connection to the server itself, without GLOWPLUG_MODE=pooled",
                listed(files)
            ),
            Error::LeaseLost { applied } => {
                f.write_str(
                    "another process has taken the lease over, since this one had not renewed it in time\
                     \n  = what was running is rolled back, or was one statement that is done",
                )?;
                write_applied(f, applied)?;
                f.write_str("\n  = next: start again; what the other one applies is applied")
            }
            Error::Stopped { applied } => {
                f.write_str("the run was asked to end, and has")?;
                write_applied_or_nothing(f, applied)?;
                f.write_str("\n  = next: start again when it suits; it goes on from here")
            }
            Error::Failures { failures, applied } => {
                write!(f, "{} failed", counted(failures.len(), "migration"))?;
                for failure in failures {
                    write!(f, "\n\n{failure}")?;
                }
                f.write_str("\n")?;
                write_applied(f, applied)
            }
            Error::Hook { when, error, applied } => {
                write!(f, "the hook {when} failed: {}", indented(&error.to_string()))?;
                write_applied_or_nothing(f, applied)?;
                f.write_str("\n  = next: correct what the hook needs, and start again")
            }
            Error::Schema { tables, columns } => {
                f.write_str("the database is not what the migrations make")?;
                if !tables.is_empty() {
                    write!(f, "\n  = missing tables: {}", listed(tables))?;
                }
                if !columns.is_empty() {
                    write!(f, "\n  = missing columns: {}", listed(columns))?;
                }
                f.write_str(
                    "\n  = somebody dropped or renamed them by hand, or they are in a schema that search_path does not name\
                     \n  = next: restore them, or write a migration that makes them again; GLOWPLUG_VERIFY=warn starts all the same",
                )
            }
            Error::NoSuchVersion { version, last } => {
                write!(f, "this program has no migration {version}")?;
                match last {
                    Some(last) => {
                        write!(f, "\n  = its last one is {last}\n  = next: name one of its versions, as the file does")
                    }
                    None => f.write_str("\n  = it has none at all"),
                }
            }
            Error::Irreversible { files } => write!(
                f,
                "{} cannot be taken back: there is no file that does it\
                 \n  = nothing was changed\
                 \n  = next: write {} (and build again), or write a migration that undoes it",
                listed(files),
                files.iter().map(|file| down_file(file)).collect::<Vec<_>>().join(", ")
            ),
            Error::Revert { file, reverted, rolled_back, failure } => {
                write!(f, "{file} could not be taken back: {}", indented(&failure.message))?;
                write_failure(f, failure)?;
                f.write_str(if *rolled_back {
                    "\n  = it is applied still; its whole file was rolled back"
                } else {
                    "\n  = it counts as applied still; what stands before the statement that failed is done and stays"
                })?;
                if !reverted.is_empty() {
                    write!(f, "\n  = taken back before it: {}", listed(reverted))?;
                }
                f.write_str("\n  = next: correct the file that takes it back, build, and start again")
            }
            Error::Adopt { reason } => write!(f, "the history of another tool cannot be taken over\n  = {reason}"),
            Error::ResetRefused { reason } => {
                write!(f, "the database is not emptied\n  = {reason}\n  = nothing was changed")
            }
            Error::Edited { files } => {
                match files.as_slice() {
                    [file] => write!(f, "{file} was edited after it had been applied")?,
                    files => {
                        write!(f, "{} migrations were edited after they had been applied", files.len())?;
                        for file in files {
                            write!(f, "\n  - {file}")?;
                        }
                    }
                }
                f.write_str(
                    "\n  = the database has what the file said before: the edit would never reach it\
                     \n  = nothing was changed\
                     \n  = next: restore the file as it was applied, or restore it and write the next migration with the difference",
                )
            }
            Error::UnknownVersions { versions, pending } => {
                write!(
                    f,
                    "the database has {} that this program does not know, and {} of this program's {} not applied\
                     \n  = unknown: {}\
                     \n  = not applied: {}\
                     \n  = the two histories have parted; applying one on top of the other is not what either was tested for\
                     \n  = nothing was changed\
                     \n  = next: add the missing files to the folder (another branch has them?) and build again, or start the version that has them; \
                     GLOWPLUG_OUT_OF_ORDER=allow applies ours all the same",
                    counted(versions.len(), "migration"),
                    pending.len(),
                    if pending.len() == 1 { "is" } else { "are" },
                    listed(versions),
                    listed(pending),
                )
            }
            Error::OutOfOrder { files, highest } => {
                write!(
                    f,
                    "{} not applied, though {highest} is\
                     \n  = a database that was built anew would run {} first, this one last: the two could differ\
                     \n  = nothing was changed\
                     \n  = next: give {} a number above {highest}, or allow it (GLOWPLUG_OUT_OF_ORDER=allow, or `.out_of_order(OutOfOrder::Allow)`)",
                    match files.as_slice() {
                        [file] => format!("{file} is"),
                        files => format!("{} are", listed(files)),
                    },
                    if files.len() == 1 { "it" } else { "them" },
                    if files.len() == 1 { "it" } else { "each" },
                )
            }
            Error::ConnectionLost { doing, state, applied, failure } => {
                write!(f, "the connection to the database was lost while {doing}\n  = {}", indented(&failure.message))?;
                match state {
                    Some(state) => {
                        write!(f, "\n  = {state}")?;
                        write_applied(f, applied)?;
                    }
                    None => write_applied_or_nothing(f, applied)?,
                }
                f.write_str("\n  = next: start again when the database is back")
            }
            Error::Database { doing, failure } => {
                write!(f, "{doing}: {}", indented(&failure.message))?;
                write_failure(f, failure)?;
                match failure.meaning() {
                    Meaning::Denied => f.write_str(
                        "\n  = next: give the role the right (GRANT CREATE ON SCHEMA … TO …), \
                         or run the migrations as the role that owns the tables",
                    ),
                    Meaning::NoColumn => f.write_str(
                        "\n  = the tables of the history are not as this crate makes them: somebody altered them by hand\
                         \n  = next: restore the column; or rename __glowplug_history away and repair, which records anew what is applied",
                    ),
                    Meaning::ReadOnly => f.write_str(
                        "\n  = a standby, a file that may not be written to, or somebody has said so for the role or the database\
                         \n  = next: migrate where it may be written to; who needs nothing applied starts here all the same",
                    ),
                    Meaning::NoRoom => f.write_str(
                        "\n  = next: give the server room (disk, memory, connections), and start again",
                    ),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.rsplit('/').next().unwrap_or(&self.file);
        let short = if matches!(name, "up.sql" | "migration.sql") { self.file.as_str() } else { name };
        writeln!(f, "migration {short} failed: {}", indented(&self.failure.message))?;
        write!(f, "{}", self.snippet.show(&self.file, self.line, self.column))?;
        match self.statement {
            Some(statement) => write!(f, "\n  = statement {statement} of {}", self.statements)?,
            None => write!(f, "\n  = at COMMIT, after statement {} of {0}", self.statements)?,
        }
        f.write_str(if self.rolled_back { "; all of the file is rolled back" } else { "" })?;
        write_failure(f, &self.failure)?;
        if !self.rolled_back {
            match self.statement {
                Some(1) => f.write_str("\n  = the file cannot run in a transaction; nothing of it is done")?,
                Some(statement) => write!(
                    f,
                    "\n  = the file cannot run in a transaction; its first {}",
                    match statement - 1 {
                        1 => "statement is done and stays".to_owned(),
                        done => format!("{done} statements are done and stay"),
                    }
                )?,
                None => {}
            }
        }
        write_applied(f, &self.applied)?;
        for advice in &self.advice {
            write!(f, "\n  = {advice}")?;
        }
        Ok(())
    }
}

fn write_applied(f: &mut fmt::Formatter<'_>, applied: &[String]) -> fmt::Result {
    match applied {
        [] => f.write_str("\n  = no migration is applied"),
        [only] => write!(f, "\n  = {only} is applied and stays"),
        [first, .., last] => write!(f, "\n  = {first} … {last} are applied and stay ({})", applied.len()),
    }
}

fn write_applied_or_nothing(f: &mut fmt::Formatter<'_>, applied: &[String]) -> fmt::Result {
    if applied.is_empty() { f.write_str("\n  = nothing was changed") } else { write_applied(f, applied) }
}

/// The file that would take another one back, in the layout of that one.
fn down_file(file: &str) -> String {
    match file.strip_suffix("/up.sql") {
        Some(folder) => format!("{folder}/down.sql"),
        None => format!("{}.down.sql", file.trim_end_matches(".sql").trim_end_matches(".up")),
    }
}

fn write_failure(f: &mut fmt::Formatter<'_>, failure: &Failure) -> fmt::Result {
    match (failure.number, &failure.sqlstate) {
        (Some(number), Some(sqlstate)) => write!(f, "\n  = error {number}, SQLSTATE {sqlstate}")?,
        (None, Some(sqlstate)) => write!(f, "\n  = SQLSTATE {sqlstate}")?,
        (Some(number), None) => write!(f, "\n  = error {number}")?,
        (None, None) => {}
    }
    if let Some(detail) = &failure.detail {
        write!(f, "\n  = detail: {}", indented(detail))?;
    }
    if let Some(hint) = &failure.hint {
        write!(f, "\n  = hint: {}", indented(hint))?;
    }
    Ok(())
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Statement(error) => Some(&error.failure),
            Error::ConnectionLost { failure, .. } | Error::Database { failure, .. } | Error::Revert { failure, .. } => {
                Some(&**failure)
            }
            Error::Hook { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

impl Refusal {
    /// What kind of refusal a message of libpq, the server or SQLite tells of. libpq hands on text alone; a server
    /// that speaks another language than English ends in `Other`.
    pub(crate) fn of(message: &str) -> Refusal {
        let has = |part: &str| message.contains(part);
        if has("password authentication failed")
            || has("no password supplied")
            || has("Access denied for user") && has("using password")
        {
            Refusal::Password
        } else if has("database \"") && has("does not exist")
            || has("unable to open database file")
            || has("Unknown database '")
        {
            Refusal::NoDatabase
        } else if has("role \"") && (has("does not exist") || has("is not permitted to log in"))
            || has("is not allowed to connect to this")
            || has("Access denied for user")
        {
            Refusal::Role
        } else if has("too many clients")
            || has("is starting up")
            || has("is shutting down")
            || has("slots are reserved")
            || has("Too many connections")
            || has("active connections")
        {
            Refusal::Busy
        } else if has("Connection refused")
            || has("could not translate host name")
            || has("No such file or directory")
            || has("timeout expired")
            || has("Connection timed out")
            || has("No route to host")
            || has("Network is unreachable")
            // libmysqlclient, libmariadb
            || has("Can't connect to")
            || has("server host '")
            || has("Lost connection to")
        {
            Refusal::Unreachable
        } else {
            Refusal::Other
        }
    }

    fn advice(self) -> Option<&'static str> {
        match self {
            Refusal::Unreachable => Some("is the server started, and are host and port those of the URL?"),
            Refusal::Password => Some(
                "correct the password in the URL (DATABASE_URL?); in a URL, a character such as @ : / is written as %40 %3A %2F",
            ),
            Refusal::NoDatabase => Some(
                "create the database (createdb NAME, or the folder of the file for SQLite), or correct its name in the URL",
            ),
            Refusal::Role => Some("create the role, or correct the user in the URL"),
            Refusal::Busy => Some("start again in a moment"),
            Refusal::Other => None,
        }
    }
}

/// Text of several lines, so that each further line stands below the first.
fn indented(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n    ")
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Names in a row; of many, the first ten.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = names.iter().take(10).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > 10 {
        let _ = write!(text, " and {} more", names.len() - 10);
    }
    text
}

/// A duration as a log wants it: `3 ms`, `1.5 s`, `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis @ 1000..60_000 if millis % 1000 == 0 => format!("{} s", millis / 1000),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}
