//! The pictures of the command line in the documentation: the real programs on a terminal, drawn.
//!
//! `docs/screenshots/make` takes them anew. The everyday tests run the same commands again, and hold what they print
//! against the text that each picture has in it.

#[path = "pictures/svg.rs"]
mod svg;

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use glowplug_tests::browser::{Browser, View};
use glowplug_tests::fences::{canonical, fences};
use glowplug_tests::process::until;
use rexpect::process::PtyProcess;
use svg::{Frame, svg, text, text_of};
use tempfile::TempDir;
use vt100::Parser;

const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// A program that says nothing for this long hangs.
const PATIENCE: Duration = Duration::from_secs(600);
/// Waiting is cut to this in a recording.
const IDLE: Duration = Duration::from_millis(900);
/// A letter of what is typed.
const LETTER: Duration = Duration::from_millis(35);
/// What a reader needs for what a command has printed.
const READING: Duration = Duration::from_millis(2200);

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the workspace")
}

fn screenshots() -> PathBuf {
    repository().join("docs/screenshots")
}

/// `docs/screenshots/make` says where the pictures go.
fn pictures() -> Option<PathBuf> {
    std::env::var_os("GLOWPLUG_TEST_PICTURES").map(PathBuf::from)
}

/// Someone at a terminal, in a folder of their own.
struct Stage {
    folder: TempDir,
    /// Looked in before the others.
    programs: Vec<PathBuf>,
    variables: Vec<(String, String)>,
    parser: Parser,
    frames: Vec<Frame>,
    now: Duration,
}

impl Stage {
    fn new() -> Stage {
        let folder = tempfile::Builder::new().prefix("pictures").tempdir().expect("a temporary folder");
        let programs = folder.path().join(".programs");
        fs::create_dir(&programs).expect("made");
        let manage = PathBuf::from(env!("CARGO_BIN_EXE_manage"));
        for (name, program) in
            [("migrate", manage.clone()), ("cargo-glowplug", manage.with_file_name("cargo-glowplug"))]
        {
            assert!(program.exists(), "{} is built by tests/run", program.display());
            std::os::unix::fs::symlink(program, programs.join(name)).expect("linked");
        }
        let size = |cells: u16| cells.try_into().expect("not nothing");
        Stage {
            folder,
            programs: vec![programs],
            variables: vec![
                ("GLOWPLUG_TEST_FOLDER".to_owned(), "migrations".to_owned()),
                ("DATABASE_URL".to_owned(), "app.db".to_owned()),
            ],
            parser: Parser::new(size(ROWS), size(COLUMNS), 0),
            frames: Vec::new(),
            now: Duration::ZERO,
        }
    }

