//! The command line of a service's migrations: for the person who deploys it, and for the night when something is wrong.
//!
//! A service mounts [`Migrate`] as a subcommand of its own, or has a program of its own for it with [`main`]. Either way
//! it is the compiled list that is worked on: no folder has to be shipped.
//!
//! ```no_run
//! # use glowplug::{Engine, Migrations};
//! # mod migrations { use glowplug::*; pub static MIGRATIONS: Migrations = Migrations {
//! #     engine: Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] }; }
//! fn main() -> std::process::ExitCode {
//!     glowplug::cli::main(&migrations::MIGRATIONS)
//! }
//! ```
//!
//! # Exit codes
//!
//! They stay the same from version to version.
//!
//! | code | says |
//! |---|---|
//! | 0 | done; of `health` healthy, of `verify` all is as it was compiled |
//! | 1 | a migration failed, or the database refused something |
//! | 2 | the command cannot be done as it was given: an argument, a setting, a missing `--yes` |
//! | 3 | the database cannot be reached, or does not let the program in |
//! | 4 | another process was migrating for longer than this one was to wait |
//! | 5 | refused before anything ran: an edited file, an unknown version, the order, a pooler, production |
//! | 6 | the database is not what the program was built for (`verify`, `health`) |
//! | 7 | the question was answered with no |
//! | 130 | ended by a signal |

mod ask;
mod command;
mod output;
mod progress;

use crate::connection::{Connection, redact_url};
use crate::error::Error;
use crate::migration::{Engine, Migrations};
use crate::runner::Runner;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use output::{Answer, Stop};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// The subcommands, to be mounted in a service's own command line.
///
/// ```
/// # use glowplug::{Engine, Migrations};
/// # mod migrations { use glowplug::*; pub static MIGRATIONS: Migrations = Migrations {
/// #     engine: Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] };
/// #     pub fn runner() -> Runner { Runner::new(&MIGRATIONS) } }
/// use clap::Parser as _;
///
/// #[derive(clap::Parser)]
/// struct Service {
///     #[command(subcommand)]
///     command: Option<Command>,
/// }
///
/// #[derive(clap::Subcommand)]
/// enum Command {
///     /// Look at the migrations, and run them
///     Migrations(glowplug::cli::Migrate),
/// }
///
/// fn start() -> std::process::ExitCode {
///     match Service::parse().command {
///         Some(Command::Migrations(migrate)) => migrate.run(migrations::runner()),
///         None => std::process::ExitCode::SUCCESS, // serve
///     }
/// }
/// ```
#[derive(Debug, Clone, Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// The database: postgres://user:password@host/name, mysql://…, or the path of a SQLite file
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print the answer as JSON on stdout, errors too
    #[arg(long, global = true)]
    json: bool,
    /// Do not ask before something that cannot be undone
    #[arg(long, short, global = true)]
    yes: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Say where each migration stands
    Status,
    /// Print the SQL that `run` would send; changes nothing
    Plan(To),
    /// Apply what is pending
    Run(Run),
    /// Say whether all is applied, unedited and there; exit code 6 if not
    Verify,
    /// List every attempt that was made, the oldest first
    History {
        /// Of this version alone
        version: Option<String>,
    },
    /// Show one migration: its state, its attempts, what was proved of it, its SQL
    Show {
        /// Its version; a number is enough
        version: String,
    },
    /// Take back what is applied behind a version, the last one first
    Revert {
        /// The version to end with; 0 takes back everything
        #[arg(long, value_name = "VERSION")]
        to: String,
    },
    /// Record all up to a version as applied, without running them
    Baseline {
        /// The last version that the database has already
        version: String,
    },
    /// Record as applied what another tool has applied: sqlx, refinery, golang-migrate, Flyway, Alembic
    Adopt,
    /// Mend the history: end attempts whose process is gone, record what another tool applied
    Repair {
        /// Accept that this version's file was edited after it had been applied
        #[arg(long, value_name = "VERSION")]
        accept: Vec<String>,
    },
    /// Drop everything and apply all anew; refused in production
    Reset {
        /// The name of the database, instead of typing it when asked
        #[arg(long, value_name = "NAME")]
        database: Option<String>,
    },
    /// Say whether the database is what the program was built for; exit codes 0, 6, and 3 where it does not answer
    Health,
    /// Wait until the database answers
    Wait {
        /// For at most this long
        #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
        up_to: Duration,
    },
}

#[derive(Debug, Clone, Args)]
struct To {
    /// End with this version, and leave those behind it
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
}

#[derive(Debug, Clone, Args)]
struct Run {
    #[command(flatten)]
    to: To,
    /// Wait for a database that is starting, for at most this long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
}

