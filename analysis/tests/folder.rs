//! Real folders on a real disk: what is read, what is left out, and what is said of the rest.

use std::fs;
use std::path::Path;

use glowplug_analysis::sources::{MAX_FILE_BYTES, ReadProblem};
use glowplug_analysis::{Backend, Config, Sources, analyze};

/// A folder with these files; a name's folders are made.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let at = root.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, bytes).unwrap();
    }
    root
}

fn paths(sources: &Sources) -> Vec<&str> {
    sources.files.iter().map(|f| f.path.as_str()).collect()
}

/// `file: rule: message` of what is said of a folder's names and files.
fn findings(root: &Path) -> Vec<String> {
    let sources = Sources::read(root).unwrap();
    let analysis = analyze(sources, &Config::new(Backend::Sqlite));
    analysis.diagnostics.iter().map(|d| format!("{}: {}: {}", d.file, d.rule, d.message)).collect()
}

const TABLE: &[u8] = b"CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\n";

#[test]
fn what_is_no_migration_is_left_out() {
    let root = folder(&[
        ("001_a.sql", TABLE),
        ("README.md", b"# Migrations"),
        ("Cargo.lock", b""),
        (".002_hidden.sql", b"nonsense"),
        (".git/up.sql", b"nonsense"),
        ("003_a.sql~", b"nonsense"),
        ("seeds/users.sql", b"nonsense"),
        ("deep/er/001_a.sql", b"nonsense"),
        ("empty/.keep", b""),
    ]);
    assert_eq!(paths(&Sources::read(root.path()).unwrap()), ["001_a.sql", "seeds/users.sql"]);
    assert_eq!(findings(root.path()), [""; 0]);
}

#[test]
fn diesel_folders_with_their_metadata() {
    let root = folder(&[
        ("2024-05-01-120000_a/up.sql", TABLE),
        ("2024-05-01-120000_a/down.sql", b"DROP TABLE IF EXISTS a;"),
        ("2024-05-02-120000_b/up.sql", b"VACUUM;"),
        ("2024-05-02-120000_b/metadata.toml", b"run_in_transaction = false\n"),
        ("2024-05-03-120000_c/up.sql", TABLE),
        ("2024-05-03-120000_c/metadata.toml", b"run_in_transaction = \"no\"\n"),
    ]);
    let said = findings(root.path());
    let expected =
        "2024-05-03-120000_c/metadata.toml: config: `run_in_transaction` must be true or false, not a text".to_owned();
    assert!(said.contains(&expected), "{said:?}");
    let analysis = analyze(Sources::read(root.path()).unwrap(), &Config::new(Backend::Sqlite));
    let versions: Vec<_> = analysis.migrations.iter().map(|m| (m.version.as_str(), m.transaction)).collect();
    assert_eq!(versions, [("20240501120000", true), ("20240502120000", false), ("20240503120000", true)]);
    assert_eq!(analysis.migrations[0].down.as_deref(), Some("2024-05-01-120000_a/down.sql"));
}

#[test]
fn bytes_that_are_not_utf8_are_shown_where_they_are() {
    let latin1 = b"-- one\nINSERT INTO a VALUES ('Gr\xfc\xdfe');\n";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("SELECT 1;".bytes().flat_map(|b| [b, 0])).collect();
    let root = folder(&[("001_a.sql", latin1), ("002_b.sql", &utf16), ("003_c.sql", b"")]);
    let sources = Sources::read(root.path()).unwrap();
    let problems: Vec<_> = sources.files.iter().map(|f| f.problem.clone()).collect();
    let not = |offset, line, encoding| Some(ReadProblem::NotUtf8 { offset, line, encoding });
    assert_eq!(problems, [not(32, 2, "LATIN1"), not(0, 1, "UTF-16"), None]);

    let analysis = analyze(sources, &Config::new(Backend::Sqlite));
    let first = &analysis.diagnostics[0];
    assert_eq!(first.message, "`001_a.sql` is not UTF-8: line 2, byte 32");
    assert_eq!(first.help.as_deref(), Some("save it as UTF-8: `iconv -f LATIN1 -t UTF-8 001_a.sql > new.sql`"));
    let file = analysis.sources.find("001_a.sql").unwrap();
    assert_eq!(file.lines.line_column(&file.text, first.span.start), (2, 26));
    assert_eq!(&file.text[first.span.range()], "\u{fffd}");
}

#[test]
fn a_large_file_is_read_and_a_larger_one_is_refused() {
    let root = folder(&[]);
    let line = b"INSERT INTO a VALUES (1, 'some words that make the line longer than it would otherwise have been');\n";
    fs::write(root.path().join("001_a.sql"), line.repeat((50 << 20) / line.len() + 1)).unwrap();
    let file = fs::File::create(root.path().join("002_b.sql")).unwrap();
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let sources = Sources::read(root.path()).unwrap();
    let first = &sources.files[0];
    assert_eq!(first.problem, None);
    assert_eq!(first.lines.line_column(&first.text, first.text.len() - 1), (first.lines.lines() - 1, line.len()));
    assert_eq!(sources.files[1].problem, Some(ReadProblem::TooLarge { bytes: MAX_FILE_BYTES + 1 }));
}

