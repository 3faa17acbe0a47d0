//! `cargo glowplug init`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;
use glowplug_analysis::config::CONFIG_FILE;
use glowplug_analysis::sources::LOCK_FILE;
use glowplug_analysis::{Adoption, Backend, Config, Level, Sources, adoption, analyze};
use toml::de::{DeTable, DeValue};

use crate::{Failure, Folder, Outcome, lock};

#[derive(Args)]
pub(crate) struct Init {
    /// The folder of migrations, relative to Cargo.toml; what diesel.toml says, or `migrations`, where nothing is given
    #[arg(value_name = "DIR")]
    directory: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

impl Init {
    pub(crate) fn run(self) -> Outcome {
        let Ok(manifest) = fs::read_to_string("Cargo.toml") else {
            return Err(Failure::Said(
                "there is no Cargo.toml here: run this in the folder of the crate that is to have migrations"
                    .to_owned(),
            ));
        };
        let diesel = fs::read_to_string("diesel.toml").unwrap_or_default();
        let (manifest, diesel) = (parsed(&manifest, "Cargo.toml")?, parsed(&diesel, "diesel.toml")?);
        let said = text(&diesel, &["migrations_directory", "dir"]);
        let from_diesel = self.directory.is_none() && said.is_some();
        let directory = self.directory.or_else(|| said.map(relative)).unwrap_or_else(|| "migrations".to_owned());
        let directory = directory.trim_end_matches('/').to_owned();
        let at = Path::new(&directory);
        let backend = backend(self.folder.backend, at, &manifest)?;

        let tell = |what: &str, said: &str| crate::print(&format!("{what}: {said}\n"));
        if from_diesel {
            tell("diesel.toml", &format!("read: the migrations are in `{directory}`"))?;
        }
        if !at.exists() {
            let made = fs::create_dir_all(at);
            made.map_err(|error| Failure::Said(format!("cannot make the folder `{directory}`: {error}")))?;
            tell(&directory, "made")?;
        }
        let sources = Sources::read(at).map_err(Failure::new)?;
        let there = adoption(&sources, &Config::new(backend));
        let settings = settings(backend, there.as_ref());
        made(&at.join(CONFIG_FILE), &settings, "written")?;
        match &there {
            Some(Adoption { migrations, enforce_from, .. }) => tell(
                &directory,
                &format!(
                    "{}: applied already, so they are read and not checked; `enforce-from` checks those from {enforce_from} on",
                    crate::migrations(*migrations)
                ),
            )?,
            None => made(&at.join("0001_create_users.sql"), first(backend), "written, an example: make it yours")?,
        }
        let script = text(&manifest, &["package", "build"]).unwrap_or("build.rs");
        build_script(Path::new(script), &directory)?;

        // As a build will see it.
        let (config, sources) = self.folder.read(at)?;
        let mut analysis = analyze(sources, &config);
        let errors = analysis.diagnostics.iter().filter(|d| d.level == Level::Deny).count();
        if analysis.sources.lock.is_none() {
            let first: Vec<_> = analysis.migrations.iter().map(|m| (m.version.clone(), m.name.clone())).collect();
            let sealed = if there.is_some() {
                lock::sealed(&analysis, at, &[], &[])?
            } else {
                // Nobody has run it yet, and it is about to be edited: open.
                analysis.migrations.clear();
                let open: Vec<_> = first.iter().map(|(version, name)| (version.as_str(), name.as_str())).collect();
                lock::sealed(&analysis, at, &[], &open)?
            };
            lock::write(at, &sealed)?;
            tell(&at.join(LOCK_FILE).display().to_string(), "written: an edit of a sealed migration fails the build")?;
        }
        if errors > 0 {
            tell("cargo glowplug check", &format!("{errors} to mend first"))?;
        }
        if get(&manifest, &["dependencies", "glowplug"]).is_none() {
            tell("Cargo.toml", &format!("left to you: cargo add glowplug --features {}", feature(backend)))?;
        }
        tell("in the service", &format!("mod migrations {{ glowplug::migrations!(\"{directory}\"); }}"))?;
        tell("at its start", "migrations::run_pending(&mut connection)?")?;
        Ok(true)
    }
}

/// A file of settings that others keep.
fn parsed<'a>(text: &'a str, name: &str) -> Result<DeTable<'a>, Failure> {
    let table =
        DeTable::parse(text).map_err(|error| Failure::Said(format!("{name}: {}", error.to_string().trim_end())))?;
    Ok(table.into_inner())
}

fn get<'a>(table: &'a DeTable<'_>, path: &[&str]) -> Option<&'a DeValue<'a>> {
    let (key, rest) = path.split_first()?;
    let value = table.iter().find(|(k, _)| k.get_ref() == key)?.1.get_ref();
    if rest.is_empty() { Some(value) } else { get(value.as_table()?, rest) }
}

fn text<'a>(table: &'a DeTable<'_>, path: &[&str]) -> Option<&'a str> {
    get(table, path)?.as_str()
}

/// diesel's own set-up writes absolute paths.
fn relative(path: &str) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| Some(Path::new(path).strip_prefix(here).ok()?.to_owned()));
    inside.map_or_else(|| path.to_owned(), |path| path.to_string_lossy().replace('\\', "/"))
}

