//! Names this build of the macro, so that what another build of it has kept is not believed (`src/kept.rs`).

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut files = BTreeSet::new();
    // In the repository the analysis changes without its version; from a registry there is no such folder.
    for folder in ["src", "../analysis/src", "../analysis/data"] {
        if Path::new(folder).is_dir() {
            println!("cargo::rerun-if-changed={folder}");
            list(Path::new(folder), &mut files)?;
        }
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file)?);
    }
    // Cargo names this folder after the versions of the compiler and of every dependency.
    let folder = env::var("OUT_DIR").unwrap_or_default();
    println!("cargo::rustc-env=GLOWPLUG_BUILD={} {folder} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish());
    Ok(())
}

fn list(folder: &Path, into: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, into)?;
        } else {
            into.insert(path);
        }
    }
    Ok(())
}
