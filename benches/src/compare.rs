//! The comparison: who runs when, and what is printed of it.

use crate::contenders::BEFORE_THE_CLOCK;
use crate::generate;
use crate::turns::Turns;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The server that `with-servers` starts, or any other.
const SERVER: &str = "GLOWPLUG_TEST_POSTGRES_URL";

/// So many are applied before in the case with history.
const BEFORE: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

const ENGINES: [Engine; 2] = [Engine::Postgres, Engine::Sqlite];

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::Sqlite => "sqlite",
        }
    }
}

/// What of a run is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Milliseconds, by the contender's own clock.
    Time,
    /// Millions of instructions, by valgrind. A noisy machine counts as a quiet one does; of a server, nothing is counted.
    Instructions,
}

/// How much is run.
pub(crate) struct Extent {
    measure: Measure,
    engines: &'static [Engine],
    sizes: &'static [usize],
    rounds: usize,
    /// How often each start is measured a round.
    starts: usize,
}

impl Extent {
    pub(crate) fn full(rounds: usize) -> Extent {
        Extent { measure: Measure::Time, engines: &ENGINES, sizes: &[10, 100, 1000], rounds, starts: 5 }
    }

    pub(crate) fn quick() -> Extent {
        Extent { measure: Measure::Time, engines: &ENGINES, sizes: &[10, 100], rounds: 3, starts: 3 }
    }

    pub(crate) fn counted() -> Extent {
        let engines = &[Engine::Sqlite];
        Extent { measure: Measure::Instructions, engines, sizes: &[10, 100, 1000], rounds: 1, starts: 1 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    New,
    History,
    Start,
}

impl Case {
    const ALL: [Case; 3] = [Case::New, Case::History, Case::Start];

    fn title(self) -> String {
        match self {
            Case::New => "a new database, from connecting to ready".to_owned(),
            Case::History => format!("a database to which {BEFORE} migrations were applied before, so many more"),
            Case::Start => "nothing pending, from connecting to ready".to_owned(),
        }
    }

    /// Whose time the others are held against.
    fn floor(self) -> &'static str {
        match self {
            Case::New => "floor-one",
            Case::History | Case::Start => "floor-each",
        }
    }

    fn contenders(self) -> &'static [&'static str] {
        match self {
            Case::New | Case::History => {
                &["floor-one", "floor-each", "glowplug", "diesel_migrations", "refinery", "sqlx"]
            }
            // The two floors begin alike.
            Case::Start => &["floor-each", "floor-diesel", "glowplug", "diesel_migrations", "refinery", "sqlx"],
        }
    }
}

const PEERS: [&str; 3] = ["diesel_migrations", "refinery", "sqlx"];

type Key = (Engine, Case, usize, &'static str);

/// What was measured: milliseconds or millions of instructions a round, and turns.
#[derive(Default)]
struct Measured {
    figures: BTreeMap<Key, Vec<f64>>,
    turns: BTreeMap<Key, usize>,
    settings: BTreeSet<String>,
}

struct Comparison<'a> {
    extent: &'a Extent,
    work: PathBuf,
    server: String,
    measured: Measured,
}

/// Compares, and prints.
pub(crate) fn compare(extent: &Extent) -> Result<(), String> {
    let server = std::env::var(SERVER).map_err(|_| format!("{SERVER} names no server: use benches/run"))?;
    let work = std::env::temp_dir().join(format!("glowplug-benches-{}", std::process::id()));
    let mut comparison = Comparison { extent, work: work.clone(), server, measured: Measured::default() };
    let done = comparison.run();
    let _ = std::fs::remove_dir_all(&work);
    done?;
    print!("{}", comparison.told()?);
    Ok(())
}

