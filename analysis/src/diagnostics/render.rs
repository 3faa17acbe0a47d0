//! A diagnostic as rustc would show it. The only user of annotate-snippets.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Level as Kind, Origin, Renderer, Snippet};

use super::{Diagnostic, Level};
use crate::sources::{SourceFile, Sources};
use crate::span::Span;

/// The most that is shown of a file at once, in bytes and in lines. A longer place is shown by its first line.
const MAX_SHOWN: usize = 16 << 10;
const MAX_LINES: usize = 100;

/// How much of a long line is kept on either side of what is shown, in bytes.
const AROUND: usize = 300;

/// How a diagnostic is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// What stands before the files' paths, so that an editor finds them: `migrations/`.
    pub path_prefix: String,
    /// Whether with the colours of a terminal.
    pub color: bool,
    /// Whether the first line starts with `error: `. Not in a macro: rustc writes its own.
    pub level_name: bool,
    /// How many columns a line of SQL may take.
    pub width: usize,
}

impl Default for RenderOptions {
    /// Paths relative to the folder, plain text, with the level's name, 140 columns.
    fn default() -> Self {
        Self { path_prefix: String::new(), color: false, level_name: true, width: 140 }
    }
}

/// Shows a diagnostic: what is wrong, where, the SQL with a caret, what to write instead, and where to read on.
///
/// The answer has no line end behind its last line. `sources` are those that were analyzed; a file that is not among
/// them is named without its SQL.
///
/// ```
/// use glowplug_analysis::diagnostics::render::{RenderOptions, render};
/// use glowplug_analysis::{Diagnostic, Sources, Span};
///
/// let sources = Sources::from_texts([("003_x.sql", "ALTER TABLE usres\n    ADD COLUMN x int;\n")]);
/// let diagnostic = Diagnostic::new("undefined-table", "003_x.sql", Span::new(12, 17), "relation \"usres\" does not exist")
///     .sqlstate("42P01")
///     .help("did you mean \"users\"?");
/// let options = RenderOptions { path_prefix: "migrations/".to_owned(), ..RenderOptions::default() };
/// assert_eq!(render(&diagnostic, &sources, &options), "\
/// error: relation \"usres\" does not exist
///  --> migrations/003_x.sql:1:13
///   |
/// 1 | ALTER TABLE usres
///   |             ^^^^^
///   |
///   = help: did you mean \"users\"?
///   = note: undefined-table (SQLSTATE 42P01); see `cargo glowplug explain undefined-table`");
/// ```
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, options: &RenderOptions) -> String {
    let kind = match diagnostic.level {
        Level::Deny => Kind::ERROR,
        Level::Warn | Level::Allow => Kind::WARNING,
    };
    let kind = if options.level_name { kind } else { kind.no_name() };
    let shown_path = |path: &str| format!("{}{path}", options.path_prefix);

    let mut elements: Vec<Element<'_>> = Vec::new();
    // Labels that are too far away for the first view, or in another file; and those that have no line to show.
    let mut further = Vec::new();
    let mut notes = Vec::new();
    let own = sources.find(&diagnostic.file).filter(|_| diagnostic.span != Span::default());
    let mut view =
        own.map(|file| View::new(file, diagnostic.span, AnnotationKind::Primary, diagnostic.label.as_deref()));
    for label in &diagnostic.labels {
        let path = label.file.as_ref().unwrap_or(&diagnostic.file);
        if *path == diagnostic.file && view.as_mut().is_some_and(|v| v.add(label.span, &label.text)) {
            continue;
        }
        match sources.find(path).filter(|_| label.span != Span::default()) {
            Some(file) => further.push(View::new(file, label.span, AnnotationKind::Context, Some(&label.text))),
            // A file as a whole has no line to show.
            None => notes.push(format!("{}: {}", label.text, shown_path(path))),
        }
    }
    if view.is_none() {
        elements.push(Origin::path(shown_path(&diagnostic.file)).line(1).char_column(1).into());
    }
    for view in view.iter().chain(&further) {
        elements.push(view.snippet(shown_path(&view.file.path)).into());
    }
    elements.extend(diagnostic.help.as_deref().map(|help| Kind::HELP.message(help).into()));
    elements.extend(notes.iter().map(|note| Kind::NOTE.message(note).into()));
    let rule = diagnostic.rule;
    let code = diagnostic.sqlstate.map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default();
    elements.push(Kind::NOTE.message(format!("{rule}{code}; see `cargo glowplug explain {rule}`")).into());

    let report = [kind.primary_title(diagnostic.message.as_str()).elements(elements)];
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let mut rendered = renderer.term_width(options.width).render(&report);
    for view in view.iter().chain(&further) {
        if let Some((written, right)) = view.correction(&shown_path(&view.file.path)) {
            rendered = rendered.replacen(&written, &right, 1);
        }
    }
    rendered
}