/// What is said here, by glowplug.toml or by the features of the crate's dependencies, in this order.
fn backend(said: Option<Backend>, directory: &Path, manifest: &DeTable<'_>) -> Result<Backend, Failure> {
    // One that cannot be read is shown when the folder is.
    let own = || Config::load(directory).ok().flatten().map(|config| config.backend);
    if let Some(backend) = said.or_else(own) {
        return Ok(backend);
    }
    let mut found = BTreeSet::new();
    for dependency in ["diesel", "diesel-async", "glowplug"] {
        let features = get(manifest, &["dependencies", dependency, "features"]).and_then(DeValue::as_array);
        for feature in features.into_iter().flatten().filter_map(|feature| feature.get_ref().as_str()) {
            let of = |backend: &Backend| feature.starts_with(backend.as_str());
            found.extend(Backend::ALL.into_iter().find(of));
        }
    }
    match Vec::from_iter(found)[..] {
        [backend] => Ok(backend),
        [] => Err(Failure::Said(
            "which engine? Cargo.toml names none in the features of diesel or glowplug: say `--backend postgres` (or sqlite)"
                .to_owned(),
        )),
        [one, other, ..] => Err(Failure::Said(format!(
            "which engine? Cargo.toml names {} and {}: say `--backend {}`, and give each a folder of its own",
            one.as_str(),
            other.as_str(),
            one.as_str()
        ))),
    }
}

/// The feature of glowplug that needs the least: SQLite is compiled in.
fn feature(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => "postgres",
        Backend::Sqlite => "sqlite-bundled",
        Backend::Mysql | Backend::Mariadb => "mysql",
    }
}

fn settings(backend: Backend, there: Option<&Adoption>) -> String {
    let version = match backend {
        Backend::Postgres => "15",
        Backend::Sqlite => "3.40",
        Backend::Mysql => "8.4",
        Backend::Mariadb => "10.11",
    };
    let mut text = format!("backend = \"{}\"\n", backend.as_str());
    text += &format!("# server-version = \"{version}\"  # the oldest server it must run on\n");
    if let Some(Adoption { enforce_from, gaps, .. }) = there {
        text +=
            &format!("enforce-from = \"{enforce_from}\"  # those before it are applied already: read, not checked\n");
        if !gaps.is_empty() {
            let gaps: Vec<String> = gaps.iter().map(|gap| format!("\"{gap}\"")).collect();
            text += &format!("gaps = [{}]  # numbers that were never used\n", gaps.join(", "));
        }
    }
    text
}

/// Writes a file where there is none, and says which of the two it was.
fn made(at: &Path, text: &str, said: &str) -> Result<(), Failure> {
    let done = match File::create_new(at).and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => said,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => "there already, left as it is",
        Err(error) => return Err(Failure::Said(format!("cannot write `{}`: {error}", at.display()))),
    };
    crate::print(&format!("{}: {done}\n", at.display()))
}

/// Has cargo notice a new file.
fn build_script(at: &Path, directory: &str) -> Result<(), Failure> {
    let line = format!("println!(\"cargo::rerun-if-changed={directory}\");");
    let Ok(script) = fs::read_to_string(at) else {
        return made(at, &format!("fn main() {{\n    {line}\n}}\n"), "written: cargo notices a new migration");
    };
    let tell = |said: &str| crate::print(&format!("{}: {said}\n", at.display()));
    if script.contains(&format!("rerun-if-changed={directory}\"")) {
        return tell("says already that cargo is to notice a new migration");
    }
    if !script.contains("rerun-if-") {
        // The first such line would be the only thing cargo looks at from then on.
        return tell(&format!(
            "left as it is: without any `rerun-if-…`, cargo runs it after every change in the package. \
             Once it has one, add `{line}`"
        ));
    }
    let Some(main) = script.lines().position(|line| line.starts_with("fn main()") && line.trim_end().ends_with('{'))
    else {
        return tell(&format!("left to you: add `{line}` to its `main`"));
    };
    let mut lines: Vec<&str> = script.split_inclusive('\n').collect();
    let added = format!("    {line}\n");
    lines.insert(main + 1, &added);
    let written = fs::write(at, lines.concat());
    written.map_err(|error| Failure::Said(format!("cannot write `{}`: {error}", at.display())))?;
    tell(&format!("a line added: `{line}`"))
}

/// Something that can be run at once, twice, and looked at.
fn first(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "CREATE TABLE IF NOT EXISTS users (\n    \
                 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \
                 email text NOT NULL CONSTRAINT users_email_key UNIQUE,\n    \
                 created_at timestamptz NOT NULL DEFAULT now()\n\
             );\n"
        }
        Backend::Sqlite => {
            "CREATE TABLE IF NOT EXISTS users (\n    \
                 id INTEGER NOT NULL PRIMARY KEY,\n    \
                 email TEXT NOT NULL UNIQUE,\n    \
                 created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n\
             );\n"
        }
        Backend::Mysql | Backend::Mariadb => {
            "CREATE TABLE IF NOT EXISTS users (\n    \
                 id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,\n    \
                 email VARCHAR(191) NOT NULL UNIQUE,\n    \
                 created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n\
             );\n"
        }
    }
}
