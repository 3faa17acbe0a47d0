//! `cargo glowplug lock`, and what the other commands make of `glowplug.lock`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{A, B, C, folder, run};

const SQLITE: (&str, &[u8]) = ("glowplug.toml", b"backend = \"sqlite\"\n");

fn lines(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("migrations/glowplug.lock")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[track_caller]
fn says(root: &Path, arguments: &[&str], code: i32, out: &str, err: &str) {
    let ran = run(root, arguments);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (code, out, err));
}

#[test]
fn seals_what_is_there_and_then_has_nothing_to_do() {
    let root = folder(&[SQLITE, ("001_a.sql", A), ("002_b.sql", B)]);
    let due = "001 a: not sealed yet\n002 b: not sealed yet\n\
               migrations/glowplug.lock: `cargo glowplug lock` has something to do\n";
    says(root.path(), &["lock", "--check"], 1, due, "");
    assert!(!root.path().join("migrations/glowplug.lock").exists());
    says(root.path(), &["lock"], 0, "001 a: sealed\n002 b: sealed\nmigrations/glowplug.lock: written\n", "");
    let sealed = lines(root.path());
    assert_eq!(sealed.len(), 2);
    for arguments in [&["lock"][..], &["lock", "--check"]] {
        says(root.path(), arguments, 0, "migrations/glowplug.lock: nothing to do\n", "");
    }
    assert_eq!(lines(root.path()), sealed);
    assert_eq!(fs::read_dir(root.path().join("migrations")).unwrap().count(), 4, "nothing else is left behind");
}

#[test]
fn an_edit_is_refused_with_both_ways_on() {
    let root = folder(&[SQLITE, ("001_a.sql", A), ("002_b.sql", B)]);
    run(root.path(), &["lock"]);
    let sealed = lines(root.path());
    fs::write(root.path().join("migrations/001_a.sql"), C).unwrap();
    let line = &sealed[0];
    let shown = format!(
        "\
error: `001_a.sql` is not what it was when it was sealed
 --> migrations/001_a.sql:1:1
  |
 ::: migrations/glowplug.lock:3:1
  |
3 | {line}
  | {} sealed here
  |
  = help: where it is applied already: bring it back as it was (`git log -p` shows it), and write what is to change into a new migration; where it is applied nowhere yet: `cargo glowplug lock --accept 001`
  = note: edited-after-lock; see `cargo glowplug explain edited-after-lock`
",
        "-".repeat(line.len())
    );
    let checked = format!("{shown}\n2 migrations for sqlite in migrations: 1 error\n");
    says(root.path(), &["check"], 1, &checked, "");
    says(root.path(), &["lock"], 1, &format!("{shown}\nglowplug.lock is left as it is\n"), "");
    says(root.path(), &["new", "more"], 2, "", &shown);
    assert_eq!(lines(root.path()), sealed);
    assert!(!root.path().join("migrations/003_more.sql").exists());

    // The first way on.
    fs::write(root.path().join("migrations/001_a.sql"), A).unwrap();
    assert_eq!(run(root.path(), &["check"]).code, 0);
    // The second.
    fs::write(root.path().join("migrations/001_a.sql"), C).unwrap();
    let nothing = "error: --accept: there is nothing to accept of 7\n";
    says(root.path(), &["lock", "--accept", "001", "--accept", "7"], 2, "", nothing);
    assert_eq!(lines(root.path()), sealed);
    says(
        root.path(),
        &["lock", "--accept", "1"],
        0,
        "001 a: was something else, sealed as it is now\n002 b: tied to the line before it\n\
         migrations/glowplug.lock: written\n",
        "",
    );
    assert_eq!(run(root.path(), &["check"]).code, 0);
}

#[test]
fn what_is_deleted_or_has_no_line_is_said() {
    let root = folder(&[SQLITE, ("001_a.sql", A), ("002_b.sql", B)]);
    run(root.path(), &["lock"]);
    fs::rename(root.path().join("migrations/002_b.sql"), root.path().join("migrations/003_c.sql")).unwrap();
    let ran = run(root.path(), &["check", "--only", "edited-after-lock,lock-file"]);
    assert!(ran.out.starts_with("error: `003_c.sql` has no line in glowplug.lock\n"), "{}", ran.out);
    assert!(
        ran.out.contains("\nerror: the migration `002 b` is gone\n --> migrations/glowplug.lock:4:1\n"),
        "{}",
        ran.out
    );
    assert_eq!(run(root.path(), &["lock"]).code, 1);
    says(
        root.path(),
        &["lock", "--accept", "002"],
        0,
        "003 c: sealed\n002 b: gone, its line taken out\nmigrations/glowplug.lock: written\n",
        "",
    );
}

