//! What is said of a file that takes a migration back, held against real engines: up, down, and the schema that is there
//! then. What the analysis refuses the engine refuses, what it passes the engine runs, and `down-not-inverse` is said
//! exactly where the schema is another one than before.
//!
//! Each file of `tests/downs` is for one engine: migrations and the files that take them back, behind a line that says
//! `-- up` or `-- down`, and `inverse`, `differs`, `refused` or `nothing` of a down. An up is applied once, and stays; each
//! of the downs behind it is tried by itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ::postgres::Client;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use glowplug_analysis::{Backend, Config, Diagnostic, Group, Level, Sources, analyze, rules};
use glowplug_tests::{postgres, shape};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Inverse,
    Differs,
    Refused,
    /// It says that there is no way back.
    Nothing,
}

/// A migration, and the ways to take it back that are tried.
struct Step {
    up: String,
    downs: Vec<(Verdict, usize, String)>,
}

fn steps(path: &Path) -> Vec<Step> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["--", "up"] => steps.push(Step { up: String::new(), downs: Vec::new() }),
            ["--", "down", verdict] => {
                let verdict = match *verdict {
                    "inverse" => Verdict::Inverse,
                    "differs" => Verdict::Differs,
                    "refused" => Verdict::Refused,
                    "nothing" => Verdict::Nothing,
                    other => panic!("{}:{}: {other}", path.display(), number + 1),
                };
                steps.last_mut().unwrap().downs.push((verdict, number + 1, String::new()));
            }
            _ => {
                let step = steps.last_mut().unwrap();
                let into = step.downs.last_mut().map_or(&mut step.up, |down| &mut down.2);
                into.push_str(line);
                into.push('\n');
            }
        }
    }
    steps
}

fn scenarios(engine: Backend) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("downs").join(engine.as_str());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenario in {}", folder.display());
    files
}

/// What the analysis says of the last of some migrations, taken back by this.
fn said(engine: Backend, ups: &[&str], down: &str) -> Verdict {
    let mut files: Vec<(String, &str)> =
        ups.iter().enumerate().map(|(i, up)| (format!("{:03}_x.up.sql", i + 1), *up)).collect();
    files.push((format!("{:03}_x.down.sql", ups.len()), down));
    let mut config = Config::new(engine);
    for id in ["down-missing", "down-not-inverse"] {
        config.lints.insert(id.to_owned(), Level::Warn);
    }
    let analysis = analyze(Sources::from_texts(files.iter().map(|(path, text)| (path.as_str(), *text))), &config);
    let refused = |d: &&Diagnostic| {
        d.level == Level::Deny && rules::find(d.rule).is_some_and(|rule| rule.group == Group::Correctness)
    };
    if let Some(wrong) = analysis.diagnostics.iter().find(|d| refused(d) && d.file.ends_with(".up.sql")) {
        panic!("{} {}", wrong.file, wrong.message);
    }
    let up = format!("{:03}_x.up.sql", ups.len());
    let has =
        |rule: &str| analysis.diagnostics.iter().any(|d| d.rule == rule && (d.file == up || rule != "down-missing"));
    match () {
        () if analysis.diagnostics.iter().any(|d| refused(&d)) => Verdict::Refused,
        () if has("down-not-inverse") => Verdict::Differs,
        () if has("down-missing") => Verdict::Nothing,
        () => Verdict::Inverse,
    }
}

trait Engine {
    fn up(&mut self, sql: &str);
    /// The schema after it, and the one before it again; `None` where it is refused.
    fn down(&mut self, sql: &str) -> Option<BTreeSet<String>>;
    fn shape(&mut self) -> BTreeSet<String>;
}

fn hold(engine: Backend, new: impl Fn() -> Box<dyn Engine>) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for path in scenarios(engine) {
        let steps = steps(&path);
        let mut database = new();
        let mut ups = Vec::new();
        for step in &steps {
            let before = database.shape();
            database.up(&step.up);
            ups.push(step.up.as_str());
            let after = database.shape();
            for (verdict, line, down) in &step.downs {
                tried += 1;
                let real = match database.down(down) {
                    None => Verdict::Refused,
                    Some(then) if then == before => Verdict::Inverse,
                    Some(then) if *verdict == Verdict::Nothing && then == after => Verdict::Nothing,
                    Some(_) => Verdict::Differs,
                };
                let said = said(engine, &ups, down);
                if (said, real) != (*verdict, *verdict) {
                    let place = format!("{}:{line}", path.file_name().unwrap().display());
                    wrong.push(format!(
                        "{place}: {verdict:?} it should be, the analysis says {said:?}, the engine {real:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

struct Postgres(Client);

impl Engine for Postgres {
    fn up(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    fn down(&mut self, sql: &str) -> Option<BTreeSet<String>> {
        self.0.batch_execute("BEGIN").unwrap();
        let shape = self.0.batch_execute(sql).ok().map(|()| self.shape());
        self.0.batch_execute("ROLLBACK").unwrap();
        shape
    }

    fn shape(&mut self) -> BTreeSet<String> {
        shape::of_postgres(&mut self.0)
    }
}

#[test]
fn postgres_agrees() {
    let databases = std::cell::RefCell::new(Vec::new());
    hold(Backend::Postgres, || {
        let database = postgres();
        let client = database.client();
        databases.borrow_mut().push(database);
        Box::new(Postgres(client))
    });
}

struct Sqlite(SqliteConnection);

impl Engine for Sqlite {
    fn up(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    fn down(&mut self, sql: &str) -> Option<BTreeSet<String>> {
        self.0.batch_execute("BEGIN").unwrap();
        let shape = self.0.batch_execute(sql).ok().map(|()| self.shape());
        let _ = self.0.batch_execute("ROLLBACK");
        shape
    }

    fn shape(&mut self) -> BTreeSet<String> {
        shape::of_sqlite(&mut self.0)
    }
}

#[test]
fn sqlite_agrees() {
    hold(Backend::Sqlite, || Box::new(Sqlite(SqliteConnection::establish(":memory:").unwrap())));
}
