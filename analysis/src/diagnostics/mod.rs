//! What the analysis has to say: a rule, a level, a place in a file, and what to write instead.

#[cfg(feature = "json")]
pub mod json;
pub mod render;

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

/// The four families of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What the engine would refuse, or what can never have been meant.
    Correctness,
    /// What a second run would break or change.
    Idempotency,
    /// Locks, rewrites, lost data, code that still reads the old shape.
    Safety,
    /// Names, numbers, gaps, empty files.
    Convention,
}

impl Group {
    /// The group's name, as `glowplug.toml`, `--only` and the JSON write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Idempotency => "idempotency",
            Self::Safety => "safety",
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
    /// The bytes the caret stands under.
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