    /// With the sample schema, in a folder that its owner can edit.
    fn with_samples() -> Stage {
        let stage = Stage::new();
        let to = stage.folder.path().join("migrations");
        fs::create_dir(&to).expect("made");
        for entry in fs::read_dir(repository().join("migrations/sqlite")).expect("the sample schema") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
        stage
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, text)).expect("written");
    }

    /// The line in a shell, on a terminal of this size.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        // An operator's settings are not the pictures'.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| {
                name.starts_with("GLOWPLUG_")
                    || name.ends_with("ENV")
                    || name.starts_with("CARGO_PKG")
                    || name == "NO_COLOR"
            }) {
                command.env_remove(name);
            }
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let programs: Vec<String> = self.programs.iter().map(|folder| folder.display().to_string()).collect();
        command
            .args(["-c", &format!("stty cols {COLUMNS} rows {ROWS}\n{line}")])
            .current_dir(self.folder.path())
            .env_remove("ENVIRONMENT")
            .env("TERM", "xterm-256color")
            .env("PATH", format!("{}:{path}", programs.join(":")))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Something that nobody sees.
    fn prepare(&self, line: &str) {
        let output = self.command(line).output().expect("bash starts");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn passes(&mut self, time: Duration) {
        self.now += time;
    }

    fn frame(&mut self) {
        self.frames.push(Frame { at: self.now, screen: self.parser.screen().clone() });
    }

    /// Types a line and runs it to its end.
    fn run(&mut self, line: &str) {
        self.run_until(line, None);
    }

    /// Types a line and runs it to its end, or to where this stands on the screen; what waits there is killed.
    fn run_until(&mut self, line: &str, question: Option<&str>) {
        self.parser.process(b"$ ");
        self.frame();
        self.passes(IDLE);
        let letters: Vec<char> = line.chars().collect();
        for some in letters.chunks(4) {
            self.parser.process(some.iter().collect::<String>().as_bytes());
            self.passes(LETTER * 4);
            self.frame();
        }
        self.parser.process(b"\r\n");

        let mut process = PtyProcess::new(self.command(line)).expect("a terminal");
        process.set_kill_timeout(Some(1000));
        let output = bytes(process.get_file_handle().expect("the terminal"));
        let began = Instant::now();
        while question.is_none_or(|question| !self.text().contains(question)) {
            let waited = Instant::now();
            match output.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(some) => {
                    self.passes(waited.elapsed().min(IDLE));
                    // The folder of a run is called otherwise each time.
                    let folder = self.folder.path().display().to_string();
                    let some = String::from_utf8_lossy(&some).replace(&folder, "/srv/app");
                    self.parser.process(some.as_bytes());
                    // No eye sees more of them.
                    if self.frames.last().is_some_and(|last| self.now < last.at + Duration::from_millis(60)) {
                        self.frames.pop();
                    }
                    self.frame();
                }
                Err(RecvTimeoutError::Timeout) => panic!("`{line}` hangs:\n{}", self.text()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // What still waits ends with its terminal.
        drop(process);
        self.frame();
        self.passes(READING);
    }

    fn text(&self) -> String {
        text(self.parser.screen())
    }

    /// The last moment.
    fn still(&self) -> &[Frame] {
        &self.frames[self.frames.len() - 1..]
    }
}

/// What comes from a terminal, until its other end is closed.
fn bytes(mut terminal: fs::File) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut buffer) {
            if send.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

/// Draws the stage as it is now, or holds the picture that is there against it.
#[track_caller]
fn holds(stage: &Stage, name: &str, title: &str) {
    if let Some(folder) = pictures() {
        fs::write(folder.join(name), svg(title, &stage.text(), stage.still(), Duration::ZERO)).expect("written");
        return;
    }
    let picture = fs::read_to_string(screenshots().join(name)).unwrap_or_default();
    let shown = text_of(&picture).unwrap_or_else(|| panic!("{name} is not there: docs/screenshots/make"));
    // Columns are as wide as the longest time.
    let words = |text: &str| canonical(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        words(&shown),
        words(&stage.text()),
        "{name} shows something else: docs/screenshots/make\n{}",
        stage.text()
    );
}

#[test]
fn where_each_migration_stands() {
    let mut stage = Stage::with_samples();
    stage.prepare("migrate run --to 14");
    stage.run("migrate status");
    assert!(stage.text().contains("pending"), "{}", stage.text());
    holds(&stage, "cli-status.svg", "migrate status: six migrations are applied, three are pending");
}

#[test]
fn a_run_says_once_what_it_applied() {
    let mut stage = Stage::with_samples();
    stage.prepare("migrate run --to 14");
    stage.run("migrate run");
    for once in ["applied 3 migrations", "015_", "016_", "017_"] {
        assert_eq!(stage.text().matches(once).count(), 1, "{once}\n{}", stage.text());
    }
}

#[test]
fn a_run_that_fails() {
    let mut stage = Stage::with_samples();
    stage.prepare("migrate run");
    stage.write(
        "migrations/018_one_household_of_a_name.sql",
        "-- Two families called Smith would be one too many.\nCREATE UNIQUE INDEX IF NOT EXISTS households_name ON households (name);\n",
    );
    insert(&stage.folder.path().join("app.db"));
    stage.run("migrate run");
    let said = |part: &str| stage.text().matches(part).count();
    assert_eq!((said("next:"), said("UNIQUE constraint failed"), said("warning")), (1, 1, 0), "{}", stage.text());
    holds(&stage, "cli-failed.svg", "migrate run: a migration fails on the rows that are there");
}

/// Two rows that no unique index bears.
fn insert(database: &Path) {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, SqliteConnection};
    let mut connection = SqliteConnection::establish(&database.display().to_string()).expect("opened");
    connection
        .batch_execute(
            "INSERT INTO households (name) VALUES ('Smith'); INSERT INTO households (name) VALUES ('Smith');",
        )
        .expect("inserted");
}

#[test]
fn what_a_check_says() {
    let mut stage = Stage::new();
    stage.write("migrations/glowplug.toml", "backend = \"postgres\"\n");
    stage.write(
        "migrations/001_create_users.sql",
        "CREATE TABLE IF NOT EXISTS users (\n    id    uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),\n    email text NOT NULL\n);\n",
    );
    stage.write(
        "migrations/002_create_user_analytics.sql",
        "CREATE TABLE IF NOT EXISTS user_analytics (\n    id      uuid NOT NULL PRIMARY KEY,\n    user_id uuid NOT NULL REFERENCES usres (id),\n    seen_at timestamptz NOT NULL,\n    INDEX idx_user ON user_analytics (user_id)\n);\n",
    );
    stage.run("cargo glowplug check");
    assert!(stage.text().contains("^^^^^"), "{}", stage.text());
    holds(&stage, "cli-check.svg", "cargo glowplug check: what PostgreSQL would refuse, with the place");
}

#[test]
fn a_question() {
    let mut stage = Stage::with_samples();
    stage.run_until("migrate baseline 14", Some("go on?"));
    holds(&stage, "cli-question.svg", "migrate baseline: it says what it is about to do, and asks");
}

/// The page whose project is recorded.
const PAGE: &str = "docs/guide/five-minutes.md";

/// Its files, and the commands of the blocks that are recorded, in their order.
fn recorded() -> (Vec<(String, String)>, Vec<String>) {
    let page = fs::read_to_string(repository().join(PAGE)).expect("the page is there");
    let (mut files, mut commands) = (Vec::new(), Vec::new());
    for fence in fences(&page).expect("every block is closed") {
        let words: Vec<&str> = fence.info.split(' ').collect();
        if let Some(name) = words.iter().find_map(|word| word.strip_prefix("file=notes/")) {
            files.push((name.to_owned(), fence.text.to_owned()));
        }
        if words.contains(&"recorded") {
            commands.extend(fence.text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned));
        }
    }
    assert!(files.len() > 4 && commands.len() > 4, "{files:?} {commands:?}");
    (files, commands)
}

