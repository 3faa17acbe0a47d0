//! A headless Chromium, by its DevTools protocol over a pair of pipes.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

/// Where it is looked for.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser takes a while to start where the machine does something else.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Pixels of the screen for each of them.
    pub scale: f64,
    /// Whether the system is set to dark.
    pub dark: bool,
    /// Whether it is a phone.
    pub phone: bool,
}

/// A headless Chromium with one page. It ends with the value.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    input: File,
    messages: Receiver<Value>,
    session: Option<String>,
    number: u64,
    folder: tempfile::TempDir,
}

impl Browser {
    /// Starts one with nothing of anybody's in it.
    ///
    /// # Panics
    /// Where there is none, with what to do about it.
    #[must_use]
    pub fn start() -> Browser {
        let program = program();
        let folder = tempfile::Builder::new().prefix("glowplug-chromium-").tempdir().expect("a temporary folder");
        let [to, from] = ["to", "from"].map(|name| folder.path().join(name));
        assert!(Command::new("mkfifo").args([&to, &from]).status().is_ok_and(|status| status.success()), "mkfifo");
        // It reads from its descriptor 3 and writes to 4.
        let child = Command::new("sh")
            .args(["-c", "in=$1 out=$2; shift 2; exec \"$@\" 3<\"$in\" 4>\"$out\"", "chromium"])
            .args([&to, &from])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh");
        // For both, so that opening it does not wait.
        let input = OpenOptions::new().read(true).write(true).open(&to).expect("the pipe that was just made");
        let (sender, messages) = channel();
        thread::spawn(move || {
            let Ok(from) = File::open(&from) else { return };
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Browser { child, input, messages, session: None, number: 0, folder };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", target);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        browser
    }

    /// Opens a page, and waits until it is there.
    ///
    /// # Panics
    /// Where it does not come.
    #[track_caller]
    pub fn open(&mut self, url: &str, view: View) {
        let View { width, height, scale, dark, phone } = view;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = if dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
        let opened = self.call("Page.navigate", json!({ "url": url }));
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
        let began = Instant::now();
        while self.evaluate("document.readyState") != "complete" {
            assert!(began.elapsed() < PATIENCE, "{url} does not come");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What an expression is on the page.
    ///
    /// # Panics
    /// Where it throws.
    #[track_caller]
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Takes a picture of the whole page, as a PNG.
    ///
    /// # Panics
    /// Where that cannot be.
    #[track_caller]
    pub fn picture(&mut self, file: &Path) {
        let size = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let taken = self
            .call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true, "clip": clip }));
        let png = base64::prelude::BASE64_STANDARD.decode(taken["data"].as_str().expect("a picture"));
        fs::write(file, png.expect("base64")).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    #[track_caller]
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let sent = self.input.write_all(format!("{message}\0").as_bytes());
        sent.expect("the browser's pipe");
        let began = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let answer =
                self.messages.recv_timeout(left).unwrap_or_else(|_| panic!("the browser does not answer {method}"));
            if answer["id"] == self.number {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its other processes end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(self.folder.path().join("profile"));
    }
}

fn program() -> &'static str {
    let runs = |program: &&str| {
        let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        version.is_ok_and(|output| output.status.success())
    };
    PROGRAMS
        .into_iter()
        .find(runs)
        .unwrap_or_else(|| panic!("no Chromium here; tests/run installs it (apt-get install chromium)"))
}
