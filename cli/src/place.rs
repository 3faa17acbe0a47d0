//! Files as the repository calls them: what annotations and code scanning ask for, wherever the program was started.

use std::env;
use std::path::{Component, Path, PathBuf};

/// A folder of migrations in its repository.
pub(crate) struct Repository {
    /// The repository's top.
    top: PathBuf,
    /// The folder of migrations, from the file system's root on.
    directory: PathBuf,
    /// The folder as it was given.
    given: PathBuf,
}

impl Repository {
    /// `GITHUB_WORKSPACE` where it holds the folder, else the nearest folder above that has a `.git`, else the current.
    pub(crate) fn of(directory: &Path) -> Self {
        let absolute = |path: &Path| plain(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        let own = absolute(directory);
        let workspace = env::var_os("GITHUB_WORKSPACE").map(|top| absolute(Path::new(&top)));
        let top = workspace.filter(|top| own.starts_with(top)).or_else(|| {
            own.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok()).map(Path::to_owned)
        });
        let top = top.unwrap_or_else(|| absolute(Path::new(".")));
        Self { top, directory: own, given: directory.to_owned() }
    }

    /// What the repository calls a file of the folder; as it was given, for one that lies outside.
    pub(crate) fn path_of(&self, file: &str) -> String {
        let whole = plain(&self.directory.join(file));
        let path = whole.strip_prefix(&self.top).map_or_else(|_| self.given.join(file), Path::to_owned);
        let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    }
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}
