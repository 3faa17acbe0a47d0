//! The lines of SQL that an error points at.
//!
//! The build renders its diagnostics with a crate for it; a service that starts needs one caret, not a dependency.

use std::fmt;

/// A line of a file and the place in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snippet {
    before: Option<String>,
    line: String,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) line: usize,
    /// In characters, counted from 1.
    pub(crate) column: usize,
}

impl Place {
    /// The place of the byte at `offset` of `sql`. A byte order mark takes no column.
    pub(crate) fn of(sql: &str, offset: usize) -> Place {
        let mut offset = offset.min(sql.len());
        while !sql.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &sql[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let text = before[line_start..].trim_start_matches('\u{feff}');
        Place { line: before.matches('\n').count() + 1, column: text.chars().count() + 1 }
    }
}

impl Snippet {
    /// The line of `place` in `sql`, and the one before it.
    pub(crate) fn of(sql: &str, place: Place) -> Snippet {
        let sql = sql.trim_start_matches('\u{feff}');
        let mut lines = sql.lines().skip(place.line.saturating_sub(2)).map(str::to_owned);
        let before = if place.line > 1 { lines.next() } else { None };
        Snippet { before: before.filter(|line| !line.trim().is_empty()), line: lines.next().unwrap_or_default() }
    }

    pub(crate) fn show<'a>(&'a self, file: &'a str, line: usize, column: usize) -> impl fmt::Display + 'a {
        Shown { snippet: self, file, line, column }
    }
}

struct Shown<'a> {
    snippet: &'a Snippet,
    file: &'a str,
    line: usize,
    column: usize,
}

/// A line longer than this is cut around the caret: a seed of a thousand rows is often one line.
const WIDTH: usize = 120;

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.line.to_string().len();
        writeln!(f, "{:width$}--> {}:{}:{}", "", self.file, self.line, self.column)?;
        writeln!(f, "{:width$} |", "")?;
        if let Some(before) = &self.snippet.before {
            writeln!(f, "{:>width$} | {}", self.line - 1, cut(before, 1).0)?;
        }
        let (text, column) = cut(&self.snippet.line, self.column);
        writeln!(f, "{:>width$} | {text}", self.line)?;
        write!(f, "{:width$} | {:>column$}", "", "^")
    }
}

/// The part of `line` to show, and the column in it. A tab is shown as one space, so that the caret stands right.
fn cut(line: &str, column: usize) -> (String, usize) {
    let text: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.len() <= WIDTH {
        return (text.into_iter().collect::<String>().trim_end().to_owned(), column);
    }
    let start = column.saturating_sub(WIDTH / 2).min(text.len().saturating_sub(WIDTH));
    let end = (start + WIDTH).min(text.len());
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    shown.extend(&text[start..end]);
    if end < text.len() {
        shown.push('…');
    }
    (shown, column - start + usize::from(start > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_no_byte_order_mark() {
        let sql = "\u{feff}-- é\nSELECT 'ö', x";
        assert_eq!(Place::of(sql, 3), Place { line: 1, column: 1 });
        assert_eq!(Place::of(sql, sql.find('x').unwrap()), Place { line: 2, column: 13 });
        assert_eq!(Place::of(sql, 10_000), Place { line: 2, column: 14 });
        assert_eq!(Place::of("a\r\nb", 3), Place { line: 2, column: 1 });
    }

    #[test]
    fn the_caret_stands_below_its_column() {
        let sql = "CREATE TABLE a (\n\tb usres\n)";
        let place = Place { line: 2, column: 4 };
        let shown = Snippet::of(sql, place).show("m/1_a.sql", 2, 4).to_string();
        assert_eq!(shown, " --> m/1_a.sql:2:4\n  |\n1 | CREATE TABLE a (\n2 |  b usres\n  |    ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let sql = format!("{}here{}", "a".repeat(500), "b".repeat(500));
        let place = Place::of(&sql, 500);
        let shown = Snippet::of(&sql, place).show("f", place.line, place.column).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let caret = lines[3].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[2].chars().nth(caret), Some('h'));
        assert!(lines[2].chars().count() < 130, "{}", lines[2]);
    }
}
