//! `cargo glowplug schema`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glowplug_analysis::diagnostics::render::render;
use glowplug_analysis::{Group, Level, analyze, rules, schema};

use crate::{Folder, Outcome};

#[derive(Args)]
pub(crate) struct Schema {
    /// The folder of migrations
    #[arg(value_name = "DIR", default_value = "migrations")]
    directory: PathBuf,
    #[command(flatten)]
    folder: Folder,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

/// A way to write a schema down. A new one is a variant here and an arm in [`Schema::run`].
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For programs: one JSON object
    Json,
    /// A Mermaid entity relationship diagram
    Mermaid,
}

impl Schema {
    /// Prints the schema on stdout. Where a migration would fail there is no such schema: what is wrong goes to stderr,
    /// and the answer is no.
    pub(crate) fn run(self) -> Outcome {
        let (config, sources) = self.folder.read(&self.directory)?;
        let analysis = analyze(sources, &config);
        let options = crate::options(&self.directory, &io::stderr());
        let mut well = true;
        for diagnostic in glowplug_analysis::diagnostics::in_order(&analysis) {
            let rule = rules::find(diagnostic.rule);
            if diagnostic.level == Level::Deny && rule.is_none_or(|rule| rule.group == Group::Correctness) {
                well = false;
                let _ = writeln!(io::stderr(), "{}\n", render(diagnostic, &analysis.sources, &options));
            }
        }
        crate::print(&match self.format {
            Format::Json => schema::json(&analysis.schema) + "\n",
            Format::Mermaid => schema::mermaid(&analysis.schema),
        })?;
        Ok(well)
    }
}
