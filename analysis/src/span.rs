//! Places in a file: byte ranges, and the line and column a person reads.

use std::ops::Range;

/// A range of bytes in one file, `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// `start..end`, in bytes.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span as a range, for slicing.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Bytes between two counts of characters in a [`LineIndex`]: what a column costs at most.
const STEP: usize = 1024;

/// Where the lines of a text start, so that a byte offset becomes a line and a column at once.
///
/// A column costs the same wherever it is asked for, also in a line of fifty megabytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// How many characters start before byte `STEP * k`; empty where the text is ASCII.
    chars: Vec<usize>,
}

impl LineIndex {
    /// Reads `text` once. Lines end at `\n`; a `\r` before it belongs to the line end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        // A line at a time: `find` is optimised in a build that this crate is not.
        let mut start = 0;
        while let Some(end) = text[start..].find('\n') {
            start += end + 1;
            starts.push(start);
        }
        let mut chars = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for chunk in text.as_bytes().chunks(STEP) {
                chars.push(count);
                count += chars_starting(chunk);
            }
            chars.push(count);
        }
        Self { starts, chars }
    }

    /// Line and column of a byte offset in the text the index was made of, both from 1. Columns count characters, as
    /// editors do; a byte-order mark is not counted, and an offset behind the end is the end.
    ///
    /// ```
    /// use glowplug_analysis::LineIndex;
    /// let text = "SELECT 1;\nSELECT 'ü', x;\n";
    /// assert_eq!(LineIndex::new(text).line_column(text, text.find('x').unwrap()), (2, 13));
    /// ```
    #[must_use]
    pub fn line_column(&self, text: &str, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|s| *s <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let mark = usize::from(line == 0 && offset > 0 && text.starts_with('\u{feff}'));
        (line + 1, self.chars_before(text, offset) - self.chars_before(text, start) - mark + 1)
    }

    /// The byte at which a line starts; `line` counts from 1.
    #[must_use]
    pub fn line_start(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or_else(|| self.starts.last().copied().unwrap_or(0))
    }

    /// How many lines there are; what follows the last `\n` is one more, also where it is empty.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts.len().max(1)
    }

    fn chars_before(&self, text: &str, offset: usize) -> usize {
        match self.chars.get(offset / STEP) {
            Some(count) => count + chars_starting(&text.as_bytes()[offset / STEP * STEP..offset]),
            None => offset,
        }
    }
}

/// Every byte that does not continue a character starts one.
fn chars_starting(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_also_far_into_a_line() {
        let text = format!("-- {}\r\nx\u{1F600}y", "ä".repeat(5_000));
        let index = LineIndex::new(&text);
        assert_eq!(index.line_column(&text, 3 + 2 * 4_000), (1, 4_004));
        assert_eq!(index.line_column(&text, 3 + 2 * 4_000 + 1), (1, 4_004), "inside a character: its start");
        assert_eq!(index.line_column(&text, text.len() - 1), (2, 3));
        assert_eq!(index.line_column(&text, usize::MAX), (2, 4));
        assert_eq!(index.lines(), 2);
        for (at, _) in text.char_indices() {
            let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
            assert_eq!(index.line_column(&text, at).1, text[start..at].chars().count() + 1);
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let text = "\u{feff}SELECT 1;\n\u{feff}x";
        let index = LineIndex::new(text);
        assert_eq!(index.line_column(text, 0), (1, 1));
        assert_eq!(index.line_column(text, 3), (1, 1));
        assert_eq!(index.line_column(text, 10), (1, 8));
        assert_eq!(index.line_column(text, text.len() - 1), (2, 2), "only at the start of the file");
    }

    #[test]
    fn an_index_of_nothing_answers() {
        assert_eq!(LineIndex::default().line_column("", 0), (1, 1));
        assert_eq!(LineIndex::default().line_start(9), 0);
        assert_eq!(LineIndex::new("").lines(), 1);
    }
}
