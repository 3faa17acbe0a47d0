//! `cargo glowplug new`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use glowplug_analysis::lock::Sealed;
use glowplug_analysis::{Analysis, Backend, NextPath, analyze, next_path};

use crate::{Failure, Folder, Outcome, lock};

#[derive(Args)]
pub(crate) struct New {
    /// What the migration does, in words: "add rewards table"
    words: String,
    /// The folder of migrations
    #[arg(long, value_name = "DIR", default_value = "migrations")]
    dir: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

impl New {
    pub(crate) fn run(self) -> Outcome {
        let (config, sources) = self.folder.read(&self.dir)?;
        let paths = next_path(&sources, &config, &self.words, &now()).map_err(Failure::Said)?;
        let locked = match sources.lock {
            Some(_) => Some(sealed(&analyze(sources, &config), &self.dir, &paths)?),
            None => None,
        };
        let title = self.words.split_whitespace().collect::<Vec<_>>().join(" ");
        let (up, down) = match config.backend {
            Backend::Postgres => (POSTGRES, POSTGRES_DOWN),
            Backend::Sqlite => (SQLITE, SQLITE_DOWN),
            Backend::Mysql => (MYSQL, MYSQL_DOWN),
            Backend::Mariadb => (MARIADB, MYSQL_DOWN),
        };
        write_new(&self.dir, &paths.up, &format!("-- {title}\n{up}"))?;
        if let Some(path) = paths.down {
            write_new(&self.dir, &path, &format!("-- takes back: {title}\n{down}"))?;
        }
        if let Some(locked) = locked {
            lock::write(&self.dir, &locked)?;
        }
        Ok(true)
    }
}

/// The lock with a line for the new migration: open, as it is yet to be written. Those before it are sealed.
fn sealed(analysis: &Analysis, directory: &Path, paths: &NextPath) -> Result<Sealed, Failure> {
    let sealed = lock::sealed(analysis, directory, &[], &[(&paths.version, &paths.name)])?;
    if sealed.refused.is_empty() {
        return Ok(sealed);
    }
    Err(Failure::Shown(lock::shown(&sealed.refused, analysis, directory, &io::stderr())))
}

/// `20260501120000`, UTC.
fn now() -> String {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    time.chars().filter(char::is_ascii_digit).collect()
}

/// Writes a file that is not there yet, and says so.
fn write_new(directory: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let at = directory.join(path);
    let written = at.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create_new(&at));
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::Said(format!("`{}` is there already, and is left as it is", at.display()))
        }
        _ => Failure::Said(format!("cannot write `{}`: {error}", at.display())),
    })?;
    crate::print(&format!("{}\n", at.display()))
}

// Comments alone: an untouched file is refused as empty, so that nobody ships one. Each form can be run twice, and a line
// that ends in a colon says of which file it is.

const POSTGRES: &str = "\
-- Runs once, in one transaction; must be safe to run twice. Forms that are, for a new table:
--
-- CREATE TABLE IF NOT EXISTS rewards (
--     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--     name text NOT NULL
-- );
-- CREATE INDEX IF NOT EXISTS idx_rewards_name ON rewards (name);
-- INSERT INTO rewards (name) SELECT 'star' WHERE NOT EXISTS (SELECT 1 FROM rewards WHERE name = 'star');
--
-- For a table that others use meanwhile:
-- ALTER TABLE rewards ADD COLUMN IF NOT EXISTS points integer NOT NULL DEFAULT 0;
-- ALTER TABLE rewards DROP CONSTRAINT IF EXISTS rewards_points_check;
-- ALTER TABLE rewards ADD CONSTRAINT rewards_points_check CHECK (points >= 0) NOT VALID;
--
-- What reads all of its rows, each in a migration of its own:
-- ALTER TABLE rewards VALIDATE CONSTRAINT rewards_points_check;
-- CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_rewards_points ON rewards (points);
";

const POSTGRES_DOWN: &str = "\
--
-- DROP TABLE IF EXISTS rewards;
";

const SQLITE: &str = "\
-- Runs once, in one transaction; must be safe to run twice. Forms that are:
--
-- CREATE TABLE IF NOT EXISTS rewards (
--     id INTEGER PRIMARY KEY,
--     name TEXT NOT NULL UNIQUE,
--     kind TEXT
-- );
-- CREATE INDEX IF NOT EXISTS idx_rewards_kind ON rewards (kind);
-- INSERT INTO rewards (name) VALUES ('star') ON CONFLICT (name) DO NOTHING;
--
-- ALTER TABLE has no guard here; the runner gives it one, as the whole file is one transaction:
-- ALTER TABLE rewards ADD COLUMN points INTEGER NOT NULL DEFAULT 0;
";

const SQLITE_DOWN: &str = "\
--
-- DROP TABLE IF EXISTS rewards;
";

const MYSQL: &str = "\
-- Runs once, statement by statement: MySQL commits each change of the schema by itself. Safe to run twice are:
--
-- CREATE TABLE IF NOT EXISTS rewards (
--     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
--     name VARCHAR(191) NOT NULL UNIQUE
-- );
-- INSERT IGNORE INTO rewards (name) VALUES ('star');
--
-- ALTER TABLE and CREATE INDEX have no guard here, so each in a migration of its own:
-- ALTER TABLE rewards ADD COLUMN points INT NOT NULL DEFAULT 0;
-- CREATE INDEX idx_rewards_points ON rewards (points);
";

const MARIADB: &str = "\
-- Runs once, statement by statement: MariaDB commits each change of the schema by itself. Safe to run twice are:
--
-- CREATE TABLE IF NOT EXISTS rewards (
--     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
--     name VARCHAR(191) NOT NULL UNIQUE
-- );
-- INSERT IGNORE INTO rewards (name) VALUES ('star');
--
-- For a table that others use meanwhile:
-- ALTER TABLE rewards ADD COLUMN IF NOT EXISTS points INT NOT NULL DEFAULT 0;
-- CREATE INDEX IF NOT EXISTS idx_rewards_points ON rewards (points);
";

const MYSQL_DOWN: &str = "\
--
-- DROP TABLE IF EXISTS rewards;
";
