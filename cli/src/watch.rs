//! `cargo glowplug check --watch`: again whenever a file changes.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use glowplug_analysis::{Config, Sources};
use notify::{RecursiveMode, Watcher};

use crate::{Failure, Outcome};

/// An editor writes a file in several steps: so long nothing must have happened.
const QUIET: Duration = Duration::from_millis(60);

/// But whatever happens, so long is not waited.
const AT_MOST: Duration = Duration::from_secs(1);

/// Reads, and shows, until the program is interrupted or nobody reads what it writes.
pub(crate) fn watch(
    directory: &Path,
    read: impl Fn() -> Result<(Config, Sources), Failure>,
    show: impl Fn(Config, Sources) -> String,
) -> Outcome {
    if !directory.is_dir() {
        read()?;
    }
    let (sender, changes) = mpsc::channel();
    // That a file was opened and read is an event as well, and it is we who do it.
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = sender.send(());
        }
    })
    .map_err(|error| cannot(directory, &error))?;

    // The folder may be taken away and come back (git does so): its parent tells.
    let parent = directory.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(parent, RecursiveMode::NonRecursive).map_err(|error| cannot(parent, &error))?;
    eprintln!("watching `{}`; Ctrl-C ends it", directory.display());
    let mut last = None;
    loop {
        // Before it is read, so that no change falls between. What is not there is told of by the reading.
        let _ = watcher.watch(directory, RecursiveMode::Recursive);
        let now = read();
        if let Ok((config, _)) = &now {
            for folder in folders_besides(directory, config) {
                let _ = watcher.watch(&folder, RecursiveMode::Recursive);
            }
        }
        if last.as_ref() != Some(&now) {
            if io::stdout().is_terminal() {
                // The screen, what scrolled out of it, and to the top.
                crate::write("\x1b[2J\x1b[3J\x1b[H")?;
            }
            match now.clone() {
                Ok((config, sources)) => {
                    if !crate::write(&show(config, sources))? {
                        return Ok(true);
                    }
                }
                Err(failure) => failure.print(),
            }
            last = Some(now);
        }
        if !wait(&changes) {
            return Err(Failure::Said(format!("`{}` cannot be watched any longer", directory.display())));
        }
    }
}

/// Sleeps until something changed and is quiet again. `false`: nothing will ever be told.
fn wait(changes: &Receiver<()>) -> bool {
    if changes.recv().is_err() {
        return false;
    }
    let began = Instant::now();
    while began.elapsed() < AT_MOST && changes.recv_timeout(QUIET).is_ok() {}
    true
}

/// Where else files lie that were read.
fn folders_besides(directory: &Path, config: &Config) -> Vec<PathBuf> {
    let preamble = config.preamble.iter().filter_map(|file| Some(directory.join(&file.path).parent()?.to_owned()));
    preamble.chain(config.parity.iter().map(|parity| directory.join(&parity.path))).collect()
}

fn cannot(path: &Path, error: &notify::Error) -> Failure {
    Failure::Said(format!("`{}` cannot be watched: {error}", path.display()))
}
