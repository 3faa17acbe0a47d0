//! What is logged while a test runs.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::util::SubscriberInitExt as _;

/// The lines of a log.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What is logged on this thread, for as long as the guard is there.
    #[must_use]
    pub fn open() -> (Log, tracing::subscriber::DefaultGuard) {
        // Where one subscriber is all there is, tracing asks the thread that comes first whether a line is wanted, and
        // remembers its answer for every thread: with one for the whole process the answer is yes.
        let _everywhere = Log::everywhere();
        let log = Log::default();
        let writer = log.clone();
        let guard = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).set_default();
        (log, guard)
    }

    /// What is logged on every thread that has no log of its own: one log for the process, of all its tests.
    #[must_use]
    pub fn everywhere() -> Log {
        static EVERYWHERE: std::sync::OnceLock<Log> = std::sync::OnceLock::new();
        let open = || {
            let log = Log::default();
            let writer = log.clone();
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
            log
        };
        EVERYWHERE.get_or_init(open).clone()
    }

    /// All of it so far.
    ///
    /// # Panics
    /// Where something else than text was logged.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("a log is text")
    }

    /// The first line that has all of these.
    ///
    /// # Panics
    /// Where there is none, with the whole log.
    #[must_use]
    #[track_caller]
    pub fn line(&self, parts: &[&str]) -> String {
        let text = self.text();
        let line = text.lines().find(|line| parts.iter().all(|part| line.contains(part)));
        line.unwrap_or_else(|| panic!("no line with {parts:?}:\n{text}")).to_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