/// Seconds, or with a unit.
fn duration(text: &str) -> Result<Duration, String> {
    crate::settings::parse_duration(text).ok_or_else(|| "a duration is `90` (seconds), `500ms` or `2min`".to_owned())
}

/// The program that is nothing else.
#[derive(Parser)]
#[command(
    about = "The migrations that are compiled into this program",
    after_help = "Settings of a run are environment variables: GLOWPLUG_LOCK_WAIT, GLOWPLUG_LOCK_TIMEOUT, \
                  GLOWPLUG_STATEMENT_TIMEOUT, GLOWPLUG_RETRIES, GLOWPLUG_OUT_OF_ORDER, GLOWPLUG_ON_FAILURE, \
                  GLOWPLUG_MODE, GLOWPLUG_LOCK, GLOWPLUG_VERIFY.\n\n\
                  Exit codes: 0 done, 1 failed, 2 not understood, 3 no database, 4 another one is migrating, \
                  5 refused before anything ran, 6 not as compiled, 7 answered no, 130 ended by a signal."
)]
struct Program {
    #[command(subcommand)]
    command: ProgramCommand,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum ProgramCommand {
    #[command(flatten)]
    Migrate(Command),
    /// Print the completions for a shell
    Completions {
        /// Which one
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
}

/// A program that does nothing else: reads the arguments of this process, does what they say, and answers the exit code.
///
/// Takes `&MIGRATIONS`, or what `runner()` answers where there are settings to keep.
pub fn main(migrations: impl Into<Runner>) -> ExitCode {
    let name = std::env::args_os()
        .next()
        .and_then(|path| std::path::Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| "migrate".to_owned());
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => {
            // As clap does it, but for a closed pipe. Help and version are no errors.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = std::io::stdout().lock();
    // A reader that has seen enough is no failure.
    let _ = match program.command {
        ProgramCommand::Migrate(command) => {
            drop(out);
            return Migrate { command, common: program.common }.run(migrations);
        }
        ProgramCommand::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Program::command(), name, &mut text);
            out.write_all(&text)
        }
        ProgramCommand::Man => clap_mangen::Man::new(Program::command().name(name)).render(&mut out),
    };
    ExitCode::SUCCESS
}

impl Migrate {
    /// Does what the arguments say, prints the answer, and answers the exit code.
    ///
    /// Takes `&MIGRATIONS`, or what `runner()` answers where there are settings to keep.
    pub fn run(self, migrations: impl Into<Runner>) -> ExitCode {
        let runner = migrations.into();
        let answer = self.answer(&runner);
        ExitCode::from(output::print(answer, self.common.json))
    }

    fn answer(&self, runner: &Runner) -> Result<Answer, Stop> {
        let Some(url) = self.common.database_url.as_deref().filter(|url| !url.is_empty()) else {
            return Err(Stop::usage(
                "which database? Say `--database-url URL`, or set DATABASE_URL in the environment",
            ));
        };
        match runner.migrations.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.with::<diesel::PgConnection>(runner, url),
            #[cfg(feature = "mysql")]
            Engine::Mysql => self.with::<diesel::MysqlConnection>(runner, url),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => self.with::<diesel::SqliteConnection>(runner, url),
            #[allow(unreachable_patterns)]
            other => Err(Stop::usage(format!(
                "this program was built without a connection to {other}: glowplug's feature `{}` is off",
                other.as_str()
            ))),
        }
    }

    fn with<C: Connection + diesel::Connection>(&self, runner: &Runner, url: &str) -> Result<Answer, Stop> {
        command::Context::<C>::new(runner, url, &self.common).run(&self.command)
    }
}

impl From<&'static Migrations> for Runner {
    fn from(migrations: &'static Migrations) -> Self {
        Runner::new(migrations)
    }
}

/// The exit code that says what went wrong, as the [table](self#exit-codes) has it; for a `main` of your own.
pub fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Connection { .. } => 3,
        Error::LockWait { .. } => 4,
        Error::Stopped { .. } => 130,
        Error::Setting { .. } | Error::WrongEngine { .. } | Error::NoSuchVersion { .. } => 2,
        Error::Edited { .. }
        | Error::UnknownVersions { .. }
        | Error::OutOfOrder { .. }
        | Error::NotInTransaction { .. }
        | Error::Irreversible { .. }
        | Error::ResetRefused { .. }
        | Error::Adopt { .. }
        | Error::Pooler { .. } => 5,
        Error::Schema { .. } => 6,
        _ => 1,
    }
}

/// A database as it is shown to a person: its name, and how it is reached, without the password.
fn shown(name: &str, url: &str) -> String {
    let url = redact_url(url);
    if name == url { format!("`{name}`") } else { format!("`{name}` ({url})") }
}
