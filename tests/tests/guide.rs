//! The guide is its own test: what it shows is written, run, analysed and compared.
//!
//! A fenced block says what it is, in words behind its language. The blocks below one heading of the second level share
//! a folder and, once one asks for it, a database. A block in a comment prepares what the page does not show.
//!
//! - `file=PATH`: is written to that file of the folder.
//! - `console`: each line that begins with `$` is run by a shell in the folder; below it stands what it prints, both
//!   streams. `migrate` there is the command line of the folder's migrations. A line `...` stands for any lines. Times,
//!   durations, processes and checksums may differ; lines of the log are left out but with the word `log`. The database is SQLite's `app.db`, or with the word `postgres` one
//!   of PostgreSQL's.//! - `sql postgres run`, `sql sqlite run`: is executed on that database. `rows`: what it answers is the next block.
//!   `hold`: in a transaction that stays open to the end of the section. `until`: waits for another process, until the
//!   query answers a row.
//! - `sql ENGINE accepted`: the next migration of the section: nothing makes it an error; PostgreSQL runs it, twice
//!   (`once`: a reason for which the page lets it go otherwise).
//! - `sql ENGINE flagged=RULE`: the same place, but this rule makes it an error, and no other.
//! - `text from=PATH`: these lines are in that file of the repository.
//! - `toml settings`: a `glowplug.toml` that can be read.
//! - `rust`: a documentation test (`tests/src/guide.rs`).
//! - `unrun`: nothing of ours can run it here. `recorded` behind it: `docs/screenshots/recording.svg` is of it
//!   (`tests/tests/pictures.rs`).
//!
//! `UPDATE_EXPECT=1` writes what the consoles print into the pages: read it before you commit it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use glowplug_analysis::{Backend, Config, Diagnostic, Level, Sources, analyze};
use glowplug_tests::fences::{Fence, canonical, fences};
use glowplug_tests::process::until;
use glowplug_tests::{TestDatabase, postgres};
use regex::Regex;
use tempfile::TempDir;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the workspace")
}

/// The files of the repository that git knows or would take, with this ending.
fn files(ending: &str) -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(repository())
        .output()
        .expect("git starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names of ours");
    names.split('\0').filter(|name| name.ends_with(ending)).map(|name| repository().join(name)).collect()
}

fn guide() -> Vec<PathBuf> {
    let pages: Vec<PathBuf> =
        files(".md").into_iter().filter(|path| path.starts_with(repository().join("docs/guide"))).collect();
    assert!(pages.len() > 5, "{pages:?}");
    pages
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

#[track_caller]
fn nothing_in(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// Links and names.

/// The targets of the links of a page, outside of its blocks and its code.
fn links(page: &str) -> Vec<(usize, String)> {
    let link = Regex::new(r"\]\(([^()\s]+)\)").expect("a pattern of ours");
    let code = Regex::new(r"`[^`]*`").expect("a pattern of ours");
    let mut links = Vec::new();
    let mut fenced = false;
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let line = code.replace_all(line, "code");
            links.extend(link.captures_iter(&line).map(|found| (index + 1, found[1].to_owned())));
        }
    }
    links
}

/// What a heading is called in a link, as GitHub and mdBook do.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    anchors
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut followed = 0;
    for path in files(".md") {
        let page = fs::read_to_string(&path).expect("the page is there");
        for (line, target) in links(&page) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (file, anchor) = target.split_once('#').map_or((&*target, None), |(file, to)| (file, Some(to)));
            let file = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            if !file.exists() {
                wrong.push(format!("{}:{line}: {target} is not there", shown(&path)));
            } else if let Some(anchor) = anchor {
                let there = anchors(&fs::read_to_string(&file).unwrap_or_default());
                if !there.contains(anchor) {
                    wrong.push(format!("{}:{line}: {target}: no such heading", shown(&path)));
                }
            }
        }
    }
    assert!(followed > 50, "{followed}");
    nothing_in(&wrong);
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let folder = repository().join("docs/guide");
    let summary = fs::read_to_string(folder.join("SUMMARY.md")).expect("there is one");
    let mut listed: Vec<String> = links(&summary).into_iter().map(|(_, target)| target).collect();
    listed.sort();
    let mut pages: Vec<String> =
        guide().iter().map(|path| path.file_name().unwrap().to_string_lossy().into()).collect();
    pages.retain(|name| name != "SUMMARY.md");
    pages.sort();
    assert_eq!(listed, pages);
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let named = Regex::new(r"`((?:tests|runtime|analysis|cli|macros)/[\w/]+\.rs)::(\w+)`").expect("a pattern of ours");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in files(".md") {
        let page = fs::read_to_string(&path).expect("the page is there");
        for (index, line) in page.lines().enumerate() {
            for found in named.captures_iter(line) {
                seen += 1;
                let (file, name) = (&found[1], &found[2]);
                let text = fs::read_to_string(repository().join(file)).unwrap_or_default();
                // The second are those that are made for each database by a list of their names.
                let test = Regex::new(&format!(
                    r"#\[(?:tokio::)?test(?:\([^\]]*\))?\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn {name}\(|(?s)\btests_on! \{{.*\b{name}\b.*pub fn {name}<D: Database>\("
                ));
                if !test.expect("a name of ours").is_match(&text) {
                    wrong.push(format!("{}:{}: no test {file}::{name}", shown(&path), index + 1));
                }
            }
        }
    }
    assert!(seen > 30, "{seen}");
    nothing_in(&wrong);
}

