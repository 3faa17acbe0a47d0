//! Two folders for two engines behind one service: `parity` in `glowplug.toml`.

use std::fs;

use crate::{folder, run};

const SQLITE: &[u8] = b"CREATE TABLE IF NOT EXISTS notes (\n    id INTEGER NOT NULL PRIMARY KEY,\n    text TEXT\n);\n";
const POSTGRES: &[u8] = b"CREATE TABLE IF NOT EXISTS notes (\n    id bigint PRIMARY KEY,\n    text text NOT NULL\n);\n";
const TOML: &[u8] = b"backend = \"postgres\"\nparity = \"../sqlite/\"\n";
/// Each names the other.
const BACK: &[u8] = b"backend = \"sqlite\"\nparity = \"../postgres\"\n";

#[test]
fn what_differs_is_shown_at_both_places() {
    let root = folder(&[
        ("postgres/glowplug.toml", TOML),
        ("postgres/001_notes.sql", POSTGRES),
        ("sqlite/glowplug.toml", BACK),
        ("sqlite/001_notes.sql", SQLITE),
        ("sqlite/002_tags.sql", b"CREATE TABLE IF NOT EXISTS tags (label TEXT NOT NULL PRIMARY KEY);\n"),
    ]);
    let check = || run(root.path(), &["check", "migrations/postgres"]);
    let ran = check();
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!(ran.out, @r#"
    error: column "text" of "notes" does not take NULL here, and takes NULL in ../sqlite
     --> migrations/postgres/001_notes.sql:3:5
      |
    3 |     text text NOT NULL
      |     ^^^^ does not take NULL
      |
     ::: migrations/postgres/../sqlite/001_notes.sql:3:5
      |
    3 |     text TEXT
      |     ---- takes NULL
      |
      = help: make both NOT NULL, or neither: it is an `Option` in Rust, or it is not
      = note: schema-parity; see `cargo glowplug explain schema-parity`

    error: table "tags" is in ../sqlite, and not here
     --> migrations/postgres/../sqlite/002_tags.sql:1:34
      |
    1 | CREATE TABLE IF NOT EXISTS tags (label TEXT NOT NULL PRIMARY KEY);
      |                                  ^^^^^
      |
      = help: write a migration that creates it here
      = note: schema-parity; see `cargo glowplug explain schema-parity`

    1 migration for postgres in migrations/postgres: 2 errors
    "#);
    // Annotations and code scanning need the file's own path.
    let github = run(root.path(), &["check", "migrations/postgres", "--format", "github"]);
    assert!(github.out.contains("file=migrations/sqlite/002_tags.sql,"), "{}", github.out);

    // The other way round it is the same.
    let back = run(root.path(), &["check", "migrations/sqlite"]);
    assert!(back.out.ends_with("2 migrations for sqlite in migrations/sqlite: 2 errors\n"), "{}", back.out);

    // What is meant to differ says so; what is not is brought into line.
    let allowed = [b"-- glowplug: allow(schema-parity, reason = \"a test\")\n", POSTGRES].concat();
    fs::write(root.path().join("migrations/postgres/001_notes.sql"), allowed).unwrap();
    fs::remove_file(root.path().join("migrations/sqlite/002_tags.sql")).unwrap();
    let ran = check();
    let sound = "1 migration for postgres in migrations/postgres: nothing to report\n";
    assert_eq!((ran.code, ran.out.as_str()), (0, sound));
    // An allow that is needed no longer is said, as for every rule.
    fs::write(root.path().join("migrations/sqlite/001_notes.sql"), [SQLITE, b"-- x\n"].concat()).unwrap();
    let mended = String::from_utf8(SQLITE.to_vec()).unwrap().replace("text TEXT", "text TEXT NOT NULL");
    fs::write(root.path().join("migrations/sqlite/001_notes.sql"), mended).unwrap();
    assert!(check().out.contains("note: unused-allow;"), "{}", check().out);
    fs::write(root.path().join("migrations/postgres/001_notes.sql"), POSTGRES).unwrap();
    assert_eq!(check().out, sound);
}

#[test]
fn a_folder_that_cannot_be_compared_with() {
    let root = folder(&[("postgres/glowplug.toml", TOML), ("postgres/001_notes.sql", POSTGRES)]);
    let says = |code: i32, first: &str, place: &str| {
        let ran = run(root.path(), &["check", "migrations/postgres"]);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(
            ran.code == code && said.starts_with(&format!("error: {first}\n --> {place}\n")),
            "{} {said}",
            ran.code
        );
    };
    let place = "migrations/postgres/glowplug.toml:2:10";
    says(
        2,
        "there is no folder `migrations/postgres/../sqlite`: create it, or give the path of the one that holds the migrations",
        place,
    );
    let other = root.path().join("migrations/sqlite");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("001_notes.sql"), b"CREATE TABLE notes (id INTEGER, id INTEGER);\n").unwrap();
    says(2, "`../sqlite` has no glowplug.toml that says its engine", place);
    fs::write(other.join("glowplug.toml"), b"backend = \"oracle\"\n").unwrap();
    says(2, "`../sqlite/glowplug.toml:1:11: `oracle` is no engine that is known`", place);
    fs::write(other.join("glowplug.toml"), BACK).unwrap();
    says(1, "what `../sqlite` ends in is not known: it has 1 error", place);
}
