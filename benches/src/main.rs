//! glowplug beside its peers and beside the floor: what no tool can be faster than.
//!
//! `compare [--quick | --rounds N | --count]` prints the tables; `benches/run` builds it and gives it a server. Each contender runs as a process
//! of its own, `compare contender NAME FOLDER URL`, and times itself from before it connects until everything is applied.

mod compare;
mod contenders;
mod generate;
mod turns;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["contender", name, folder, url] => contenders::run(name, folder.as_ref(), url),
        [] => compare::compare(&compare::Extent::full(7)),
        ["--rounds", rounds] if rounds.parse().is_ok_and(|rounds: usize| rounds > 0) => {
            compare::compare(&compare::Extent::full(rounds.parse().unwrap_or(1)))
        }
        ["--count"] => compare::compare(&compare::Extent::counted()),
        ["--quick"] => compare::compare(&compare::Extent::quick()),
        _ => Err("usage: compare [--quick | --rounds N | --count] | compare contender NAME FOLDER URL".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
