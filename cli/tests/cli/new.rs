//! `cargo glowplug new`.

use std::fs;
use std::path::Path;

use crate::{A, folder, run};

/// What `new` says that it cannot do, and that it changed nothing.
#[track_caller]
fn refused(files: &[(&str, &[u8])], words: &str, expected: &str) {
    let root = folder(files);
    let before = listing(root.path());
    let ran = run(root.path(), &["new", words, "--backend", "sqlite"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (2, "", format!("error: {expected}\n").as_str()));
    assert_eq!(listing(root.path()), before);
}

fn listing(root: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root.join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn new_names_the_next_one_as_the_others() {
    for (there, made) in [
        (&[][..], &["0001_add_rewards_table.sql"][..]),
        (&["001_a.sql", "002_b.sql"], &["003_add_rewards_table.sql"]),
        (&["001-a.sql"], &["002-add-rewards-table.sql"]),
        (&["V1__a.sql"], &["V2__add_rewards_table.sql"]),
        (&["001_a.up.sql", "001_a.down.sql"], &["002_add_rewards_table.up.sql", "002_add_rewards_table.down.sql"]),
        (&["001_a/up.sql", "001_a/down.sql"], &["002_add_rewards_table/up.sql", "002_add_rewards_table/down.sql"]),
        (&["20990101000000_a/migration.sql"], &["20990101000001_add_rewards_table/migration.sql"]),
        (&["V1__a.sql", "U1__a.sql"], &["V2__add_rewards_table.sql", "U2__add_rewards_table.sql"]),
    ] {
        let files: Vec<(&str, &[u8])> = there.iter().map(|path| (*path, A)).collect();
        let root = folder(&files);
        let ran = run(root.path(), &["new", "Add rewards table", "--backend", "sqlite"]);
        let expected: String = made.iter().map(|path| format!("migrations/{path}\n")).collect();
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, expected.as_str(), ""));
        let text = fs::read_to_string(root.path().join("migrations").join(made[0])).unwrap();
        assert!(text.starts_with("-- Add rewards table\n"), "{text}");
    }
}

#[test]
fn a_name_must_say_something() {
    let example = "a migration's name says what it does, in words: \"add rewards table\"";
    for words in ["", " ", "?!", "\n"] {
        refused(&[("001_a.sql", A)], words, example);
    }
    refused(&[("001_a.sql", A)], "add/rewards", &format!("{example}; `add/rewards` is a path"));
    refused(&[], "../../etc/passwd", &format!("{example}; `../../etc/passwd` is a path"));
    refused(&[], r"add\rewards", &format!(r"{example}; `add\rewards` is a path"));
    let long = "the name is too long: its file's would be 309 bytes, and 255 is what file systems take";
    refused(&[], &"x".repeat(300), long);
    // Characters of several bytes count as what they are.
    refused(&[], &"ü".repeat(150), long);
}

#[test]
fn a_folder_with_two_schemes_has_no_next_number() {
    refused(
        &[("001_a.sql", A), ("002_b.sql", b""), ("20240501120000_c.sql", b"")],
        "add rewards",
        "`20240501120000_c.sql` is numbered by time, the other 2 in sequence: `001_a.sql`: \
         in which way is the next one to be numbered?",
    );
}

#[test]
fn no_folder() {
    let root = folder(&[]);
    let ran = run(root.path(), &["new", "x", "--dir", "nowhere", "--backend", "sqlite"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: there is no folder `nowhere`: create it, or give the path of the one that holds the migrations\n")
    );
}

/// As another user where the tests are root's, who may write everywhere.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let root = folder(&[("001_a.sql", A)]);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(root.path(), 0o755);
    mode(&root.path().join("migrations"), 0o555);
    // The folders above the program's own may be closed to others.
    let program = root.path().join("cargo-glowplug");
    fs::copy(env!("CARGO_BIN_EXE_cargo-glowplug"), &program).unwrap();
    let mut command = std::process::Command::new(&program);
    command.current_dir(root.path()).args(["new", "add rewards", "--backend", "sqlite"]);
    if fs::metadata(root.path()).unwrap().uid() == 0 {
        command.uid(65534);
    }
    let ran = command.output().unwrap();
    assert_eq!(
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap().as_str()),
        (Some(2), "error: cannot write `migrations/002_add_rewards.sql`: Permission denied (os error 13)\n")
    );
    assert_eq!(listing(root.path()), ["001_a.sql"]);
    mode(&root.path().join("migrations"), 0o755);
}

#[test]
fn new_leaves_alone_what_is_there() {
    let root = folder(&[("001_a.up.sql", A), ("001_a.down.sql", b"")]);
    // A folder of the name that the next file would have.
    fs::create_dir(root.path().join("migrations/002_more.up.sql")).unwrap();
    let ran = run(root.path(), &["new", "more", "--backend", "sqlite"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: `migrations/002_more.up.sql` is there already, and is left as it is\n")
    );
}

/// The forms that the template offers are held against the rules, on each engine: what it says is for a file, as one.
#[test]
fn the_template_is_refused_as_it_is_and_accepted_as_it_could_be() {
    for backend in ["postgres", "sqlite", "mysql", "mariadb"] {
        let root = folder(&[]);
        let made = run(root.path(), &["new", "add rewards", "--backend", backend]);
        let at = root.path().join(made.out.trim_end());
        let untouched = run(root.path(), &["check", "--backend", backend, "--format", "json"]);
        assert_eq!(untouched.code, 1);
        assert!(untouched.out.contains("\"rule\":\"empty-migration\""), "{}", untouched.out);

        let template = fs::read_to_string(&at).unwrap();
        let mut files: Vec<String> = Vec::new();
        let mut alone = false;
        for line in template.lines().skip(1).filter_map(|line| line.strip_prefix("-- ")) {
            if line.ends_with(':') {
                alone = line.contains("each in a migration of its own");
                files.push(String::new());
                continue;
            }
            let file = files.last_mut().expect("a line says what the next ones are");
            if alone && file.ends_with(";\n") {
                files.push(format!("{line}\n"));
            } else {
                *file += &format!("{line}\n");
            }
        }
        assert!(files.len() >= 2 && files.iter().all(|file| file.ends_with(";\n")), "{files:?}");
        fs::remove_file(&at).unwrap();
        for (index, file) in files.iter().enumerate() {
            fs::write(at.with_file_name(format!("{:04}_form.sql", index + 1)), file).unwrap();
        }
        let filled = run(root.path(), &["check", "--backend", backend, "--format", "json"]);
        assert_eq!(filled.code, 0, "{files:#?}\n{}", filled.out);
        assert!(!filled.out.contains("\"rule\""), "{files:#?}\n{}", filled.out);
    }
}
