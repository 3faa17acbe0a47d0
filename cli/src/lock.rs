//! `cargo glowplug lock`, and what `new` does for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use glowplug_analysis::diagnostics::render::render;
use glowplug_analysis::lock::{Sealed, Step, StepKind, seal};
use glowplug_analysis::sources::LOCK_FILE;
use glowplug_analysis::{Analysis, Diagnostic, analyze};

use crate::{Failure, Folder, Outcome};

#[derive(Args)]
pub(crate) struct Lock {
    /// The folder of migrations
    #[arg(value_name = "DIR", default_value = "migrations")]
    directory: PathBuf,
    #[command(flatten)]
    folder: Folder,
    /// Seal this migration as it is now, though it was sealed as something else; or let go of one that was deleted
    #[arg(long, value_name = "VERSION")]
    accept: Vec<String>,
    /// Write nothing; exit with 1 where there would be something to write
    #[arg(long)]
    check: bool,
}

impl Lock {
    pub(crate) fn run(self) -> Outcome {
        let (config, sources) = self.folder.read(&self.directory)?;
        let analysis = analyze(sources, &config);
        let accept: Vec<&str> = self.accept.iter().map(String::as_str).collect();
        let sealed = sealed(&analysis, &self.directory, &accept, &[])?;
        if !sealed.refused.is_empty() {
            crate::print(&shown(&sealed.refused, &analysis, &self.directory, &io::stdout()))?;
            crate::print(&format!("\n\n{LOCK_FILE} is left as it is\n"))?;
            return Ok(false);
        }
        let known = |version: &&&str| sealed.steps.iter().any(|step| named(step, version));
        if let Some(unknown) = accept.iter().find(|version| !known(version)) {
            return Err(Failure::Said(format!("--accept: there is nothing to accept of {unknown}")));
        }
        let at = self.directory.join(LOCK_FILE);
        let there = analysis.sources.lock.is_some();
        let mut text: String = sealed.steps.iter().map(|step| line(step, self.check)).collect();
        let due = !sealed.steps.is_empty() || !there;
        text += &match (due, self.check) {
            (false, _) => format!("{}: nothing to do\n", at.display()),
            (true, true) => format!("{}: `cargo glowplug lock` has something to do\n", at.display()),
            (true, false) => format!("{}: written\n", at.display()),
        };
        if due && !self.check {
            write(&self.directory, &sealed)?;
        }
        crate::print(&text)?;
        Ok(!(due && self.check))
    }
}

/// The lock of a folder, written anew but not to the disk.
pub(crate) fn sealed(
    analysis: &Analysis,
    directory: &Path,
    accept: &[&str],
    open: &[(&str, &str)],
) -> Result<Sealed, Failure> {
    seal(analysis.sources.lock.as_ref(), &analysis.migrations, accept, open)
        .map_err(|diagnostics| Failure::Shown(shown(&diagnostics, analysis, directory, &io::stderr())))
}

/// Whole or not at all: a line that is cut off is no line.
pub(crate) fn write(directory: &Path, sealed: &Sealed) -> Result<(), Failure> {
    let (at, own) = (directory.join(LOCK_FILE), directory.join(format!(".{LOCK_FILE}.{}", std::process::id())));
    fs::write(&own, &sealed.text).and_then(|()| fs::rename(&own, &at)).map_err(|error| {
        let _ = fs::remove_file(&own);
        Failure::Said(format!("cannot write `{}`: {error}", at.display()))
    })
}

pub(crate) fn shown(
    diagnostics: &[Diagnostic],
    analysis: &Analysis,
    directory: &Path,
    stream: &impl anstream::stream::RawStream,
) -> String {
    let options = crate::options(directory, stream);
    let pages: Vec<String> = diagnostics.iter().map(|d| render(d, &analysis.sources, &options)).collect();
    pages.join("\n\n")
}

fn named(step: &Step, version: &str) -> bool {
    let plain = |text: &str| text.replace('-', "").trim_start_matches('0').to_owned();
    plain(&step.version) == plain(version)
}

fn line(step: &Step, would: bool) -> String {
    let what = match (step.kind, would) {
        (StepKind::Sealed, false) => "sealed",
        (StepKind::Sealed, true) => "not sealed yet",
        (StepKind::Opened, _) => "open",
        (StepKind::Accepted, _) => "was something else, sealed as it is now",
        (StepKind::Dropped, _) => "gone, its line taken out",
        (StepKind::Followed, _) => "tied to the line before it",
    };
    format!("{} {}: {what}\n", step.version, step.name)
}
