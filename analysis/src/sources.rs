//! The only file that reads files: a folder of migrations becomes [`Sources`].

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::span::{LineIndex, Span};

/// The largest file that is read, in bytes. Larger ones hold data, not a schema, and would be copied into every binary.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// The name of the file that says what each migration was when it was sealed.
pub const LOCK_FILE: &str = "glowplug.lock";

/// One file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is, relative to the migrations folder, with `/` between parts.
    pub path: String,
    /// Its text as `include_str!` would give it, byte-order mark included (spans count from there). Where `problem` is
    /// set it is empty, or, for [`ReadProblem::NotUtf8`], the text with `U+FFFD` for what could not be read: good enough
    /// to show, nothing to analyze.
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
        /// What it looks like instead, as `iconv -f` calls it.
        encoding: &'static str,
    },
    /// Larger than [`MAX_FILE_BYTES`].
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The operating system said no, in its words.
    Io(String),
}

/// Lines and columns, all from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first line.
    pub line: usize,
    /// The first character's column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// One past the last character's column.
    pub end_column: usize,
}

/// What is wrong, behind the name of the file.
impl fmt::Display for ReadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { line, .. } => write!(f, "is not UTF-8 (line {line})"),
            Self::TooLarge { bytes } => write!(f, "is too large ({} MiB)", bytes >> 20),
            Self::Io(words) => write!(f, "cannot be read: {words}"),
        }
    }
}

/// A folder of migrations, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The folder.
    pub directory: PathBuf,
    /// Every `.sql` file at the places where a layout keeps them, and the `metadata.toml` beside them, in the order of
    /// their paths. Which of them are migrations, and in what order, numbering decides.
    pub files: Vec<SourceFile>,
    /// `glowplug.lock`, where there is one.
    pub lock: Option<SourceFile>,
    /// Files that are no migrations, but that a diagnostic may point into: `glowplug.toml`, the preamble.
    pub others: Vec<SourceFile>,
}

impl SourceFile {
    /// A file from memory: what tests, fuzzing and editors use.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), lines: LineIndex::new(text), problem: None }
    }

    /// Reads one file; what goes wrong is kept in [`SourceFile::problem`]. `path` is what diagnostics call it.
    pub(crate) fn read(at: &Path, path: String) -> Self {
        let (text, problem) = match read_bytes(at) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(error) => {
                    let offset = error.utf8_error().valid_up_to();
                    let bytes = error.as_bytes();
                    let line = bytes[..offset].iter().filter(|b| **b == b'\n').count() + 1;
                    let encoding = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
                        "UTF-16"
                    } else {
                        "LATIN1"
                    };
                    let shown = String::from_utf8_lossy(bytes).into_owned();
                    (shown, Some(ReadProblem::NotUtf8 { offset, line, encoding }))
                }
            },
            Err(problem) => (String::new(), Some(problem)),
        };
        let lines = LineIndex::new(&text);
        Self { path, text, lines, problem }
    }
}

impl Sources {
    /// Sources from memory, `(path, text)` each.
    #[must_use]
    pub fn from_texts<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: Vec<_> = files.into_iter().map(|(p, t)| SourceFile::new(p, t)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { directory: PathBuf::new(), files, lock: None, others: Vec::new() }
    }

