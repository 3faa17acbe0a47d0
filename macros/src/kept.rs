//! What was found the last time, for a folder that is byte for byte the same: most builds of a service change no
//! migration.
//!
//! Kept in the folder that cargo gives the service's build script, so `cargo clean` takes it away. Everything that the
//! analysis reads is in the key, and so is the build of the macro itself; a folder with an error in it is never kept.
//! What cannot be read is as good as not there.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use glowplug_analysis::{Config, Sources};
use proc_macro2::TokenStream;

/// Where something is kept, and under which key.
pub(crate) struct Kept {
    file: PathBuf,
    key: String,
}

/// What is kept: the expansion, and the warnings with their names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) tokens: String,
    pub(crate) warnings: Vec<(String, String)>,
}

impl Kept {
    /// `None` where the crate has no build script. `call` is all that the macro's call and its place say.
    pub(crate) fn of(call: &str, config: &Config, sources: &Sources) -> Option<Self> {
        Some(Self::in_folder(std::env::var_os("OUT_DIR")?.into(), call, config, sources))
    }

    fn in_folder(folder: PathBuf, call: &str, config: &Config, sources: &Sources) -> Self {
        // Two of 64 bits each, of different beginnings.
        let mut both = [DefaultHasher::new(), DefaultHasher::new()];
        both[1].write_u8(1);
        let mut add_to_both = |text: &str| both.iter_mut().for_each(|hasher| add(hasher, text));
        add_to_both(env!("GLOWPLUG_BUILD"));
        add_to_both(call);
        add_to_both(&format!("{config:?}"));
        let Sources { directory, files, lock, others: _ } = sources;
        add_to_both(&directory.to_string_lossy());
        // Its settings are in the text above.
        let beside = config.parity.iter().flat_map(|parity| &parity.sources.files);
        for file in files.iter().chain(lock).chain(beside) {
            add_to_both(&file.path);
            add_to_both(&file.text);
            if let Some(problem) = &file.problem {
                add_to_both(&format!("{problem:?}"));
            }
        }
        let key = both.iter().map(|hasher| format!("{:016x}", hasher.finish())).collect();
        // One file a call: a crate may have several folders.
        let mut hasher = DefaultHasher::new();
        add(&mut hasher, call);
        Self { file: folder.join(format!("glowplug-{:016x}", hasher.finish())), key }
    }

    /// What was kept for exactly this.
    pub(crate) fn load(&self) -> Option<(TokenStream, Vec<(String, String)>)> {
        let found = self.found()?;
        let tokens = if proc_macro::is_available() {
            // The compiler's own, which is quick; proc_macro2 would read it all in its own way first.
            found.tokens.parse::<proc_macro::TokenStream>().ok()?.into()
        } else {
            found.tokens.parse().ok()?
        };
        Some((tokens, found.warnings))
    }

    fn found(&self) -> Option<Found> {
        let text = fs::read_to_string(&self.file).ok()?;
        let rest = text.strip_prefix(&self.key)?.strip_prefix('\n')?;
        let mut parts = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            let (length, after) = rest.split_once('\n')?;
            let (part, after) = after.split_at_checked(length.parse().ok()?)?;
            parts.push(part.to_owned());
            rest = after.strip_prefix('\n')?;
        }
        let mut parts = parts.into_iter();
        let tokens = parts.next()?;
        let mut warnings = Vec::new();
        while let Some(name) = parts.next() {
            warnings.push((name, parts.next()?));
        }
        Some(Found { tokens, warnings })
    }

    /// Keeps what was found. A build does not fail because nothing can be kept.
    pub(crate) fn save(&self, found: &Found) {
        let mut text = format!("{}\n", self.key);
        let warnings = found.warnings.iter().flat_map(|(name, text)| [name, text]);
        for part in [&found.tokens].into_iter().chain(warnings) {
            text.push_str(&format!("{}\n{part}\n", part.len()));
        }
        // Whole or not at all: two targets of a crate may be built at once.
        let own = self.file.with_extension(std::process::id().to_string());
        if fs::write(&own, text).is_err() || fs::rename(&own, &self.file).is_err() {
            let _ = fs::remove_file(&own);
        }
    }
}

/// With its length, so that no two lists of texts are the same.
fn add(hasher: &mut DefaultHasher, text: &str) {
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use glowplug_analysis::Backend;
    use glowplug_analysis::sources::SourceFile;

    use super::*;

    fn kept(folder: &std::path::Path, call: &str, config: &Config, text: &str) -> Kept {
        Kept::in_folder(folder.to_owned(), call, config, &Sources::from_texts([("001_a.sql", text)]))
    }

    #[test]
    fn what_is_kept_is_for_exactly_the_same() {
        let folder = std::env::temp_dir().join(format!("glowplug-kept-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder to write to");
        let postgres = Config::new(Backend::Postgres);
        let first = kept(&folder, "a", &postgres, "SELECT 1");
        assert_eq!(first.found(), None);
        let found = Found {
            tokens: "pub fn x ( ) { }".to_owned(),
            warnings: vec![
                ("no_name".to_owned(), "two\nlines, and 3\n".to_owned()),
                ("empty".to_owned(), String::new()),
            ],
        };
        first.save(&found);
        assert_eq!(kept(&folder, "a", &postgres, "SELECT 1").found(), Some(found));
        let older = Config { server_version: Some((13, 0)), ..postgres.clone() };
        let beside = |text| {
            let (path, span) = ("../b".to_owned(), glowplug_analysis::Span::default());
            let (config, sources) = (Box::new(postgres.clone()), Sources::from_texts([("001_b.sql", text)]));
            let parity = Some(glowplug_analysis::config::Parity { path, span, config, sources });
            Config { parity, ..postgres.clone() }
        };
        let key = |config: &Config| kept(&folder, "a", config, "SELECT 1").key;
        assert_ne!(key(&beside("SELECT 1")), key(&beside("SELECT 2")));
        let sealed = Sources {
            lock: Some(SourceFile::new("glowplug.lock", "")),
            ..Sources::from_texts([("001_a.sql", "SELECT 1")])
        };
        for other in [
            kept(&folder, "a", &postgres, "SELECT 2"),
            kept(&folder, "b", &postgres, "SELECT 1"),
            kept(&folder, "a", &older, "SELECT 1"),
            Kept::in_folder(folder.clone(), "a", &postgres, &sealed),
            kept(&folder, "a", &beside("SELECT 1"), "SELECT 1"),
        ] {
            assert_eq!(other.found(), None, "{}", other.key);
        }
        // Whatever a crash or a full disk leaves there.
        let whole = fs::read(&first.file).expect("it is there");
        for length in 0..whole.len() {
            fs::write(&first.file, &whole[..length]).expect("it can be written");
            assert_eq!(first.found().filter(|f| f.warnings.len() == 2), None, "cut at {length}");
        }
        fs::remove_dir_all(&folder).expect("it was made here");
    }
}
