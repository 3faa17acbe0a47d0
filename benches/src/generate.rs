//! The migrations: each makes a table with a key, and an index on it.

use crate::compare::Engine;
use std::fs;
use std::path::Path;

/// The columns of each table.
pub(crate) const COLUMNS: &[&str] = &["id", "title", "note", "created_at"];

/// Writes the first `count` migrations of an engine into a new folder.
pub(crate) fn folder(at: &Path, engine: Engine, count: usize) -> std::io::Result<()> {
    fs::create_dir_all(at)?;
    for number in 1..=count {
        fs::write(at.join(format!("{number:04}_create_item_{number}.sql")), migration(engine, number))?;
    }
    Ok(())
}

fn migration(engine: Engine, number: usize) -> String {
    let (key, instant) = match engine {
        Engine::Postgres => ("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "timestamptz NOT NULL DEFAULT now()"),
        Engine::Sqlite => ("INTEGER PRIMARY KEY", "TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP"),
    };
    format!(
        "-- What can be ordered.\n\
         CREATE TABLE IF NOT EXISTS item_{number} (\n    \
             id {key},\n    \
             title text NOT NULL,\n    \
             note text NOT NULL DEFAULT '',\n    \
             created_at {instant}\n\
         );\n\
         CREATE INDEX IF NOT EXISTS item_{number}_title_idx ON item_{number} (title);\n"
    )
}