/// Every word for an error has a place in the page that is read when something is wrong.
#[test]
fn every_code_of_an_error_is_explained() {
    let errors = fs::read_to_string(repository().join("runtime/src/error.rs")).expect("the errors");
    let code = Regex::new(r#"=> "([a-z-]+)","#).expect("a pattern of ours");
    let body = errors.split("pub fn code(&self)").nth(1).and_then(|rest| rest.split("pub fn ").next());
    let codes: BTreeSet<String> =
        code.captures_iter(body.expect("the function")).map(|found| found[1].to_owned()).collect();
    assert!(codes.len() > 20, "{codes:?}");
    let page = fs::read_to_string(repository().join("docs/guide/troubleshooting.md")).expect("the page");
    let missing: Vec<&String> = codes.iter().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "troubleshooting.md says nothing of {missing:?}");
}

// What the blocks show.

/// A section of a page, with what its blocks have made so far.
struct Scene {
    folder: TempDir,
    database: Option<TestDatabase>,
    held: Vec<::postgres::Client>,
    /// The migrations that were accepted, in order.
    migrations: Vec<(Backend, String)>,
    /// What the last query answered, for the block behind it.
    rows: Option<String>,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::Builder::new().prefix("guide").tempdir().expect("a temporary folder");
        Scene { folder, database: None, held: Vec::new(), migrations: Vec::new(), rows: None }
    }

    fn database(&mut self) -> &TestDatabase {
        self.database.get_or_insert_with(postgres)
    }

    /// Runs a line in the shell, and answers what it printed, in the words of the page.
    fn shell(&mut self, line: &str, on_postgres: bool, with_log: bool) -> String {
        let programs = self.folder.path().join(".programs");
        if !programs.exists() {
            fs::create_dir(&programs).expect("made");
            for (name, program) in
                [("migrate", PathBuf::from(env!("CARGO_BIN_EXE_manage"))), ("cargo-glowplug", cargo_glowplug())]
            {
                std::os::unix::fs::symlink(program, programs.join(name)).expect("linked");
            }
        }
        let url = if on_postgres { self.database().url().to_owned() } else { "app.db".to_owned() };
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GLOWPLUG_") || name.ends_with("ENV")) {
                command.env_remove(name);
            }
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let output = command
            .args(["-c", &format!("exec 2>&1\n{line}")])
            .current_dir(self.folder.path())
            .env_remove("ENVIRONMENT")
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("GLOWPLUG_TEST_FOLDER", "migrations")
            .env("DATABASE_URL", url)
            .env("CARGO_TERM_COLOR", "never")
            .stdin(Stdio::null())
            .output()
            .expect("bash starts");
        let mut text =
            String::from_utf8_lossy(&output.stdout).replace(&self.folder.path().display().to_string(), "/srv/app");
        if let Some(database) = &self.database {
            text = text.replace(database.name(), "app");
            // The servers of the tests have ports and passwords of their own.
            for (pattern, instead) in [
                (r"\b(?:127\.0\.0\.1|localhost):\d+", "db:5432"),
                (r#""(?:127\.0\.0\.1|localhost)"(?: \(127\.0\.0\.1\))?, port \d+"#, "\"db\", port 5432"),
                (r"//[^@/\s]*@db", "//app:***@db"),
            ] {
                text = Regex::new(pattern).expect("a pattern of ours").replace_all(&text, instead).into_owned();
            }
        }
        let log = Regex::new(r"^\d{4}-\d\d-\d\dT[\d:.]+Z +[A-Z]+ ").expect("a pattern of ours");
        let text: Vec<&str> = text.lines().map(str::trim_end).filter(|line| with_log || !log.is_match(line)).collect();
        text.join("\n").trim_end().to_owned()
    }

    /// What a migration that comes next is said of.
    fn analysed(&self, engine: Backend, text: &str) -> Vec<Diagnostic> {
        let before = self.migrations.iter().filter(|(of, _)| *of == engine).map(|(_, text)| text.as_str());
        let texts: Vec<(String, &str)> =
            before.chain([text]).enumerate().map(|(at, text)| (format!("{:03}_step.sql", at + 1), text)).collect();
        let config = Config::new(engine);
        let analysis = analyze(Sources::from_texts(texts.iter().map(|(name, text)| (name.as_str(), *text))), &config);
        analysis.diagnostics
    }
}

