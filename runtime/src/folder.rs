//! Whether the folder on disk is still what was compiled. Debug builds alone know where it is.

use crate::error::listed;
use crate::migration::Migrations;
use std::path::{Path, PathBuf};

/// What differs between the folder and the program, in one sentence; `None` where nothing does or the folder is not
/// on this machine.
pub(crate) fn difference(migrations: &Migrations) -> Option<String> {
    let folder = Path::new(migrations.folder?);
    let mut on_disk = Vec::new();
    if !folder.is_dir() || collect(folder, Path::new(""), &mut on_disk).is_err() {
        return None;
    }
    let name = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let compiled: std::collections::BTreeMap<&str, &str> =
        migrations.list.iter().map(|migration| (migration.file, migration.sql)).collect();
    let (mut new, mut edited) = (Vec::new(), Vec::new());
    for path in &on_disk {
        match compiled.get(name(path).as_str()) {
            Some(sql) if std::fs::read(folder.join(path)).is_ok_and(|text| text != sql.as_bytes()) => {
                edited.push(name(path));
            }
            None if looks_like_a_migration(path) => new.push(name(path)),
            _ => {}
        }
    }
    let removed: Vec<&str> =
        compiled.keys().copied().filter(|file| !on_disk.iter().any(|path| name(path) == *file)).collect();
    let mut parts = Vec::new();
    if !new.is_empty() {
        parts.push(format!("{} not in this program", is_or_are(&new)));
    }
    if !edited.is_empty() {
        parts.push(format!("{} edited since", is_or_are(&edited)));
    }
    if !removed.is_empty() {
        parts.push(format!("{} gone", is_or_are(&removed)));
    }
    (!parts.is_empty()).then(|| {
        format!(
            "the folder {} is not what was compiled: {}; build again (is `cargo::rerun-if-changed={0}` in build.rs?)",
            migrations.directory,
            parts.join(", ")
        )
    })
}

fn is_or_are<T: AsRef<str>>(names: &[T]) -> String {
    format!("{} {}", listed(names), if names.len() == 1 { "is" } else { "are" })
}

/// The `.sql` files of the folder and of the folders in it (`2024…_name/up.sql`), sorted.
fn collect(folder: &Path, below: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder.join(below))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() && below.as_os_str().is_empty() {
            collect(folder, &path, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file that was not compiled would be: what starts with a number (or Flyway's `V1__`) and does not undo.
fn looks_like_a_migration(path: &Path) -> bool {
    let file = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let top = path.components().next().map(|name| name.as_os_str().to_string_lossy()).unwrap_or_default();
    let numbered = top.strip_prefix('V').unwrap_or(&top).starts_with(|c: char| c.is_ascii_digit());
    numbered && file != "down.sql" && !file.ends_with(".down.sql")
}
