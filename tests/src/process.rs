//! Services as processes of their own: started together, killed anywhere.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The variable with which a process connects, says so and waits.
pub const GATE: &str = "GLOWPLUG_TEST_GATE";

/// The variable with which a process connects anew where its connection breaks.
pub const RECONNECT: &str = "GLOWPLUG_TEST_RECONNECT";

/// The variable that names the point at which a process halts.
pub const HALT: &str = "GLOWPLUG_TEST_HALT";

/// Whether the long form of the proofs is asked for: `tests/prove` sets `GLOWPLUG_TEST_LONG`.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("GLOWPLUG_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// How to start a service: the program `migrate` with a folder, a database and settings.
#[derive(Debug, Clone)]
pub struct Service {
    program: PathBuf,
    folder: PathBuf,
    url: String,
    settings: Vec<(String, String)>,
}

impl Service {
    /// The program is `env!("CARGO_BIN_EXE_migrate")`, which a test knows and this library does not.
    #[must_use]
    pub fn new(program: &str, folder: &Path, url: &str) -> Service {
        Service { program: program.into(), folder: folder.into(), url: url.to_owned(), settings: Vec::new() }
    }

    /// With a variable set.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl ToString) -> Service {
        self.settings.push((variable.to_owned(), value.to_string()));
        self
    }

    /// With another database, or another way to it.
    #[must_use]
    pub fn at(&self, url: &str) -> Service {
        Service { url: url.to_owned(), ..self.clone() }
    }

    /// The database's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same below another program, such as a tracer.
    #[must_use]
    pub fn command(&self, below: &[&str]) -> Command {
        let mut command = match below {
            [] => Command::new(&self.program),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.program);
                command
            }
        };
        command.arg(&self.folder).arg(&self.url);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // An operator's settings are not the tests'.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GLOWPLUG_")) {
                command.env_remove(name);
            }
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it.
    ///
    /// # Panics
    /// Where the system cannot.
    #[must_use]
    pub fn start(&self) -> Running {
        Running::of(self.command(&[]))
    }

    /// Starts it and waits for its end.
    #[must_use]
    pub fn run(&self) -> Ended {
        self.start().end()
    }

    /// Starts so many, and lets them go on together once each of them has connected.
    #[must_use]
    pub fn together(&self, count: usize) -> Vec<Ended> {
        let gated = self.clone().with(GATE, 1);
        let mut running: Vec<Running> = (0..count).map(|_| gated.start()).collect();
        for service in &mut running {
            service.line();
        }
        for service in &mut running {
            service.go_on();
        }
        running.into_iter().map(Running::end).collect()
    }

    /// The points of a whole run, by name.
    #[must_use]
    pub fn points(&self) -> Vec<String> {
        let ended = self.clone().with(HALT, 0).run();
        assert!(ended.success, "{ended:?}");
        ended.out.lines().filter_map(|line| line.strip_prefix("point ")).map(str::to_owned).collect()
    }

    /// Kills it (SIGKILL) at its `number`-th point, and answers the point's name; `None` where it ended before.
    #[must_use]
    pub fn killed_at(&self, number: usize) -> Option<String> {
        let mut running = self.clone().with(HALT, number).start();
        let line = running.line();
        let point = line.strip_prefix("point ").map(|name| name.trim_end().to_owned());
        running.kill();
        point
    }
}

/// A service that runs. It is killed with the value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: Option<thread::JoinHandle<String>>,
}

impl Running {
    /// Starts a command.
    ///
    /// # Panics
    /// Where the system cannot.
    #[must_use]
    pub fn of(mut command: Command) -> Running {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut log = child.stderr.take().expect("piped");
        // Read all the time: a full pipe would stop it.
        let err = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = log.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Running { child, out, err: Some(err) }
    }

    /// The next line of its output; empty at its end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.out.read_line(&mut line);
        line
    }

    /// Sends it the line that it waits for.
    pub fn go_on(&mut self) {
        if let Some(input) = &mut self.child.stdin {
            let _ = input.write_all(b"\n");
        }
    }

    /// SIGKILL, and waits until the system has closed its sockets and files.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    #[must_use]
    pub fn end(mut self) -> Ended {
        let mut out = String::new();
        let _ = self.out.read_to_string(&mut out);
        let status = self.child.wait();
        let err = self.err.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ended { success: status.is_ok_and(|status| status.success()), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A service that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Whether its exit code was 0.
    pub success: bool,
    /// What it printed.
    pub out: String,
    /// What it logged, and its error.
    pub err: String,
}

impl Ended {
    /// The report.
    ///
    /// # Panics
    /// Where it did not end well.
    #[must_use]
    #[track_caller]
    pub fn report(&self) -> serde_json::Value {
        let line = self.out.lines().last().filter(|_| self.success);
        line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("{}{}", self.out, self.err))
    }

    /// The versions that it applied.
    #[must_use]
    #[track_caller]
    pub fn applied(&self) -> Vec<String> {
        let report = self.report();
        let applied = report["applied"].as_array().cloned().unwrap_or_default();
        applied.iter().map(|applied| applied["version"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How long it waited for the lock.
    #[must_use]
    #[track_caller]
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.report()["waited_ms"].as_u64().unwrap_or(0))
    }
}

/// Waits until something is so.
///
/// # Panics
/// Where it is not within `limit`, with `what` it was.
#[track_caller]
pub fn until(what: &str, limit: Duration, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < limit, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