/// The binary that `cargo glowplug` starts; `tests/run` has built it.
fn cargo_glowplug() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_manage")).with_file_name("cargo-glowplug");
    if !path.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--workspace", "--all-features", "--bins"])
            .current_dir(repository())
            .status()
            .expect("cargo starts");
        assert!(built.success() && path.exists(), "{} is built", path.display());
    }
    path
}

/// Whether lines are those expected, where a line `...` stands for any.
fn fits(expected: &[&str], actual: &[&str]) -> bool {
    match expected {
        [] => actual.is_empty(),
        ["...", rest @ ..] => (0..=actual.len()).any(|skipped| fits(rest, &actual[skipped..])),
        [line, rest @ ..] => actual.first().is_some_and(|first| first == line) && fits(rest, &actual[1..]),
    }
}

/// Runs a block's commands; what it should have said where it says something else.
fn console(scene: &mut Scene, text: &str, words: &[&str]) -> Option<String> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command, Vec::new())),
            None => commands.last_mut().expect("a console begins with a command").1.push(line),
        }
    }
    let mut differs = false;
    let mut said = String::new();
    for (command, expected) in commands {
        let actual = scene.shell(command, words.contains(&"postgres"), words.contains(&"log"));
        let (wanted, got) = (canonical(&expected.join("\n")), canonical(&actual));
        let same = fits(&wanted.lines().collect::<Vec<_>>(), &got.lines().collect::<Vec<_>>());
        differs |= !same;
        let kept = if same { expected.join("\n") } else { actual };
        _ = writeln!(said, "$ {command}");
        if !kept.is_empty() {
            _ = writeln!(said, "{kept}");
        }
    }
    differs.then_some(said)
}

fn engine(words: &[&str]) -> Backend {
    words.iter().find_map(|word| Backend::from_name(word)).expect("the block names its engine")
}

/// What a block should be, where it is not what it says.
enum Wrong {
    Why(String),
    Instead(String),
}

