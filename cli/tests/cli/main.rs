//! The program as a person and as a script meets it: real folders, exact words, exit codes.

mod docs;
mod formats;
mod init;
mod lock;
mod new;
mod pages;
mod parity;
mod watch;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder `migrations` with these files, in a folder of its own.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("migrations")).unwrap();
    for (path, bytes) in files {
        let at = root.path().join("migrations").join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, bytes).unwrap();
    }
    root
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-glowplug"));
    command.current_dir(root).arg("glowplug").args(arguments).env_remove("CLICOLOR_FORCE");
    command
}

fn run(root: &Path, arguments: &[&str]) -> Ran {
    let output = command(root, arguments).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What `check` prints, and exits with 1.
#[track_caller]
fn refused(files: &[(&str, &[u8])], expected: &str) {
    let root = folder(files);
    let ran = run(root.path(), &["check", "--backend", "sqlite", "--only", "convention"]);
    assert_eq!(ran.out, expected);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
}

const A: &[u8] = b"CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\n";
const B: &[u8] = b"CREATE TABLE IF NOT EXISTS b (id INTEGER PRIMARY KEY);\n";
const C: &[u8] = b"CREATE TABLE IF NOT EXISTS c (id INTEGER PRIMARY KEY);\n";

#[test]
fn a_missing_number() {
    refused(
        &[("001_create_users.sql", A), ("002_create_households.sql", B), ("004_create_tasks.sql", C)],
        "\
error: 003 is missing between `002_create_households.sql` and `004_create_tasks.sql`
--> migrations/004_create_tasks.sql:1:1
 = help: bring the missing file back, or renumber what follows; if the number was never used, say so in glowplug.toml: `gaps = [\"003\"]`
 = note: the one before: migrations/002_create_households.sql
 = note: number-gap; see `cargo glowplug explain number-gap`

3 migrations for sqlite in migrations: 1 error
",
    );
}

#[test]
fn a_number_used_twice() {
    refused(
        &[("007_add_points.sql", A), ("007_add_rewards.sql", B)],
        "\
error: number 007 is used twice: by `007_add_points.sql` and by `007_add_rewards.sql`
--> migrations/007_add_rewards.sql:1:1
 = help: give the one that is applied nowhere yet the next free number, 008
 = note: the other one: migrations/007_add_points.sql
 = note: number-duplicate; see `cargo glowplug explain number-duplicate`

2 migrations for sqlite in migrations: 1 error
",
    );
}

#[test]
fn a_name_that_says_nothing() {
    refused(
        &[("016_create_task_completions_table.sql", A), ("017.sql", B)],
        "\
error: `017.sql` says nothing: a number and no words
--> migrations/017.sql:1:1
 = help: name it by what it does, as in `017_add_rewards_table.sql`
 = note: file-name; see `cargo glowplug explain file-name`

1 migration for sqlite in migrations: 1 error
",
    );
}

#[test]
fn an_empty_file() {
    refused(
        &[("001_create_users.sql", b"\n-- later\n")],
        "\
error: `001_create_users.sql` holds no statement
--> migrations/001_create_users.sql:1:1
 = help: write the migration, or delete the file: an empty one is recorded as applied, and what is added later never runs; where it must be there, say why: `-- glowplug: allow(empty-migration, reason = \"…\")`
 = note: empty-migration; see `cargo glowplug explain empty-migration`

1 migration for sqlite in migrations: 1 error
",
    );
}

#[test]
fn latin1_bytes() {
    refused(
        &[("001_greet.sql", b"-- h\xf6flich\nSELECT 1;\n")],
        "\
error: `001_greet.sql` is not UTF-8: line 1, byte 4
 --> migrations/001_greet.sql:1:5
  |
1 | -- h\u{fffd}flich
  |     ^ not UTF-8 from here
  |
  = help: save it as UTF-8: `iconv -f LATIN1 -t UTF-8 001_greet.sql > new.sql`
  = note: not-utf8; see `cargo glowplug explain not-utf8`

1 migration for sqlite in migrations: 1 error
",
    );
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let text = "-- a comment\nCREATE TABLE IF NOT EXISTS a (\n    id INTEGER PRIMARY KEY\n);\n";
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let checksum = |bytes: &[u8]| {
        let root = folder(&[("001_a.sql", bytes)]);
        let ran = run(root.path(), &["check", "--backend", "sqlite", "--format", "json"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        json["migrations"][0]["checksum"].as_str().unwrap().to_owned()
    };
    let unix = checksum(text.as_bytes());
    assert_eq!(unix.len(), 64);
    assert_eq!(checksum(windows.as_bytes()), unix);
    assert_ne!(checksum(text.replace("IF NOT EXISTS a", "IF NOT EXISTS b").as_bytes()), unix);
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_to_itself() {
    let root = folder(&[("001_a.sql", A)]);
    std::os::unix::fs::symlink("002_b.sql", root.path().join("migrations/002_b.sql")).unwrap();
    let ran = run(root.path(), &["check", "--backend", "sqlite"]);
    assert_eq!(
        ran.out,
        "\
error: `002_b.sql` cannot be read: Too many levels of symbolic links (os error 40)
--> migrations/002_b.sql:1:1
 = note: unreadable-file; see `cargo glowplug explain unreadable-file`

2 migrations for sqlite in migrations: 1 error
"
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn names_with_spaces() {
    let root = folder(&[("001_add users.sql", A)]);
    let ran = run(root.path(), &["check", "--backend", "sqlite"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "1 migration for sqlite in migrations: nothing to report\n"));
    refused(
        &[("001_a.sql", A), ("002 add points.sql", B)],
        "\
error: `002 add points.sql` has no `_` between its number and its words
--> migrations/002 add points.sql:1:1
 = help: rename it to `002_add points.sql`
 = note: file-name; see `cargo glowplug explain file-name`

1 migration for sqlite in migrations: 1 error
",
    );
}

#[test]
fn no_folder_and_no_migrations() {
    let root = folder(&[]);
    let ran = run(root.path(), &["check", "no/such", "--backend", "sqlite"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            2,
            "",
            "error: there is no folder `no/such`: create it, or give the path of the one that holds the migrations\n"
        )
    );
    let ran = run(root.path(), &["check", "--backend", "sqlite"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "no migrations in migrations\n"));
}

#[test]
fn an_engine_must_be_said() {
    let root = folder(&[("001_a.sql", A)]);
    let ran = run(root.path(), &["check"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: which engine is `migrations` for? Write `backend = \"postgres\"` (or \"sqlite\") into \
             migrations/glowplug.toml, or say `--backend postgres` (or sqlite)\n"
        )
    );
    let ran = run(root.path(), &["check", "--backend", "oracle"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.starts_with(
            "error: invalid value 'oracle' for '--backend <BACKEND>': `oracle` is no engine that is known; \
         there are postgres, sqlite, mysql, mariadb\n"
        ),
        "{}",
        ran.err
    );

    // What is said on the command line beats the file.
    fs::write(root.path().join("migrations/glowplug.toml"), "backend = \"postgres\"\n").unwrap();
    let backend = |arguments: &[&str]| {
        let json: Value = serde_json::from_str(&run(root.path(), arguments).out).unwrap();
        json["backend"].as_str().unwrap().to_owned()
    };
    assert_eq!(backend(&["check", "--format", "json"]), "postgres");
    assert_eq!(backend(&["check", "--format", "json", "--backend", "sqlite"]), "sqlite");
}

#[test]
fn settings_that_cannot_be_understood_are_shown() {
    let root = folder(&[
        ("001_a.sql", A),
        ("glowplug.toml", b"backend = \"postgres\"\ngaps = [\"002..010\"]\n[lints]\nnumbr-gap = \"warn\"\n"),
    ]);
    let ran = run(root.path(), &["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err,
        "\
error: `002..010` is no number and no range of numbers
 --> migrations/glowplug.toml:2:9
  |
2 | gaps = [\"002..010\"]
  |         ^^^^^^^^^^
  |
  = help: write \"002..=010\", with both ends included
  = note: config; see `cargo glowplug explain config`

error: unknown rule `numbr-gap`
 --> migrations/glowplug.toml:4:1
  |
4 | numbr-gap = \"warn\"
  | ^^^^^^^^^
  |
  = help: did you mean `number-gap`?
  = note: config; see `cargo glowplug explain config`
"
    );
}

#[test]
fn a_gap_that_is_none_is_shown_in_the_settings() {
    refused(
        &[("001_a.sql", A), ("002_b.sql", B), ("glowplug.toml", b"backend = \"sqlite\"\ngaps = [\"2\"]\n")],
        "\
error: `gaps` says that 002 was never used, but `002_b.sql` has it
 --> migrations/glowplug.toml:2:9
  |
2 | gaps = [\"2\"]
  |         ^^^ not a gap
  |
  = help: take 002 out of `gaps`
  = note: number-gap; see `cargo glowplug explain number-gap`

2 migrations for sqlite in migrations: 1 error
",
    );
}

#[test]
fn levels_come_from_the_settings() {
    let toml = b"backend = \"sqlite\"\n[lints]\nconvention = \"warn\"\nfile-name = \"allow\"\n";
    let root = folder(&[("001_a.sql", A), ("003_c.sql", C), ("004.sql", B), ("glowplug.toml", toml)]);
    let ran = run(root.path(), &["check"]);
    assert_eq!(ran.code, 0, "warnings are allowed");
    assert!(ran.out.starts_with("warning: 002 is missing between"), "{}", ran.out);
    assert!(ran.out.ends_with("\n2 migrations for sqlite in migrations: 1 warning\n"), "{}", ran.out);
}

#[test]
fn only_filters_what_is_reported_and_counted() {
    let root = folder(&[("001_a.sql", A), ("003_c.sql", C), ("004.sql", B)]);
    let rules = |only: &str| {
        let ran = run(root.path(), &["check", "--backend", "sqlite", "--format", "json", "--only", only]);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        let rules: Vec<_> =
            json["diagnostics"].as_array().unwrap().iter().map(|d| d["rule"].as_str().unwrap().to_owned()).collect();
        assert_eq!(json["summary"]["errors"].as_u64(), Some(rules.len() as u64));
        (ran.code, rules)
    };
    let owned = |rules: &[&str]| rules.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>();
    assert_eq!(rules("correctness"), (0, owned(&[])));
    assert_eq!(rules("convention"), (1, owned(&["number-gap", "file-name"])));
    assert_eq!(rules("correctness,file-name"), (1, owned(&["file-name"])));
    let ran = run(root.path(), &["check", "--backend", "sqlite", "--only", "convetion"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: --only: there is no rule and no group `convetion`; did you mean `convention`?\n")
    );
}

#[test]
fn the_json_is_the_contract() {
    let root = folder(&[("001_create_users.sql", A), ("003_c.sql", C)]);
    let ran = run(root.path(), &["check", "--backend", "sqlite", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&json), "backend diagnostics migrations summary");
    let migration = &json["migrations"][0];
    assert_eq!(keys(migration), "checksum file idempotent name resumable statements transaction version");
    assert_eq!((&migration["version"], &migration["name"]), (&"001".into(), &"create_users".into()));
    assert_eq!((&migration["statements"], &migration["idempotent"]), (&1.into(), &true.into()));
    let diagnostic = &json["diagnostics"][0];
    assert_eq!(keys(diagnostic), "column end_column end_line file group help level line message rule sqlstate");
    assert_eq!(diagnostic["file"], "003_c.sql");
    assert_eq!(diagnostic["sqlstate"], Value::Null);
    assert_eq!(json["summary"], serde_json::json!({"errors": 1, "warnings": 0}));
}

#[test]
fn both_ways_to_call_it() {
    let root = folder(&[("001_a.sql", A)]);
    let direct = Command::new(env!("CARGO_BIN_EXE_cargo-glowplug"))
        .current_dir(root.path())
        .args(["check", "--backend", "sqlite"])
        .output()
        .unwrap();
    let through_cargo = run(root.path(), &["check", "--backend", "sqlite"]);
    assert!(direct.status.success());
    assert_eq!(String::from_utf8(direct.stdout).unwrap(), through_cargo.out);
    assert_eq!(run(root.path(), &["chek"]).code, 2);
    assert_eq!(run(root.path(), &["--help"]).code, 0);
    assert_eq!(run(root.path(), &["--version"]).out, format!("cargo glowplug {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_rule_is_explained() {
    let root = folder(&[]);
    let list = run(root.path(), &["explain"]);
    assert_eq!(list.code, 0);
    let ids: Vec<&str> =
        list.out.lines().filter(|l| l.starts_with("  ")).filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(ids.len(), glowplug_analysis::rules::ALL.len());
    for id in ids {
        let page = run(root.path(), &["explain", id]);
        assert!(page.code == 0 && page.out.starts_with(&format!("# {id}\n")), "{id}: {}", page.out);
    }
    let ran = run(root.path(), &["explain", "undefined_tabel"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: there is no rule `undefined_tabel`; did you mean `undefined-table`?\n")
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let root = folder(&[]);
    let mut child = command(root.path(), &["explain"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn schema_prints_what_the_migrations_make() {
    let root = folder(&[("001_a.sql", A), ("002_b.sql", b"ALTER TABLE a ADD COLUMN note TEXT NOT NULL DEFAULT '';\n")]);
    let ran = run(root.path(), &["schema", "--backend", "sqlite"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let columns: Vec<_> = json["tables"][0]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["name"], &c["type"], &c["default"]))
        .collect();
    assert_eq!(
        format!("{columns:?}"),
        r#"[(String("id"), String("INTEGER"), Null), (String("note"), String("TEXT"), String("''"))]"#
    );
    let ran = run(root.path(), &["schema", "--backend", "sqlite", "--format", "mermaid"]);
    let expected = "erDiagram\n    \"a\" {\n        INTEGER id PK \"null\"\n        TEXT note\n    }\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, expected, ""));
}

#[test]
fn schema_of_a_folder_that_does_not_run_says_why() {
    let root = folder(&[("001_a.sql", A), ("002_b.sql", b"CREATE TABLE IF NOT EXISTS a2 (x INT, x INT);\n")]);
    let ran = run(root.path(), &["schema", "--backend", "sqlite"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("duplicate column name: x"), "{}", ran.err);
    assert!(serde_json::from_str::<Value>(&ran.out).unwrap()["tables"][0]["name"] == "a", "{}", ran.out);
}
