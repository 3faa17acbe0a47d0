//! `cargo glowplug check`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use glowplug_analysis::diagnostics::render::render;
use glowplug_analysis::diagnostics::{closest, in_order, json};
use glowplug_analysis::{Analysis, Config, Diagnostic, Group, Level, Sources, analyze, rules};

use crate::place::Repository;
use crate::watch::watch;
use crate::{Failure, Folder, Outcome, github, sarif};

#[derive(Args)]
pub(crate) struct Check {
    /// The folder of migrations
    #[arg(value_name = "DIR", default_value = "migrations")]
    directory: PathBuf,
    #[command(flatten)]
    folder: Folder,
    /// Report these groups and rules alone: correctness, idempotency, safety, design, convention, or a rule's id
    #[arg(long, value_name = "GROUP|RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// A way to write an analysis down. A new one is a variant here and an arm in [`Format::write`].
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people: each finding with its SQL
    Human,
    /// For programs: one JSON object
    Json,
    /// For GitHub Actions: an annotation each
    Github,
    /// For code scanning: SARIF 2.1.0
    Sarif,
}

impl Format {
    fn write(self, analysis: &Analysis, directory: &Path) -> String {
        match self {
            Self::Human => human(analysis, directory),
            Self::Json => json::check(analysis) + "\n",
            // Its log is read by people, too.
            Self::Github => github::commands(analysis, &Repository::of(directory)) + &summary(analysis, directory),
            Self::Sarif => sarif::log(analysis, &Repository::of(directory)),
        }
    }
}

impl Check {
    pub(crate) fn run(self) -> Outcome {
        let only = self.only.iter().map(|name| Only::parse(name.trim())).collect::<Result<Vec<_>, _>>()?;
        let read = || self.folder.read(&self.directory);
        let analysed = |config: &Config, sources: Sources| {
            let mut analysis = analyze(sources, config);
            if !only.is_empty() {
                analysis.diagnostics.retain(|d| only.iter().any(|o| o.holds(d)));
            }
            analysis
        };
        if self.watch {
            let show = |config: Config, sources| self.format.write(&analysed(&config, sources), &self.directory);
            return watch(&self.directory, read, show);
        }
        let (config, sources) = read()?;
        let analysis = analysed(&config, sources);
        crate::print(&self.format.write(&analysis, &self.directory))?;
        Ok(errors(&analysis) == 0)
    }
}

/// A word of `--only`.
enum Only {
    Group(Group),
    Rule(&'static str),
}

impl Only {
    fn parse(name: &str) -> Result<Self, Failure> {
        if let Some(group) = Group::ALL.into_iter().find(|g| g.as_str() == name) {
            return Ok(Self::Group(group));
        }
        if let Some(rule) = rules::find(name) {
            return Ok(Self::Rule(rule.id));
        }
        let names = Group::ALL.map(Group::as_str).into_iter().chain(rules::ALL.iter().map(|r| r.id));
        let hint = match closest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`cargo glowplug explain` lists the rules".to_owned(),
        };
        Err(Failure::Said(format!("--only: there is no rule and no group `{name}`; {hint}")))
    }

    fn holds(&self, diagnostic: &Diagnostic) -> bool {
        match self {
            Self::Group(group) => rules::find(diagnostic.rule).is_some_and(|rule| rule.group == *group),
            Self::Rule(id) => diagnostic.rule == *id,
        }
    }
}

fn errors(analysis: &Analysis) -> usize {
    analysis.diagnostics.iter().filter(|d| d.level == Level::Deny).count()
}

fn human(analysis: &Analysis, directory: &Path) -> String {
    let options = crate::options(directory, &io::stdout());
    let mut text = String::new();
    for diagnostic in in_order(analysis) {
        text.push_str(&render(diagnostic, &analysis.sources, &options));
        text.push_str("\n\n");
    }
    text + &summary(analysis, directory)
}

/// The last line.
fn summary(analysis: &Analysis, directory: &Path) -> String {
    if analysis.migrations.is_empty() && analysis.diagnostics.is_empty() {
        return format!("no migrations in {}\n", directory.display());
    }
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let migrations = crate::migrations(analysis.migrations.len());
    let errors = errors(analysis);
    let warnings = analysis.diagnostics.len() - errors;
    let found = match (errors, warnings) {
        (0, 0) => "nothing to report".to_owned(),
        (0, w) => count(w, "warning"),
        (e, 0) => count(e, "error"),
        (e, w) => format!("{}, {}", count(e, "error"), count(w, "warning")),
    };
    format!("{migrations} for {} in {}: {found}\n", analysis.backend.as_str(), directory.display())
}