    /// Reads a folder: `*.sql` in it and in the folders it holds, one level deep. Symbolic links are followed. Hidden
    /// files, and everything else that is not SQL (a README, `glowplug.toml`), are left out; `glowplug.lock` is read.
    ///
    /// # Errors
    /// Where the folder itself cannot be read, in words that name it; what is wrong with a single file is kept with that file.
    ///
    /// ```
    /// let error = glowplug_analysis::Sources::read("no/such/folder".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("there is no folder `no/such/folder`"));
    /// ```
    pub fn read(directory: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut lock = None;
        let mut home = None;
        for (name, at) in list(directory).map_err(|e| explain(directory, &e))? {
            if name == LOCK_FILE {
                lock = Some(SourceFile::read(&at, name));
                continue;
            }
            let is_sql = has_extension(&name, "sql");
            let folder = match fs::metadata(&at) {
                Ok(found) => found.is_dir(),
                // A link that leads nowhere or to itself. A file's own reading says why; a folder has only this place.
                Err(error) if !is_sql && name.starts_with(|c: char| c.is_ascii_digit()) => {
                    files.push(unread(&name, words_for(&at, &error)));
                    continue;
                }
                Err(_) => false,
            };
            if folder {
                // A link to the folder itself, or to one above it, would show every file twice.
                let link = fs::symlink_metadata(&at).is_ok_and(|m| m.is_symlink());
                let home = home.get_or_insert_with(|| fs::canonicalize(directory).ok());
                let leads_back = link
                    && match (fs::canonicalize(&at), home) {
                        (Ok(target), Some(home)) => home.starts_with(target),
                        _ => false,
                    };
                if leads_back {
                    files.push(unread(&name, "a symbolic link that leads back to the folder it is in".to_owned()));
                    continue;
                }
                match list(&at) {
                    Ok(inner) => {
                        for (inner_name, inner_at) in inner {
                            if has_extension(&inner_name, "sql") || inner_name == "metadata.toml" {
                                files.push(SourceFile::read(&inner_at, format!("{name}/{inner_name}")));
                            }
                        }
                    }
                    Err(error) => files.push(unread(&name, error.to_string())),
                }
            } else if is_sql {
                files.push(SourceFile::read(&at, name));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { directory: directory.to_owned(), files, lock, others: Vec::new() })
    }

    /// Keeps a file that is no migration, so that diagnostics can show it; one of the same path is replaced.
    pub fn attach(&mut self, file: SourceFile) {
        self.others.retain(|f| f.path != file.path);
        self.others.push(file);
    }

    /// Where a person finds `span` of the file that diagnostics call `path`; the very start of one that is not here.
    #[must_use]
    pub fn lines(&self, path: &str, span: Span) -> Lines {
        let place = |offset| self.find(path).map_or((1, 1), |file| file.lines.line_column(&file.text, offset));
        let ((line, column), (end_line, end_column)) = (place(span.start), place(span.end));
        Lines { line, column, end_line, end_column }
    }

    /// The file that diagnostics call `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&SourceFile> {
        match self.files.binary_search_by(|f| f.path.as_str().cmp(path)) {
            Ok(index) => self.files.get(index),
            Err(_) => self.lock.iter().chain(&self.others).find(|f| f.path == path),
        }
    }
}

/// Stands for what a migration's folder would hold, where it cannot be opened.
fn unread(folder: &str, words: String) -> SourceFile {
    SourceFile { problem: Some(ReadProblem::Io(words)), ..SourceFile::new(&format!("{folder}/up.sql"), "") }
}

/// The entries of a folder by name, hidden ones left out. A name that is not UTF-8 is shown with `U+FFFD`.
fn list(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}

/// `extension` is compared without regard to case, as the file systems of macOS and Windows do.
fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().and_then(OsStr::to_str).is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

/// "No such file" is puzzling of a file that `ls` shows.
fn words_for(at: &Path, error: &io::Error) -> String {
    let nowhere = error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(at).is_ok_and(|m| m.is_symlink());
    if nowhere { "a symbolic link that leads nowhere".to_owned() } else { error.to_string() }
}

fn read_bytes(at: &Path) -> Result<Vec<u8>, ReadProblem> {
    let no = |error: io::Error| ReadProblem::Io(words_for(at, &error));
    // Asked before it is opened: opening a pipe that nobody writes to waits for ever.
    let found = fs::metadata(at).map_err(no)?;
    if !found.is_file() {
        return Err(ReadProblem::Io("not a regular file".to_owned()));
    }
    if found.len() > MAX_FILE_BYTES {
        return Err(ReadProblem::TooLarge { bytes: found.len() });
    }
    let mut bytes = Vec::new();
    // `take`: the file may have grown since it was asked for its size.
    fs::File::open(at).map_err(no)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(no)?;
    Ok(bytes)
}

fn explain(directory: &Path, error: &io::Error) -> io::Error {
    let shown = directory.display();
    let words = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder `{shown}`: create it, or give the path of the one that holds the migrations")
        }
        io::ErrorKind::NotADirectory => {
            format!("`{shown}` is a file: give the path of the folder that holds the migrations")
        }
        _ => format!("the folder `{shown}` cannot be read: {error}"),
    };
    io::Error::new(error.kind(), words)
}
