//! Findings as workflow commands: what GitHub Actions turns into annotations on the lines of a pull request.

use std::fmt::Write;

use glowplug_analysis::diagnostics::in_order;
use glowplug_analysis::sources::Lines;
use glowplug_analysis::{Analysis, Level, Span};

use crate::place::Repository;

/// A line each.
pub(crate) fn commands(analysis: &Analysis, repository: &Repository) -> String {
    let mut text = String::new();
    for diagnostic in in_order(analysis) {
        let command = if diagnostic.level == Level::Deny { "error" } else { "warning" };
        let file = property(&repository.path_of(&diagnostic.file));
        let Lines { line, column, end_line, end_column } = analysis.sources.lines(&diagnostic.file, diagnostic.span);
        let _ = write!(text, "::{command} file={file},line={line}");
        if diagnostic.span != Span::default() {
            let _ = write!(text, ",endLine={end_line}");
            // Columns are for places within one line alone ("Check runs" in GitHub's REST API), the last one included.
            if line == end_line {
                let _ = write!(text, ",col={column},endColumn={}", end_column.saturating_sub(1).max(column));
            }
        }
        let code = diagnostic.sqlstate.map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default();
        let mut message = diagnostic.message.clone();
        if let Some(help) = &diagnostic.help {
            let _ = write!(message, "\nhelp: {help}");
        }
        for label in &diagnostic.labels {
            let file = label.file.as_ref().unwrap_or(&diagnostic.file);
            let line = analysis.sources.lines(file, label.span).line;
            let _ = write!(message, "\n{}: {}:{line}", label.text, repository.path_of(file));
        }
        let _ = write!(message, "\nsee `cargo glowplug explain {}`", diagnostic.rule);
        let title = property(&format!("{}{code}", diagnostic.rule));
        let _ = writeln!(text, ",title={title}::{}", data(&message));
    }
    text
}

/// What stands behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the runner reads them back: `%` last.
    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100 %: a, b\r\n::error::x"), "100 %25: a, b%0D%0A::error::x");
        assert_eq!(property("C:\\a,b%0A.sql"), "C%3A\\a%2Cb%250A.sql");
    }
}
