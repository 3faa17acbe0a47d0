//! Runs a command beside throwaway servers, which end with it: `with-servers cargo test --workspace`.
//!
//! The command finds the servers through the environment, as the harness does; its exit code is the answer.

use std::process::{Command, ExitCode};

use glowplug_tests::PostgresServer;
use glowplug_tests::postgres::URL_VARIABLE;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-servers COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let server = match PostgresServer::start() {
        Ok(server) => server,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    eprintln!("PostgreSQL {} for the tests answers", server.major());
    let status = Command::new(&program).args(arguments).env(URL_VARIABLE, server.url()).status();
    drop(server);
    match status {
        // A command that a signal ended has no code.
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
