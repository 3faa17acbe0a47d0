//! The command line of the migrations of a folder, as a service has it: what its tests start.
//!
//! `GLOWPLUG_TEST_FOLDER` names the folder; the arguments are `glowplug::cli`'s.

use std::path::PathBuf;
use std::process::ExitCode;

use glowplug_tests::folder::compiled;

fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::var_os("GLOWPLUG_TEST_FOLDER").unwrap_or_default());
    match compiled(&folder) {
        Ok(migrations) => glowplug::cli::main(migrations),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