#[test]
fn a_folder_that_cannot_be_read_says_why() {
    let root = folder(&[("file", b"")]);
    let missing = root.path().join("migrations");
    assert_eq!(
        Sources::read(&missing).unwrap_err().to_string(),
        format!(
            "there is no folder `{}`: create it, or give the path of the one that holds the migrations",
            missing.display()
        )
    );
    let file = root.path().join("file");
    assert_eq!(
        Sources::read(&file).unwrap_err().to_string(),
        format!("`{}` is a file: give the path of the folder that holds the migrations", file.display())
    );
}

#[test]
fn spaces_are_fine_in_words_and_in_folders() {
    let root = folder(&[("my migrations/001_add users.sql", TABLE)]);
    let sources = Sources::read(&root.path().join("my migrations")).unwrap();
    let analysis = analyze(sources, &Config::new(Backend::Sqlite));
    assert_eq!(analysis.migrations[0].name, "add users");
    assert_eq!(analysis.diagnostics, []);
}

// The numbers of the system's errors are Linux's.
#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_and_loops_are_named() {
        let root = folder(&[("real/001_a.sql", TABLE), ("migrations/003_c.sql", TABLE)]);
        let migrations = root.path().join("migrations");
        symlink("../real/001_a.sql", migrations.join("001_a.sql")).unwrap();
        symlink("002_loop.sql", migrations.join("002_loop.sql")).unwrap();
        symlink("nowhere.sql", migrations.join("004_d.sql")).unwrap();
        symlink(".", migrations.join("005_self")).unwrap();
        symlink("..", migrations.join("006_up")).unwrap();
        symlink("nowhere", migrations.join("007_folder")).unwrap();
        let said = findings(&migrations);
        assert_eq!(
            said,
            [
                "002_loop.sql: unreadable-file: `002_loop.sql` cannot be read: Too many levels of symbolic links (os error 40)",
                "004_d.sql: unreadable-file: `004_d.sql` cannot be read: a symbolic link that leads nowhere",
                "005_self/up.sql: unreadable-file: `005_self/up.sql` cannot be read: \
                 a symbolic link that leads back to the folder it is in",
                "006_up/up.sql: unreadable-file: `006_up/up.sql` cannot be read: \
                 a symbolic link that leads back to the folder it is in",
                "007_folder/up.sql: unreadable-file: `007_folder/up.sql` cannot be read: a symbolic link that leads nowhere",
            ]
        );
    }

    #[test]
    fn what_is_no_regular_file_is_not_waited_for() {
        let root = folder(&[]);
        // A device stands for all of them; a pipe would need a tool to be made.
        symlink("/dev/zero", root.path().join("001_a.sql")).unwrap();
        assert_eq!(
            findings(root.path()),
            ["001_a.sql: unreadable-file: `001_a.sql` cannot be read: not a regular file"]
        );
    }

    #[test]
    fn a_file_without_permission_is_named() {
        let root = folder(&[("001_a.sql", TABLE)]);
        let at = root.path().join("001_a.sql");
        fs::set_permissions(&at, fs::Permissions::from_mode(0o000)).unwrap();
        let said = findings(root.path());
        // Who may read everything (root, in a container) reads this too.
        match fs::read(&at) {
            Ok(_) => assert_eq!(said, [""; 0]),
            Err(_) => assert_eq!(
                said,
                ["001_a.sql: unreadable-file: `001_a.sql` cannot be read: Permission denied (os error 13)"]
            ),
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_is_refused() {
        let root = folder(&[]);
        fs::write(root.path().join(OsStr::from_bytes(b"001_gr\xfc.sql")), TABLE).unwrap();
        let said = findings(root.path());
        assert_eq!(said, ["001_gr\u{fffd}.sql: file-name: the name of `001_gr\u{fffd}.sql` is not readable text"]);
    }
}

#[test]
fn a_runner_is_told_what_shares_a_transaction_and_what_builds_an_index() {
    let sql = b"-- glowplug: no-transaction\n\
        CREATE TABLE IF NOT EXISTS app.a (id integer PRIMARY KEY);\n\
        CREATE INDEX CONCURRENTLY IF NOT EXISTS \"A \"\"b\" ON app.a (id);\n\
        CREATE INDEX IF NOT EXISTS plain ON app.a (id);\n\
        SET statement_timeout = 0;\n\
        CREATE OR REPLACE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1';\n\
        CALL app.p();\n\
        VACUUM app.a;\n";
    let root = folder(&[("001_app.sql", b"CREATE SCHEMA IF NOT EXISTS app;\n"), ("002_a.sql", sql)]);
    let analysis = analyze(Sources::read(root.path()).unwrap(), &Config::new(Backend::Postgres));
    let statements = &analysis.migrations[1].statements;
    let told: Vec<_> = statements.iter().map(|s| (s.transaction, s.index.as_deref())).collect();
    let built = Some("\"app\".\"A \"\"b\"");
    assert_eq!(
        told,
        [(true, None), (false, built), (true, None), (false, None), (true, None), (false, None), (false, None)]
    );
}