impl Comparison<'_> {
    fn run(&mut self) -> Result<(), String> {
        for &engine in self.extent.engines {
            generate::folder(&self.folder(engine, BEFORE), engine, BEFORE).map_err(|error| error.to_string())?;
            for &size in self.extent.sizes {
                for count in [size, size + BEFORE] {
                    generate::folder(&self.folder(engine, count), engine, count).map_err(|error| error.to_string())?;
                }
            }
        }
        for &size in self.extent.sizes {
            if self.extent.engines.contains(&Engine::Postgres) {
                self.count_turns(size)?;
            }
            for &engine in self.extent.engines {
                for round in 0..self.extent.rounds {
                    eprintln!("{size} migrations, {}, round {} of {}", engine.name(), round + 1, self.extent.rounds);
                    self.round(engine, size, round)?;
                }
            }
        }
        Ok(())
    }

    fn folder(&self, engine: Engine, count: usize) -> PathBuf {
        self.work.join(format!("{}-{count}", engine.name()))
    }

    /// Each contender once, beginning with another one each round. What a new database has become is started on.
    fn round(&mut self, engine: Engine, size: usize, round: usize) -> Result<(), String> {
        let mut ready = BTreeMap::new();
        for case in Case::ALL {
            let mut order = case.contenders().to_vec();
            let first = round % order.len();
            order.rotate_left(first);
            for _ in 0..if case == Case::Start { self.extent.starts } else { 1 } {
                for &name in &order {
                    let key = (engine, case, size, name);
                    let took = self.once(key, &mut ready, |url| url.to_owned())?;
                    self.measured.figures.entry(key).or_default().push(took);
                }
            }
        }
        Ok(())
    }

    /// Counts the turns of each contender, by a way to the server that takes longer and is not timed.
    fn count_turns(&mut self, size: usize) -> Result<(), String> {
        let (_, rest) = self.server.rsplit_once('@').ok_or("the server's URL has no user")?;
        let address = rest.split('/').next().unwrap_or_default().to_owned();
        let turns = Turns::to(&address).map_err(|error| error.to_string())?;
        let mut ready = BTreeMap::new();
        for case in Case::ALL {
            for &name in case.contenders() {
                let key = (Engine::Postgres, case, size, name);
                self.once(key, &mut ready, |url| {
                    turns.take();
                    url.replace(&address, &format!("127.0.0.1:{}", turns.port))
                })?;
                self.measured.turns.insert(key, turns.take());
            }
        }
        Ok(())
    }

    /// Runs a contender on a database as the case has it before; `way` answers the URL by which it is to go there.
    fn once(
        &mut self,
        key: Key,
        ready: &mut BTreeMap<&'static str, Database>,
        way: impl Fn(&str) -> String,
    ) -> Result<f64, String> {
        let (engine, case, _, name) = key;
        let folder = self.folder_of(key);
        if case == Case::Start {
            // The floor through diesel starts where the floor has been.
            let name_before = if name == "floor-diesel" { "floor-each" } else { name };
            return self.contend(name, &folder, &way(&ready[name_before].url));
        }
        let database = Database::new(engine, &self.server, &self.work)?;
        if case == Case::History {
            self.contend(name, &self.folder(engine, BEFORE), &database.url)?;
        }
        let took = self.contend(name, &folder, &way(&database.url))?;
        if case == Case::New {
            ready.insert(name, database);
        }
        Ok(took)
    }

    fn folder_of(&self, (engine, case, size, _): Key) -> PathBuf {
        self.folder(engine, if case == Case::History { size + BEFORE } else { size })
    }

    /// Runs a contender; answers what is measured of it.
    fn contend(&mut self, name: &str, folder: &Path, url: &str) -> Result<f64, String> {
        if self.extent.measure == Measure::Instructions {
            let before = counted(contender(name, folder, url)?.env(BEFORE_THE_CLOCK, "1"))?;
            return Ok((counted(&mut contender(name, folder, url)?)? - before) / 1e6);
        }
        let ran = contender(name, folder, url)?.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&ran.stdout);
        let (took, settings) = said.trim_end_matches('\n').split_once(' ').unwrap_or_default();
        let nanoseconds: f64 =
            took.parse().map_err(|_| format!("{name}: {}{said}", String::from_utf8_lossy(&ran.stderr)))?;
        if !settings.is_empty() {
            self.measured.settings.insert(settings.to_owned());
        }
        Ok(nanoseconds / 1e6)
    }

    fn told(&self) -> Result<String, String> {
        let mut text = String::new();
        let settings: Vec<&str> = self.measured.settings.iter().map(String::as_str).collect();
        if settings.len() > 1 {
            return Err(format!("the contenders had different settings: {}", settings.join("; ")));
        }
        let _ = writeln!(text, "{}\n", machine(&self.server)?);
        if self.extent.measure == Measure::Instructions {
            let _ = writeln!(
                text,
                "Millions of instructions of the whole process from connecting to ready, counted by {}; `×`: over those of the floor.",
                said_by(Command::new("valgrind").arg("--version"))
            );
            self.tables(&mut text);
            return Ok(text);
        }
        let _ = writeln!(
            text,
            "{}, the same for all contenders, its files on {}; PostgreSQL over TCP on this machine.\n",
            settings.join(""),
            file_system()
        );
        let _ = writeln!(
            text,
            "Milliseconds, the least and the median of {} rounds ({} starts); `×`: the median of what each round took over \
             what the floor took in it; turns: how often the client waits for the server.",
            self.extent.rounds,
            self.extent.rounds * self.extent.starts,
        );
        self.tables(&mut text);
        Ok(text)
    }

    fn tables(&self, text: &mut String) {
        for &engine in self.extent.engines {
            for case in Case::ALL {
                self.table(text, engine, case);
            }
        }
        self.targets(text);
    }

    fn table(&self, text: &mut String, engine: Engine, case: Case) {
        let _ = writeln!(
            text,
            "\n### {}: {}\n",
            if engine == Engine::Postgres { "PostgreSQL" } else { "SQLite" },
            case.title()
        );
        let (turns, counted) = (engine == Engine::Postgres, self.extent.measure == Measure::Instructions);
        let (mut head, mut line) = ("| |".to_owned(), "|---|".to_owned());
        for size in self.extent.sizes {
            let figures = if counted { "millions" } else { "least | median" };
            let columns = format!("{size}: {figures} | × |{}", if turns { " turns |" } else { "" });
            line.push_str(&"--:|".repeat(columns.matches('|').count()));
            let _ = write!(head, " {columns}");
        }
        let _ = writeln!(text, "{head}\n{line}");
        for &name in case.contenders() {
            let _ = write!(text, "| {name} |");
            for &size in self.extent.sizes {
                let key = (engine, case, size, name);
                let figures = &self.measured.figures[&key];
                if !counted {
                    let _ = write!(text, " {:.2} |", figures.iter().copied().fold(f64::INFINITY, f64::min));
                }
                let ratio = self.ratio(key, case.floor());
                let _ = write!(text, " {:.2} | {ratio:.2} |", median(figures.clone()));
                if turns {
                    let _ = write!(text, " {} |", self.measured.turns[&key]);
                }
            }
            let _ = writeln!(text);
        }
    }

    /// What it took over what another one took, in the same round: the median of that.
    fn ratio(&self, (engine, case, size, name): Key, other: &'static str) -> f64 {
        let figures = |name| &self.measured.figures[&(engine, case, size, name)];
        median(figures(name).iter().zip(figures(other)).map(|(one, other)| one / other).collect())
    }

    fn targets(&self, text: &mut String) {
        let _ =
            writeln!(text, "\n### Targets\n\n| engine | what | at | target | measured | |\n|---|---|--:|--:|--:|---|");
        let mut row = |engine: Engine, what: &str, size: usize, target: String, measured: String, met: bool| {
            let verdict = if met { "met" } else { "**missed**" };
            let _ = writeln!(text, "| {} | {what} | {size} | {target} | {measured} | {verdict} |", engine.name());
        };
        for &engine in self.extent.engines {
            for &size in self.extent.sizes {
                let mut at_most = |what: &str, case: Case, other: &'static str, limit: f64| {
                    let ratio = self.ratio((engine, case, size, "glowplug"), other);
                    row(engine, what, size, format!("≤ {limit} ×"), format!("{ratio:.2} ×"), ratio <= limit);
                };
                at_most("nothing pending, over the floor", Case::Start, "floor-each", 1.1);
                at_most(
                    "nothing pending, over the floor through diesel's connection",
                    Case::Start,
                    "floor-diesel",
                    1.1,
                );
                at_most("new, over the floor in one transaction", Case::New, "floor-one", 1.15);
                at_most("with history, over the floor of a turn each", Case::History, "floor-each", 1.1);
                // The peers are slower by what they wait for: turns, and a disk.
                if self.extent.measure == Measure::Instructions {
                    continue;
                }
                let limit = if engine == Engine::Postgres { 0.9 } else { 0.2 };
                at_most("new, over diesel_migrations", Case::New, "diesel_migrations", limit);
                for peer in PEERS {
                    at_most(&format!("with history, over {peer}"), Case::History, peer, 1.0);
                }
                if engine == Engine::Postgres {
                    for floor in ["floor-each", "floor-diesel"] {
                        let turns = |name| self.measured.turns[&(engine, Case::Start, size, name)];
                        let (ours, theirs) = (turns("glowplug"), turns(floor));
                        let what = format!("turns with nothing pending, {floor}");
                        row(engine, &what, size, format!("= {theirs}"), ours.to_string(), ours == theirs);
                    }
                }
            }
        }
    }
}

