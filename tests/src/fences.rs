//! The fenced blocks of a page in Markdown, for the tests that hold pages against what they say.

use std::ops::Range;

use regex::Regex;

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence<'a> {
    /// What stands behind the backticks.
    pub info: &'a str,
    /// The lines between.
    pub text: &'a str,
    /// Where those lines are, in bytes.
    pub range: Range<usize>,
    /// The line of the opening backticks, counted from 1.
    pub line: usize,
    /// The last heading of the first or second level above it, with its line; empty where there is none.
    pub section: (usize, &'a str),
}

/// The blocks of a page, those within comments too: a comment is where a page keeps what prepares an example.
///
/// # Errors
/// The line of a block that is not closed.
pub fn fences(page: &str) -> Result<Vec<Fence<'_>>, usize> {
    let mut fences = Vec::new();
    let mut open: Option<(usize, usize, &str)> = None;
    let mut section = (0, "");
    let mut offset = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let Some(info) = line.trim_end().strip_prefix("```") else {
            if open.is_none() && (line.starts_with("# ") || line.starts_with("## ")) {
                section = (index + 1, line.trim_start_matches('#').trim());
            }
            continue;
        };
        match open.take() {
            None => open = Some((index + 1, offset, info)),
            Some((line, from, info)) => {
                fences.push(Fence { info, text: &page[from..start], range: from..start, line, section });
            }
        }
    }
    open.map_or(Ok(fences), |(line, ..)| Err(line))
}

/// What a program printed, without what differs from run to run: times, durations, processes, checksums.
///
/// # Panics
/// Never: its patterns are its own.
#[must_use]
pub fn canonical(text: &str) -> String {
    let patterns = [
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00)?", "<time>"),
        (r" *\b\d+(\.\d+)? (ms|s|min( \d+ s)?)\b", " <took>"),
        (r#""(\w+_ms)": \d+"#, "\"$1\": <took>"),
        (r"\b(process|pid|PID)([ =])\d+", "$1$2<pid>"),
        (r"pg_terminate_backend\(\d+\)", "pg_terminate_backend(<pid>)"),
        (r"\b[0-9a-f]{64}\b", "<checksum>"),
        (r"(?m)\b[A-Za-z][\w-]*:\d+( and not finished)?$", "<host:pid>$1"),
        (r"(?m) +$", ""),
    ];
    let mut text = text.to_owned();
    for (pattern, instead) in patterns {
        text = Regex::new(pattern).expect("a pattern of ours").replace_all(&text, instead).into_owned();
    }
    text
}