/// Building a service takes minutes: the everyday test asks only whether what was recorded is what the page has.
#[test]
fn the_recording() {
    const NAME: &str = "recording.svg";
    let (files, commands) = recorded();
    let listed = format!("$ {}", commands.join("\n$ "));
    let Some(folder) = pictures() else {
        let picture = fs::read_to_string(screenshots().join(NAME)).unwrap_or_default();
        assert_eq!(
            text_of(&picture).unwrap_or_default(),
            listed,
            "{NAME} is not what {PAGE} has: docs/screenshots/make"
        );
        return;
    };
    let mut stage = Stage::new();
    for (name, text) in files {
        // As a neighbour of the repository has it.
        stage.write(&name, &text.replace("../glowplug/", &format!("{}/", repository().display())));
    }
    stage.variables = [("CARGO_TERM_PROGRESS_WHEN", "never"), ("DATABASE_URL", "notes.db")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    // What others have written is built before.
    let target =
        Path::new(env!("CARGO_BIN_EXE_manage")).ancestors().nth(2).expect("the target folder").display().to_string();
    stage.variables.push(("CARGO_TARGET_DIR".to_owned(), target));
    let broken =
        fs::read_to_string(stage.folder.path().join("migrations/002_create_tags.sql")).expect("the page has it");
    fs::remove_file(stage.folder.path().join("migrations/002_create_tags.sql")).expect("removed");
    stage.prepare("cargo build");
    stage.write("migrations/002_create_tags.sql", &broken);
    for command in &commands {
        stage.run(command);
    }
    let picture =
        svg("A migration with a mistake fails the build; mended, it is applied", &listed, &stage.frames, READING);
    fs::write(folder.join(NAME), picture).expect("written");

    let mut service = Command::new("cargo");
    service.args(["run", "-q"]).current_dir(stage.folder.path());
    service.envs(stage.variables.iter().map(|(name, value)| (name, value)));
    let mut service = service.spawn().expect("cargo starts");
    until("the service listens", Duration::from_secs(60), || TcpStream::connect(("127.0.0.1", 3000)).is_ok());
    let mut browser = Browser::start();
    let view = View { width: 1200, height: 700, scale: 1.0, dark: false, phone: false };
    browser.open("http://127.0.0.1:3000/database/migrations", view);
    browser.picture(&folder.join("page-notes.png"));
    // Cargo has become the service.
    let _ = service.kill();
    let _ = service.wait();
}

#[test]
fn every_picture_is_shown() {
    let pages = ["README.md", "docs/WEB.md"].map(|page| repository().join(page)).into_iter();
    let guide = fs::read_dir(repository().join("docs/guide")).expect("the guide");
    let pages = pages.chain(guide.map(|entry| entry.expect("a page").path()));
    let text: String = pages.map(|page| fs::read_to_string(page).expect("a page")).collect();
    let mut seen = 0;
    for entry in fs::read_dir(screenshots()).expect("the folder") {
        let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
        if name != "make" {
            seen += 1;
            assert!(text.contains(&format!("screenshots/{name})")), "no page shows {name}");
        }
    }
    assert!(seen > 5, "{seen}");
}
