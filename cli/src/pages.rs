//! `cargo glowplug completions` and `cargo glowplug man`.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::{Cli, Failure, Outcome};

/// What a shell calls it.
const PROGRAM: &str = "cargo-glowplug";

fn command() -> Command {
    Cli::command().name(PROGRAM).display_name(PROGRAM).disable_help_subcommand(true)
}

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), PROGRAM, &mut script);
        crate::print(&String::from_utf8_lossy(&script))?;
        Ok(true)
    }
}

#[derive(Args)]
pub(crate) struct Man {
    /// Write a page for each command into this folder, instead of the first one to the terminal
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Outcome {
        match self.dir {
            Some(folder) => {
                let written = clap_mangen::generate_to(command(), &folder);
                written.map_err(|error| Failure::Said(format!("cannot write into `{}`: {error}", folder.display())))?;
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command()).render(&mut page).map_err(Failure::new)?;
                crate::print(&String::from_utf8_lossy(&page))?;
            }
        }
        Ok(true)
    }
}