/// This program, as a contender.
fn contender(name: &str, folder: &Path, url: &str) -> Result<Command, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.args(["contender", name]).arg(folder).arg(url);
    Ok(command)
}

/// The instructions of a process, all its threads together.
fn counted(command: &mut Command) -> Result<f64, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(command.get_program()).args(command.get_args());
    valgrind.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = valgrind.output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let refs = said.lines().find_map(|line| line.split_once("refs:"));
    let number = refs.and_then(|(_, number)| number.trim().replace(',', "").parse().ok());
    number.filter(|_| ran.status.success()).ok_or_else(|| format!("valgrind: {said}"))
}

/// What a command prints, in one line.
fn said_by(command: &mut Command) -> String {
    let printed = command.output().map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    printed.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "an unknown one".to_owned())
}

/// The kind of the file system for what is temporary.
fn file_system() -> String {
    said_by(Command::new("stat").args(["-f", "-c", "%T"]).arg(std::env::temp_dir()))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[half] } else { (numbers[half - 1] + numbers[half]) / 2.0 }
}

/// What it was measured on.
fn machine(server: &str) -> Result<String, String> {
    let mut client = postgres::Client::connect(server, postgres::NoTls).map_err(|error| error.to_string())?;
    let row =
        client.query_one("SELECT current_date::text, current_setting('server_version'), current_setting('fsync')", &[]);
    let row = row.map_err(|error| error.to_string())?;
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor =
        processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    let load = read("/proc/loadavg");
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
        let version = lines.nth(1).and_then(|line| line.strip_prefix("version = ")).unwrap_or("?");
        format!("{name} {}", version.trim_matches('"'))
    };
    Ok(format!(
        "{}; {} × {}, load {}; {}; {}; PostgreSQL {} with fsync {}, libpq {}.",
        row.get::<_, String>(0),
        std::thread::available_parallelism().map_or(0, usize::from),
        processor.trim_start_matches(['\t', ' ', ':']),
        load.split(' ').next().unwrap_or("unknown"),
        said_by(Command::new("rustc").arg("--version")),
        ["glowplug", "diesel", "diesel_migrations", "sqlx", "refinery", "rusqlite", "libsqlite3-sys"]
            .map(version)
            .join(", "),
        row.get::<_, String>(1),
        row.get::<_, String>(2),
        // SAFETY: it takes nothing and answers a number.
        unsafe { pq_sys::PQlibVersion() },
    ))
}

/// An empty database, which goes with the value.
struct Database {
    url: String,
    /// On a server: the URL of another database there, and the name.
    on: Option<(String, String)>,
}

impl Database {
    fn new(engine: Engine, server: &str, work: &Path) -> Result<Database, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bench_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        if engine == Engine::Sqlite {
            return Ok(Database { url: work.join(format!("{name}.db")).display().to_string(), on: None });
        }
        let (start, _) = server.rsplit_once('/').ok_or("the server's URL names no database")?;
        let url = format!("{start}/{name}");
        administer(server, &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Database { url, on: Some((server.to_owned(), name)) })
    }
}

fn administer(server: &str, sql: &str) -> Result<(), String> {
    let done = postgres::Client::connect(server, postgres::NoTls).and_then(|mut client| client.batch_execute(sql));
    done.map_err(|error| format!("{sql}: {error}"))
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.on {
            Some((server, name)) => drop(administer(server, &format!("DROP DATABASE {name} WITH (FORCE)"))),
            None => drop(std::fs::remove_file(&self.url)),
        }
    }
}
