//! `cargo glowplug init`.

use std::fs;
use std::path::Path;

use crate::run;

fn crate_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let at = root.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }
    root
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

const SQLITE: (&str, &str) = (
    "Cargo.toml",
    "[package]\nname = \"x\"\n[dependencies]\ndiesel = { version = \"2\", features = [\"sqlite\", \"r2d2\"] }\n",
);
const POSTGRES: (&str, &str) = (
    "Cargo.toml",
    "[package]\nname = \"x\"\n[dependencies]\nglowplug = { version = \"0.1\", features = [\"postgres\"] }\n",
);

#[test]
fn a_new_service() {
    let root = crate_with(&[SQLITE]);
    let ran = run(root.path(), &["init"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out, @r#"
    migrations: made
    migrations/glowplug.toml: written
    migrations/0001_create_users.sql: written, an example: make it yours
    build.rs: written: cargo notices a new migration
    migrations/glowplug.lock: written: an edit of a sealed migration fails the build
    Cargo.toml: left to you: cargo add glowplug --features sqlite-bundled
    in the service: mod migrations { glowplug::migrations!("migrations"); }
    at its start: migrations::run_pending(&mut connection)?
    "#);
    assert_eq!(
        read(root.path(), "build.rs"),
        "fn main() {\n    println!(\"cargo::rerun-if-changed=migrations\");\n}\n"
    );
    assert_eq!(read(root.path(), "migrations/glowplug.lock").lines().last(), Some("0001 open create_users"));
    let checked = run(root.path(), &["check"]);
    assert_eq!((checked.code, checked.out.as_str()), (0, "1 migration for sqlite in migrations: nothing to report\n"));

    // Again: nothing is overwritten.
    let written =
        ["build.rs", "migrations/glowplug.toml", "migrations/0001_create_users.sql", "migrations/glowplug.lock"];
    let before = written.map(|path| read(root.path(), path));
    let again = run(root.path(), &["init"]);
    assert_eq!(again.code, 0);
    assert!(again.out.contains("migrations/glowplug.toml: there already, left as it is\n"), "{}", again.out);
    assert_eq!(written.map(|path| read(root.path(), path)), before);
}

#[test]
fn the_first_migration_is_sound_on_every_engine() {
    for backend in ["postgres", "sqlite", "mysql", "mariadb"] {
        let root = crate_with(&[("Cargo.toml", "")]);
        assert_eq!(run(root.path(), &["init", "db/migrations/", "--backend", backend]).code, 0);
        let checked = run(root.path(), &["check", "db/migrations"]);
        let expected = format!("1 migration for {backend} in db/migrations: nothing to report\n");
        assert_eq!((checked.code, checked.out), (0, expected));
    }
}

/// Migrations that would be refused as new ones, with numbers that were skipped, as many services have them.
#[test]
fn a_service_that_has_migrations() {
    let old = "CREATE TABLE old (id int);\nALTER TABLE old ADD CONSTRAINT positive CHECK (id > 0);\n";
    let root = crate_with(&[
        POSTGRES,
        ("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n[migrations_directory]\ndir = \"db/migrations\"\n"),
        ("build.rs", "// ours\nfn main() {\n    println!(\"cargo::rerun-if-changed=proto\");\n}\n"),
        ("db/migrations/000_base.sql", "CREATE TABLE base (id int);\n"),
        ("db/migrations/001_old.sql", old),
        ("db/migrations/011_more.sql", "INSERT INTO base VALUES (1);\n"),
    ]);
    let ran = run(root.path(), &["init"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out, @r#"
    diesel.toml: read: the migrations are in `db/migrations`
    db/migrations/glowplug.toml: written
    db/migrations: 3 migrations: applied already, so they are read and not checked; `enforce-from` checks those from 012 on
    build.rs: a line added: `println!("cargo::rerun-if-changed=db/migrations");`
    db/migrations/glowplug.lock: written: an edit of a sealed migration fails the build
    in the service: mod migrations { glowplug::migrations!("db/migrations"); }
    at its start: migrations::run_pending(&mut connection)?
    "#);
    insta::assert_snapshot!(read(root.path(), "db/migrations/glowplug.toml"), @r#"
    backend = "postgres"
    # server-version = "15"  # the oldest server it must run on
    enforce-from = "012"  # those before it are applied already: read, not checked
    gaps = ["002..=010"]  # numbers that were never used
    "#);
    assert_eq!(
        read(root.path(), "build.rs"),
        "// ours\nfn main() {\n    println!(\"cargo::rerun-if-changed=db/migrations\");\n    \
         println!(\"cargo::rerun-if-changed=proto\");\n}\n"
    );
    let check = |expected: &str| {
        let checked = run(root.path(), &["check", "db/migrations"]);
        assert!(checked.out.ends_with(expected), "{}", checked.out);
    };
    check("3 migrations for postgres in db/migrations: nothing to report\n");
    // What is new is checked, and against what the old ones made.
    let new = "db/migrations/012_new.sql";
    assert_eq!(run(root.path(), &["new", "new", "--dir", "db/migrations"]).out, format!("{new}\n"));
    fs::write(root.path().join(new), "ALTER TABLE oldd ADD COLUMN IF NOT EXISTS n int;\n").unwrap();
    check("4 migrations for postgres in db/migrations: 1 error\n");
    fs::write(root.path().join(new), "ALTER TABLE old ADD COLUMN IF NOT EXISTS n int;\n").unwrap();
    check("4 migrations for postgres in db/migrations: nothing to report\n");
    // And what is old is not to be edited.
    fs::write(root.path().join("db/migrations/001_old.sql"), format!("{old}SELECT 1;\n")).unwrap();
    check("4 migrations for postgres in db/migrations: 1 error\n");
}

#[test]
fn diesels_own_layout() {
    let root = tempfile::tempdir().unwrap();
    // diesel's set-up writes the whole path.
    let dir = root.path().canonicalize().unwrap().join("migrations");
    for (path, text) in [
        SQLITE,
        ("diesel.toml", &*format!("[migrations_directory]\ndir = \"{}\"\n", dir.display())),
        ("migrations/2024-05-01-120000_a/up.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n"),
        ("migrations/2024-05-01-120000_a/down.sql", "DROP TABLE a;\n"),
        ("build.rs", "fn main() {}\n"),
    ] {
        let at = root.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }
    let ran = run(root.path(), &["init"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("diesel.toml: read: the migrations are in `migrations`\n"), "{}", ran.out);
    assert!(read(root.path(), "migrations/glowplug.toml").contains("enforce-from = \"20240501120001\""));
    // Without `rerun-if-…` cargo looks at every file; a first such line would change that.
    assert_eq!(read(root.path(), "build.rs"), "fn main() {}\n");
    assert!(ran.out.contains("build.rs: left as it is: "), "{}", ran.out);
    assert_eq!(run(root.path(), &["check"]).code, 0);
}

#[test]
fn what_it_must_be_told() {
    let says = |files: &[(&str, &str)], arguments: &[&str], expected: &str| {
        let root = crate_with(files);
        let ran = run(root.path(), &[&["init"], arguments].concat());
        assert_eq!((ran.code, ran.err.as_str()), (2, format!("error: {expected}\n").as_str()));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), files.len(), "nothing was made");
    };
    let crate_here = "there is no Cargo.toml here: run this in the folder of the crate that is to have migrations";
    says(&[], &[], crate_here);
    says(
        &[("Cargo.toml", "[dependencies]\ndiesel = \"2\"\n")],
        &[],
        "which engine? Cargo.toml names none in the features of diesel or glowplug: say `--backend postgres` (or sqlite)",
    );
    says(
        &[("Cargo.toml", "[dependencies]\ndiesel = { version = \"2\", features = [\"sqlite\", \"postgres\"] }\n")],
        &[],
        "which engine? Cargo.toml names postgres and sqlite: say `--backend postgres`, and give each a folder of its own",
    );
    let root = crate_with(&[SQLITE, ("diesel.toml", "[migrations_directory\n")]);
    let ran = run(root.path(), &["init"]);
    assert!(ran.code == 2 && ran.err.starts_with("error: diesel.toml: TOML parse error at line 1"), "{}", ran.err);
}
