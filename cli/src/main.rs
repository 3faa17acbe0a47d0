//! `cargo glowplug`: SQL migrations written and checked without a database.
//!
//! Exit codes: 0 clean (warnings allowed), 1 errors in the migrations, 2 the command could not be understood or done.

mod check;
mod explain;
mod github;
mod init;
mod lock;
mod new;
mod pages;
mod place;
mod sarif;
mod schema;
mod watch;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use glowplug_analysis::config::{CONFIG_FILE, Config};
use glowplug_analysis::diagnostics::render::{RenderOptions, render};
use glowplug_analysis::{Backend, Sources};

#[derive(Parser)]
#[command(
    name = "cargo glowplug",
    bin_name = "cargo glowplug",
    version,
    about = "SQL migrations, checked without a database",
    after_help = "Settings are read from glowplug.toml in the folder of migrations.\n\
                  Exit codes: 0 all is well (warnings allowed), 1 errors in the migrations, 2 it could not be done."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what would fail, break on a second run, or lock
    Check(check::Check),
    /// Print the page of a rule; without one, list the rules
    Explain(explain::Explain),
    /// Prepare this crate for migrations, new ones or those that are there; overwrites nothing
    Init(init::Init),
    /// Seal the migrations in glowplug.lock, so that a later edit of one fails the build
    Lock(lock::Lock),
    /// Write the next migration's file, named as the others are
    New(new::New),
    /// Print what the schema will be once every migration is applied
    Schema(schema::Schema),
    /// Print a script that completes commands and options in a shell
    Completions(pages::Completions),
    /// Print the manual page
    Man(pages::Man),
}

/// Which migrations, and for which engine.
#[derive(Args)]
struct Folder {
    /// The engine, where glowplug.toml does not say it: postgres, sqlite, mysql or mariadb
    #[arg(long, value_name = "BACKEND", value_parser = backend)]
    backend: Option<Backend>,
}

fn backend(name: &str) -> Result<Backend, String> {
    Backend::from_name(name).ok_or_else(|| {
        let all = Backend::ALL.map(Backend::as_str).join(", ");
        format!("{}; there are {all}", Backend::explain_unknown(name))
    })
}

impl Folder {
    /// The folder's settings, and its files.
    fn read(&self, directory: &Path) -> Result<(Config, Sources), Failure> {
        let sources = Sources::read(directory).map_err(Failure::new)?;
        let config = match Config::load_for(directory, self.backend) {
            Ok(Some(config)) => config,
            Ok(None) => match self.backend {
                Some(backend) => Config::new(backend),
                None => {
                    let file = directory.join(CONFIG_FILE);
                    return Err(Failure::Said(format!(
                        "which engine is `{}` for? Write `backend = \"postgres\"` (or \"sqlite\") into {}, or say \
                         `--backend postgres` (or sqlite)",
                        directory.display(),
                        file.display()
                    )));
                }
            },
            Err(error) => {
                let mut shown = Sources::default();
                shown.attach(*error.file);
                let options = options(directory, &io::stderr());
                let pages: Vec<String> = error.diagnostics.iter().map(|d| render(d, &shown, &options)).collect();
                return Err(Failure::Shown(pages.join("\n\n")));
            }
        };
        Ok((config, sources))
    }
}

/// How diagnostics look on a stream.
fn options(directory: &Path, stream: &impl anstream::stream::RawStream) -> RenderOptions {
    let mut prefix = directory.display().to_string();
    if !prefix.is_empty() && !prefix.ends_with(std::path::is_separator) {
        prefix.push('/');
    }
    let color = anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never;
    RenderOptions { path_prefix: prefix, color, ..RenderOptions::default() }
}

/// Why a command could not be done at all: exit code 2.
#[derive(Clone, PartialEq)]
enum Failure {
    /// A sentence.
    Said(String),
    /// Diagnostics, rendered.
    Shown(String),
}

impl Failure {
    fn new(error: impl Display) -> Self {
        Self::Said(error.to_string())
    }

    fn print(self) {
        // Where stderr is closed there is nobody to tell.
        let _ = match self {
            Self::Said(message) => writeln!(io::stderr(), "error: {message}"),
            Self::Shown(text) => writeln!(io::stderr(), "{text}"),
        };
    }
}

/// What a command answers: whether all was well.
type Outcome = Result<bool, Failure>;

/// `1 migration`, `2 migrations`.
fn migrations(count: usize) -> String {
    format!("{count} migration{}", if count == 1 { "" } else { "s" })
}

/// Writes to stdout. Who reads it may have seen enough: a closed pipe is no failure.
fn print(text: &str) -> Result<(), Failure> {
    write(text).map(drop)
}

/// Writes to stdout; `false` where nobody reads it any longer.
fn write(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Said(format!("cannot write the answer: {error}"))),
    }
}

fn main() -> ExitCode {
    // `cargo glowplug check` runs `cargo-glowplug glowplug check`.
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|a| a == "glowplug") {
        arguments.remove(1);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for: 0. Everything else: 2. As clap does, but for the closed pipe.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match cli.command {
        Command::Check(check) => check.run(),
        Command::Completions(completions) => completions.run(),
        Command::Explain(explain) => explain.run(),
        Command::Init(init) => init.run(),
        Command::Lock(lock) => lock.run(),
        Command::Man(man) => man.run(),
        Command::New(new) => new.run(),
        Command::Schema(schema) => schema.run(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            failure.print();
            ExitCode::from(2)
        }
    }
}