fn hold(scene: &mut Scene, fence: &Fence<'_>) -> Result<(), Wrong> {
    let words: Vec<&str> = fence.info.split([' ', ',']).collect();
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let why = |text: String| Err(Wrong::Why(text));
    if let Some(expected) = scene.rows.take() {
        return if canonical(&expected) == canonical(fence.text) { Ok(()) } else { Err(Wrong::Instead(expected)) };
    }
    if let Some(name) = value("file") {
        let path = scene.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder"))
            .and_then(|()| fs::write(&path, fence.text))
            .expect("written");
        if value("from").is_none() {
            return Ok(());
        }
    }
    if let Some(path) = value("from") {
        let there = fs::read_to_string(repository().join(path)).unwrap_or_default();
        return if there.contains(fence.text) { Ok(()) } else { why(format!("is not in {path}")) };
    }
    match words.as_slice() {
        [_, "unrun", ..] => Ok(()),
        ["console", words @ ..] => {
            console(scene, fence.text, words).map_or(Ok(()), |instead| Err(Wrong::Instead(instead)))
        }
        ["sql", "sqlite", "run"] => {
            let file = scene.folder.path().join("app.db").display().to_string();
            let mut connection = SqliteConnection::establish(&file).expect("opened");
            connection.batch_execute(fence.text).or_else(|error| why(error.to_string()))
        }
        ["sql", "postgres", "hold"] => {
            let mut client = scene.database().client();
            // One by one: others see the last of them.
            let script = ["SET application_name = 'report'", "BEGIN", fence.text.trim()];
            let held = script.iter().try_for_each(|statement| client.batch_execute(statement));
            scene.held.push(client);
            held.or_else(|error| why(error.to_string()))
        }
        ["sql", "postgres", "run"] => scene
            .database()
            .try_execute(fence.text)
            .or_else(|refusal| why(format!("{} {}", refusal.sqlstate, refusal.message))),
        ["sql", "postgres", "until"] => {
            until("the query answers a row", Duration::from_secs(60), || !scene.database().rows(fence.text).is_empty());
            Ok(())
        }
        ["sql", "postgres", "rows"] => {
            let rows = scene.database().rows(fence.text);
            scene.rows = Some(rows.iter().map(|row| format!("{}\n", row.replace('|', " | "))).collect());
            Ok(())
        }
        ["sql", _, "accepted", how @ ..] => {
            let engine = engine(&words);
            let errors: Vec<Diagnostic> =
                scene.analysed(engine, fence.text).into_iter().filter(|said| said.level == Level::Deny).collect();
            if let Some(first) = errors.first() {
                return why(format!("{} in {}: {}", first.rule, first.file, first.message));
            }
            if engine == Backend::Postgres {
                // Statement by statement, as the runner sends what cannot be in a transaction; the second run is the proof.
                let rounds: &[&str] = if how.contains(&"once") { &["first"] } else { &["first", "second"] };
                for round in rounds {
                    for statement in statements(fence.text) {
                        if let Err(refusal) = scene.database().try_execute(&statement) {
                            return why(format!("the {round} run: {} {}", refusal.sqlstate, refusal.message));
                        }
                    }
                }
            }
            scene.migrations.push((engine, fence.text.to_owned()));
            Ok(())
        }
        ["sql", _, flagged] if flagged.starts_with("flagged=") => {
            let rule = value("flagged").unwrap_or_default();
            let said = scene.analysed(engine(&words), fence.text);
            let rules: BTreeSet<&str> = said
                .iter()
                .filter(|said| said.level == Level::Deny || said.rule == rule)
                .map(|said| said.rule)
                .collect();
            if rules == BTreeSet::from([rule]) { Ok(()) } else { why(format!("flagged are {rules:?}")) }
        }
        ["toml", "settings"] => {
            Config::parse(Path::new("."), fence.text).map(drop).or_else(|error| why(error.to_string()))
        }
        ["rust", ..] => Ok(()),
        _ => why("a block that nothing holds".to_owned()),
    }
}

/// The statements of a migration, as the analysis cuts them.
fn statements(text: &str) -> Vec<String> {
    let analysis = analyze(Sources::from_texts([("001_step.sql", text)]), &Config::new(Backend::Postgres));
    let spans = analysis.migrations.iter().flat_map(|migration| &migration.statements);
    spans.map(|statement| text[statement.span.start..statement.span.end].to_owned()).collect()
}

/// Holds one page against what it says; answers what is wrong.
fn page(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("the page is there");
    let blocks = match fences(&text) {
        Ok(blocks) => blocks,
        Err(line) => return vec![format!("{}:{line}: the block is not closed", shown(path))],
    };
    let mut wrong = Vec::new();
    let mut updated = text.clone();
    let mut shift = 0;
    let mut scene = Scene::new();
    let mut section = 0;
    for fence in &blocks {
        if fence.section.0 != section {
            section = fence.section.0;
            scene = Scene::new();
        }
        let place = format!("{}:{} ({})", shown(path), fence.line, fence.info);
        match hold(&mut scene, fence) {
            Ok(()) => {}
            Err(Wrong::Why(why)) => wrong.push(format!("{place}: {why}")),
            Err(Wrong::Instead(instead)) => {
                let at = fence.range.start.wrapping_add(shift)..fence.range.end.wrapping_add(shift);
                shift = shift.wrapping_add(instead.len()).wrapping_sub(at.len());
                updated.replace_range(at, &instead);
                wrong.push(format!("{place}: it says\n{instead}\nand on the page is\n{}", fence.text));
            }
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() && updated != text {
        fs::write(path, updated).expect("written");
    }
    wrong
}

/// The pages, or the one that `GLOWPLUG_TEST_PAGE` names.
#[test]
fn every_block_of_the_guide_is_what_it_says() {
    let one = std::env::var("GLOWPLUG_TEST_PAGE").unwrap_or_default();
    let wrong: Vec<String> =
        guide().iter().filter(|path| shown(path).contains(&one)).flat_map(|path| page(path)).collect();
    nothing_in(&wrong);
}