/// A stretch of one file with the places in it that are pointed at.
struct View<'a> {
    file: &'a SourceFile,
    /// The first place: the one the header names.
    span: Span,
    /// What is shown, in bytes of the file.
    window: Range<usize>,
    places: Vec<Place<'a>>,
}

struct Place<'a> {
    kind: AnnotationKind,
    range: Range<usize>,
    label: Option<&'a str>,
}

impl<'a> View<'a> {
    fn new(file: &'a SourceFile, span: Span, kind: AnnotationKind, label: Option<&'a str>) -> Self {
        let (range, window) = clamp(&file.text, span);
        Self { file, span, window, places: vec![Place { kind, range, label }] }
    }

    /// Shows a further place in the same stretch; answers false where it is too far away for that.
    fn add(&mut self, span: Span, label: &'a str) -> bool {
        let text = &self.file.text;
        let (range, window) = clamp(text, span);
        let both = self.window.start.min(window.start)..self.window.end.max(window.end);
        // Two cuts out of one long line do not fit together.
        let whole = |w: &Range<usize>| *w == lines_around(text, w.clone());
        let near = both.len() <= MAX_SHOWN && text[both.clone()].matches('\n').count() <= MAX_LINES;
        if !(near && whole(&self.window) && whole(&window)) {
            return false;
        }
        self.window = both;
        self.places.push(Place { kind: AnnotationKind::Context, range, label: Some(label) });
        true
    }

    fn snippet(&self, path: String) -> Snippet<'a, Annotation<'a>> {
        let (first, _) = self.file.lines.line_column(&self.file.text, self.window.start);
        let start = self.window.start;
        let annotations =
            self.places.iter().map(|p| p.kind.span(p.range.start - start..p.range.end - start).label(p.label));
        Snippet::source(&self.file.text[self.window.clone()]).path(path).line_start(first).annotations(annotations)
    }

    /// The header counts columns from the start of what is shown. Where that is not the start of a line, answers the
    /// header as it was written, and as it must be.
    fn correction(&self, path: &str) -> Option<(String, String)> {
        let text = &self.file.text;
        let (line, column) = self.file.lines.line_column(text, self.span.start);
        let range = &self.places.first()?.range;
        let written = text[self.window.start..range.start].chars().count() + 1;
        let cut = self.window.start != lines_around(text, range.clone()).start;
        (cut && self.places.len() == 1).then(|| (format!("{path}:{line}:{written}"), format!("{path}:{line}:{column}")))
    }
}

/// What to underline for a span, and what to show around it: whole lines, or a cut where a line is long. Whatever the
/// span is, both lie inside the text, the first inside the second.
fn clamp(text: &str, span: Span) -> (Range<usize>, Range<usize>) {
    // No editor shows a byte-order mark.
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let start = floor(text, span.start.clamp(first, text.len()));
    let end = ceil(text, span.end.clamp(start, text.len()));
    let mut range = start..start + text[start..end].trim_end().len();
    if range.len() > MAX_SHOWN || text[range.clone()].matches('\n').count() > MAX_LINES {
        range.end = range.end.min(lines_around(text, start..start).end.max(start));
    }
    let mut window = lines_around(text, range.clone());
    if window.len() > MAX_SHOWN || (window.len() > 4 * AROUND && !text[window.clone()].contains('\n')) {
        range.end = floor(text, range.end.min(start + AROUND));
        window.start = ceil(text, window.start.max(start.saturating_sub(AROUND)));
        window.end = floor(text, window.end.min(range.end + AROUND));
    }
    (range, window)
}

/// The character boundary at or before `at`, which may lie behind the end.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// The character boundary at or after `at`, at most the end.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len())
}

