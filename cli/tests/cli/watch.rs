//! `cargo glowplug check --watch`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::{A, B, command, folder, run};

/// On a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut command = command(root, &[&["check", "--watch", "--backend", "sqlite"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let errors = sender.clone();
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).for_each(|l| _ = sender.send(l)));
        thread::spawn(move || BufReader::new(err).lines().map_while(Result::ok).for_each(|l| _ = errors.send(l)));
        Self { child, lines }
    }

    /// Reads until this line comes; answers what came before it.
    #[track_caller]
    fn says(&self, expected: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line == expected => return before,
                Ok(line) => before.push(line),
                Err(error) => panic!("{error}: never said {expected:?}, but {before:#?}"),
            }
        }
    }

    /// The processor's time that it took so far, in clock ticks.
    #[cfg(target_os = "linux")]
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ONE: &str = "1 migration for sqlite in migrations: nothing to report";
const STARTED: &str = "watching `migrations`; Ctrl-C ends it";
const TWO: &str = "2 migrations for sqlite in migrations: nothing to report";

#[test]
fn checks_again_when_a_file_changes() {
    let root = folder(&[("001_a.sql", A)]);
    let migrations = root.path().join("migrations");
    let watching = Watching::start(root.path(), &[]);
    let before = watching.says(ONE);
    assert!(before.iter().all(|line| line == STARTED), "no escape sequence where there is no terminal: {before:?}");

    fs::write(migrations.join("002_b.sql"), "CREATE TABEL b (id INTEGER);\n").unwrap();
    let shown = watching.says("2 migrations for sqlite in migrations: 1 error");
    assert!(shown.iter().any(|line| line.starts_with("error: ")), "{shown:?}");
    // As editors save: another file that takes its place.
    fs::write(migrations.join(".002_b.sql.swp"), B).unwrap();
    fs::rename(migrations.join(".002_b.sql.swp"), migrations.join("002_b.sql")).unwrap();
    watching.says(TWO);
    fs::remove_file(migrations.join("002_b.sql")).unwrap();
    watching.says(ONE);

    fs::write(migrations.join("glowplug.toml"), "backend = sqlite\n").unwrap();
    watching.says("  = note: config; see `cargo glowplug explain config`");
    fs::remove_file(migrations.join("glowplug.toml")).unwrap();
    watching.says(ONE);

    // As git does between branches: the folder goes, and comes back.
    fs::remove_dir_all(&migrations).unwrap();
    let gone =
        "error: there is no folder `migrations`: create it, or give the path of the one that holds the migrations";
    watching.says(gone);
    fs::create_dir(&migrations).unwrap();
    fs::write(migrations.join("001_a.sql"), A).unwrap();
    fs::write(migrations.join("002_b.sql"), B).unwrap();
    watching.says(TWO);
    fs::remove_file(migrations.join("002_b.sql")).unwrap();
    watching.says(ONE);
}

#[cfg(target_os = "linux")]
#[test]
fn sleeps_while_nothing_changes() {
    let root = folder(&[("001_a.sql", A)]);
    let watching = Watching::start(root.path(), &[]);
    // From two streams, in any order.
    let mut said = [watching.lines.recv_timeout(PATIENCE).unwrap(), watching.lines.recv_timeout(PATIENCE).unwrap()];
    said.sort();
    assert_eq!(said, [ONE, STARTED]);
    // What is written as it was, and read, is no change; and its own reading does not wake it up.
    fs::write(root.path().join("migrations/001_a.sql"), A).unwrap();
    fs::read(root.path().join("migrations/001_a.sql")).unwrap();
    thread::sleep(Duration::from_millis(300));
    let before = watching.ticks();
    let silence = watching.lines.recv_timeout(Duration::from_secs(2));
    assert_eq!(silence, Err(RecvTimeoutError::Timeout));
    let spent = watching.ticks() - before;
    assert!(spent <= 2, "{spent} ticks of a hundredth of a second in two seconds of nothing");
}

#[cfg(unix)]
#[test]
fn ends_on_ctrl_c() {
    use std::os::unix::process::ExitStatusExt as _;
    let root = folder(&[("001_a.sql", A)]);
    let mut watching = Watching::start(root.path(), &[]);
    watching.says(ONE);
    assert!(Command::new("kill").args(["-INT", &watching.child.id().to_string()]).status().unwrap().success());
    assert_eq!(watching.child.wait().unwrap().signal(), Some(2));
}

#[test]
fn ends_when_nobody_reads() {
    let root = folder(&[("001_a.sql", A)]);
    let mut command = command(root.path(), &["check", "--watch", "--backend", "sqlite"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), ONE);
    drop(reader);
    fs::write(root.path().join("migrations/002_b.sql"), B).unwrap();
    assert!(child.wait().unwrap().success());
}

/// `script` gives it a terminal.
#[cfg(target_os = "linux")]
#[test]
fn clears_a_terminal() {
    let root = folder(&[("001_a.sql", A)]);
    let program = env!("CARGO_BIN_EXE_cargo-glowplug");
    let watch = format!("timeout 5 {program} check --watch --backend sqlite");
    let ran = Command::new("script")
        .current_dir(root.path())
        .args(["-q", "-e", "-c", &watch, "typescript"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(said.contains(&format!("\x1b[2J\x1b[3J\x1b[H{ONE}")), "{said:?}");
}

#[test]
fn no_folder_to_watch() {
    let root = folder(&[]);
    let ran = run(root.path(), &["check", "--watch", "--backend", "sqlite", "nowhere/below"]);
    let said =
        "error: there is no folder `nowhere/below`: create it, or give the path of the one that holds the migrations\n";
    assert_eq!((ran.code, ran.err.as_str()), (2, said));
}
