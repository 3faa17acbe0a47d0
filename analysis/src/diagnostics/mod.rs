//! What the analysis has to say: a rule, a level, a place in a file, and what to write instead.

#[cfg(feature = "json")]
pub mod json;
pub mod render;

use std::collections::HashMap;

use crate::Analysis;
use crate::config::CONFIG_FILE;
use crate::rules;
use crate::span::Span;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Switched off: never reported.
    Allow,
    /// Reported; the build goes on.
    Warn,
    /// Reported; the build fails.
    Deny,
}

impl Level {
    /// The name in `glowplug.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    /// Reads a name of `glowplug.toml`: `deny`, `warn` or `allow`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Allow, Self::Warn, Self::Deny].into_iter().find(|level| level.as_str() == name)
    }

    /// What a person and the JSON call a finding of this level: `error` or `warning`.
    #[must_use]
    pub fn finding(self) -> &'static str {
        match self {
            Self::Deny => "error",
            Self::Warn | Self::Allow => "warning",
        }
    }
}

/// The families of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What the engine would refuse, or what can never have been meant.
    Correctness,
    /// What a second run would break or change.
    Idempotency,
    /// Locks, rewrites, lost data, code that still reads the old shape.
    Safety,
    /// How the schema stands once every migration has run: keys, indexes, types.
    Design,
    /// Names, numbers, gaps, empty files.
    Convention,
}

impl Group {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Correctness, Self::Idempotency, Self::Safety, Self::Design, Self::Convention];

    /// The group's name, as `glowplug.toml`, `--only` and the JSON write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Idempotency => "idempotency",
            Self::Safety => "safety",
            Self::Design => "design",
            Self::Convention => "convention",
        }
    }
}

/// A second place that helps to understand the first: "first created here".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file, relative to the migrations folder; `None` where it is the diagnostic's own.
    pub file: Option<String>,
    /// The bytes.
    pub span: Span,
    /// What is to be seen there.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's id, a key of [`crate::rules::ALL`].
    pub rule: &'static str,
    /// Error or warning. Never [`Level::Allow`] in an [`crate::Analysis`].
    pub level: Level,
    /// The file, relative to the migrations folder.
    pub file: String,
    /// The bytes the caret stands under. Empty at the very start means the file as a whole (its name, its number):
    /// then the place is shown without a line of SQL.
    pub span: Span,
    /// What is wrong, in the engine's words where it has some.
    pub message: String,
    /// A few words beside the caret.
    pub label: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// The code the engine would answer with.
    pub sqlstate: Option<&'static str>,
    /// Further places.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    /// A finding of `rule` at `span`, with the rule's default level until the configuration is asked.
    #[must_use]
    pub fn new(rule: &'static str, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            level: Level::Deny,
            file: file.to_owned(),
            span,
            message: message.into(),
            label: None,
            help: None,
            sqlstate: None,
            labels: Vec::new(),
        }
    }

    /// Whether the engine refuses what it is about, so that the migration does not run.
    pub(crate) fn is_refusal(&self) -> bool {
        rules::find(self.rule).is_some_and(|rule| rule.group == Group::Correctness && rule.default == Level::Deny)
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds the engine's code.
    #[must_use]
    pub fn sqlstate(mut self, sqlstate: &'static str) -> Self {
        self.sqlstate = Some(sqlstate);
        self
    }
}

/// The diagnostics of an analysis in the order a person reads them: `glowplug.toml`, then file by file in the order of
/// the migrations, then files that are none; in a file by place.
#[must_use]
pub fn in_order(analysis: &Analysis) -> Vec<&Diagnostic> {
    let order: HashMap<&str, usize> =
        analysis.migrations.iter().enumerate().map(|(i, m)| (m.file.as_str(), i + 1)).collect();
    let mut diagnostics: Vec<&Diagnostic> = analysis.diagnostics.iter().collect();
    // Stable: what was found first at a place comes first.
    diagnostics.sort_by_key(|d| {
        let file = if d.file == CONFIG_FILE { 0 } else { order.get(d.file.as_str()).copied().unwrap_or(usize::MAX) };
        (file, d.file.as_str(), d.span.start)
    });
    diagnostics
}

/// The one of `candidates` that `word` is most likely a slip of; `None` where nothing is near.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody types a hundred characters by mistake, and the distance is quadratic.
    if word.len() > 100 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let word = plain(word);
    let distance = |candidate: &str| strsim::osa_distance(&word, &plain(candidate));
    let (distance, nearest) = candidates.into_iter().map(|c| (distance(c), c)).min_by_key(|(d, _)| *d)?;
    (distance <= word.len().min(nearest.len()) / 3).then_some(nearest)
}