/// The lines that a range touches, without the last one's end.
fn lines_around(text: &str, range: Range<usize>) -> Range<usize> {
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let start = text[..range.start].rfind('\n').map_or(first, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
    let end = if text[range.end..end].ends_with('\r') { end - 1 } else { end };
    start.min(range.start)..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Label;

    fn show(text: &str, diagnostic: &Diagnostic) -> String {
        render(diagnostic, &Sources::from_texts([("1_a.sql", text)]), &RenderOptions::default())
    }

    #[track_caller]
    fn at(text: &str, start: usize, end: usize) -> String {
        let rendered =
            show(text, &Diagnostic::new("syntax-error", "1_a.sql", Span::new(start, end), "wrong").label("here"));
        assert!(rendered.starts_with("error: wrong\n"), "{rendered}");
        rendered
    }

    #[test]
    fn places_in_one_file_share_a_view() {
        let text = "CREATE TABLE a (\n  id int,\n\tname text\n);\nCREATE TABLE b();\n";
        let mut diagnostic =
            Diagnostic::new("syntax-error", "1_a.sql", Span::new(28, 32), "wrong").label("here").help("do\nthis");
        let label = |file: Option<&str>, start, end, text: &str| Label {
            file: file.map(str::to_owned),
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        diagnostic.labels.push(label(None, 13, 14, "a table"));
        assert_eq!(
            show(text, &diagnostic),
            "\
error: wrong
 --> 1_a.sql:3:2
  |
1 | CREATE TABLE a (
  |              - a table
2 |   id int,
3 |     name text
  |     ^^^^ here
  |
  = help: do
          this
  = note: syntax-error; see `cargo glowplug explain syntax-error`"
        );

        diagnostic.labels = vec![
            label(Some("2_b.sql"), 13, 14, "a table"),
            label(Some("2_b.sql"), 0, 0, "the other file"),
            label(Some("3_c.sql"), 4, 5, "a file that is not there"),
        ];
        let sources = Sources::from_texts([("1_a.sql", text), ("2_b.sql", text)]);
        let options =
            RenderOptions { level_name: false, path_prefix: "migrations/".to_owned(), ..RenderOptions::default() };
        assert_eq!(
            render(&diagnostic, &sources, &options),
            "\
wrong
 --> migrations/1_a.sql:3:2
  |
3 |     name text
  |     ^^^^ here
  |
 ::: migrations/2_b.sql:1:14
  |
1 | CREATE TABLE a (
  |              - a table
  |
  = help: do
          this
  = note: the other file: migrations/2_b.sql
  = note: a file that is not there: migrations/3_c.sql
  = note: syntax-error; see `cargo glowplug explain syntax-error`"
        );
    }

    #[test]
    fn a_file_as_a_whole_has_no_line() {
        assert_eq!(
            show("SELECT 1;", &Diagnostic::new("file-name", "1_a.sql", Span::default(), "wrong")),
            "\
error: wrong
--> 1_a.sql:1:1
 = note: file-name; see `cargo glowplug explain file-name`"
        );
    }

    #[test]
    fn columns_count_characters_and_the_caret_stands_under_its_word() {
        let rendered = at("\u{feff}SELECT 1;\r\n'üü'\t\0usres\r\n", 22, 27);
        assert!(rendered.contains("--> 1_a.sql:2:7\n"), "{rendered}");
        assert!(rendered.contains("2 | 'üü'    ␀usres\n  |          ^^^^^ here\n"), "{rendered}");
        let first = at("\u{feff}SELECT 1;\r\n", 3, 9);
        assert!(first.contains("--> 1_a.sql:1:1\n"), "{first}");
        assert!(first.contains("1 | SELECT 1;\n  | ^^^^^^ here\n"), "{first}");
    }

    #[test]
    fn the_end_of_a_file_can_be_pointed_at() {
        assert!(at("SELECT", 6, 6).contains("--> 1_a.sql:1:7\n  |\n1 | SELECT\n  |       ^ here\n"));
        assert!(at("SELECT\n", 7, 7).contains("--> 1_a.sql:2:1\n"));
        assert!(at("", 0, 1).contains("--> 1_a.sql:1:1\n"));
        assert!(at("SELECT", 900, 1_000).contains("--> 1_a.sql:1:7\n"));
    }

    #[test]
    fn a_long_line_is_cut_and_its_column_is_right() {
        let text = format!("{}x{}", "ü ".repeat(200_000), " b".repeat(2_000_000));
        let rendered = at(&text, 600_000, 600_001);
        assert!(rendered.contains("--> 1_a.sql:1:400001\n"), "{rendered}");
        let lines: Vec<Vec<char>> = rendered.lines().map(|l| l.chars().collect()).collect();
        let caret = lines[4].iter().position(|c| *c == '^').unwrap();
        assert_eq!(lines[3][caret], 'x', "{rendered}");
        assert!(lines[3].len() < 200, "{rendered}");
    }

    #[test]
    fn a_long_place_is_shown_by_its_first_line() {
        let text = format!("INSERT INTO t VALUES\n{};", "  (1),\n".repeat(100_000));
        let rendered = at(&text, 0, text.len());
        assert!(rendered.contains("1 | INSERT INTO t VALUES\n  | ^^^^^^^^^^^^^^^^^^^^ here\n"), "{rendered}");
    }

    #[test]
    fn no_place_and_no_text_makes_it_panic() {
        let texts = [
            "",
            "\u{feff}",
            "\n",
            "\r\n",
            "a\r",
            "ü\tü\n\n\u{200b}\u{202e}x\0",
            "\u{feff}a\r\n\u{1F468}\u{200d}\u{1F469}b\n\n",
        ];
        for text in texts {
            for start in 0..=text.len() + 1 {
                for end in 0..=text.len() + 1 {
                    at(text, start, end);
                    let mut diagnostic = Diagnostic::new("config", "1_a.sql", Span::new(start, end), "wrong");
                    diagnostic.labels.push(Label {
                        file: None,
                        span: Span::new(end, start + 1),
                        text: "also".to_owned(),
                    });
                    assert!(show(text, &diagnostic).starts_with("error: wrong\n"));
                }
            }
        }
    }
}