#[test]
fn new_adds_an_open_line_and_seals_those_before() {
    let root = folder(&[SQLITE, ("001_a.sql", A)]);
    says(root.path(), &["new", "add b"], 0, "migrations/002_add_b.sql\n", "");
    assert!(!root.path().join("migrations/glowplug.lock").exists(), "only where one is kept");
    fs::write(root.path().join("migrations/002_add_b.sql"), B).unwrap();
    run(root.path(), &["lock"]);
    says(root.path(), &["new", "add c"], 0, "migrations/003_add_c.sql\n", "");
    assert_eq!(lines(root.path())[2], "003 open add_c");
    // It can be written, and written again.
    for text in [C, b"CREATE TABLE IF NOT EXISTS d (id INTEGER PRIMARY KEY);\n"] {
        fs::write(root.path().join("migrations/003_add_c.sql"), text).unwrap();
        let ran = run(root.path(), &["check"]);
        assert_eq!(ran.code, 0, "{}", ran.out);
    }
    run(root.path(), &["new", "more"]);
    let sealed = lines(root.path());
    assert!(sealed[2].starts_with("003 ") && sealed[2].len() > 80, "{sealed:?}");
    assert_eq!(sealed[3], "004 open more");
}

/// The point of it: git itself refuses to merge two branches that took one number.
#[test]
fn two_branches_with_one_number_conflict() {
    let root = folder(&[SQLITE, ("001_a.sql", A)]);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        let ran = Command::new("git").current_dir(root.path()).args(identity).args(arguments).output();
        ran.expect("git is installed").status.success()
    };
    let commit = || assert!(git(&["add", "."]) && git(&["commit", "-qm", "x"]));
    assert!(git(&["init", "-qb", "main"]));
    run(root.path(), &["lock"]);
    commit();
    for (branch, words, text) in [("rewards", "add rewards", B), ("tasks", "add tasks", C)] {
        assert!(git(&["switch", "-qc", branch, "main"]));
        run(root.path(), &["new", words]);
        fs::write(root.path().join(format!("migrations/002_{}.sql", words.replace(' ', "_"))), text).unwrap();
        run(root.path(), &["lock"]);
        commit();
    }
    assert!(!git(&["merge", "-q", "rewards"]), "a conflict");
    let ran = run(root.path(), &["check"]);
    assert!(ran.out.contains("error: glowplug.lock holds a conflict that was not resolved"), "{}", ran.out);
    assert_eq!(run(root.path(), &["lock"]).code, 2, "it is for a person to resolve");

    // As the message says: both lines, the next number, and the command.
    let at = root.path().join("migrations/glowplug.lock");
    let text = fs::read_to_string(&at).unwrap();
    let kept = text.lines().filter(|l| !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| l.starts_with(mark)));
    fs::write(&at, kept.map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    let migrations = root.path().join("migrations");
    fs::rename(migrations.join("002_add_tasks.sql"), migrations.join("003_add_tasks.sql")).unwrap();
    assert_eq!(run(root.path(), &["lock", "--accept", "002"]).code, 0);
    assert_eq!(run(root.path(), &["check"]).code, 0);
    assert_eq!(lines(root.path()).len(), 3);
}

#[test]
fn what_is_no_lock() {
    let root = folder(&[SQLITE, ("001_a.sql", A), ("glowplug.lock", b"001 x\n")]);
    let shown = "\
error: this is no line of a lock
 --> migrations/glowplug.lock:1:1
  |
1 | 001 x
  | ^^^^^ not `version checksum chain name`
  |
  = help: `git log -p` shows what it was; or take it out, and `cargo glowplug lock` seals the migration anew
  = note: lock-file; see `cargo glowplug explain lock-file`
";
    says(root.path(), &["lock"], 2, "", shown);
    let checked = format!("{shown}\n1 migration for sqlite in migrations: 1 error\n");
    says(root.path(), &["check"], 1, &checked, "");
    fs::write(root.path().join("migrations/glowplug.lock"), b"\xff\xfe0").unwrap();
    let ran = run(root.path(), &["lock"]);
    assert!(ran.code == 2 && ran.err.starts_with("error: glowplug.lock is not UTF-8 (line 1)\n"), "{}", ran.err);
}
