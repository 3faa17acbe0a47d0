//! What is known of a kind of points at which a run was stopped: a line of the table for each.

use std::time::Duration;

use glowplug_tests::process::{Ended, long};

/// How long the next run may wait for the lock of one that is dead. The everyday run shares its machine with other
/// tests, and a server that is given no processor notices late.
pub fn taken_over() -> Duration {
    Duration::from_secs(if long() { 1 } else { 10 })
}

/// All of them, or a few that are spread evenly.
pub fn chosen(count: usize, few: usize) -> Vec<usize> {
    if long() || count <= few { (1..=count).collect() } else { (0..few).map(|i| 1 + i * count / few).collect() }
}

pub struct Proof {
    kind: String,
    lines: Vec<String>,
    amiss: Vec<String>,
    longest: Duration,
    limit: Duration,
}

impl Proof {
    pub fn of(kind: impl Into<String>) -> Proof {
        Proof { kind: kind.into(), lines: Vec::new(), amiss: Vec::new(), longest: Duration::ZERO, limit: taken_over() }
    }

    /// For an engine that notices late that a client is dead.
    pub fn without_limit(&mut self) {
        self.limit = Duration::MAX;
    }

    /// What the next run did, and what was not as it must be when it was over.
    pub fn next(&mut self, point: &str, next: &Ended, mut amiss: Vec<String>) {
        let mut did = String::new();
        if next.success {
            let waited = next.waited();
            self.longest = self.longest.max(waited);
            did = match next.applied().as_slice() {
                [] => "nothing was left to do".to_owned(),
                [one] => format!("applied {one}"),
                [first, .., last] => format!("applied {first} … {last}"),
            };
            for warning in next.report()["warnings"].as_array().into_iter().flatten() {
                let warning = warning.as_str().unwrap_or_default();
                did.push_str(&format!("; {}", warning.rsplit("; ").next().unwrap_or_default()));
            }
            if waited > self.limit {
                amiss.push(format!("waited {waited:?} for the lock"));
            }
        } else {
            amiss.push(next.err.clone());
        }
        let point = point.replace('|', "¦");
        self.lines.push(format!("| {} | {point} | {did} |", self.kind));
        self.amiss.extend(amiss.into_iter().map(|what| format!("{}: {point}: {what}", self.kind)));
    }

    /// Prints the lines, and fails where something was amiss.
    pub fn end(self) {
        assert!(!self.lines.is_empty(), "{}: no point was reached", self.kind);
        // Behind the line on which the harness names the test.
        println!("\n{}", self.lines.join("\n"));
        println!(
            "= {}: {} points, {} amiss, longest wait {:?}",
            self.kind,
            self.lines.len(),
            self.amiss.len(),
            self.longest
        );
        assert!(self.amiss.is_empty(), "{}", self.amiss.join("\n"));
    }
}
