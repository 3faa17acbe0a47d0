//! How a run is followed: on a terminal a bar with the migration that runs, its time and who is in its way, and nothing
//! that the answer behind it says too; in a log, plain lines. Both are made of the runner's own events.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Follows the runs of this process until it is dropped. Where the service has a subscriber for events already, they are
/// its own.
pub(super) struct Followed(Option<ProgressBar>);

pub(super) fn follow() -> Followed {
    if !std::io::stderr().is_terminal() {
        let log = tracing_subscriber::fmt::layer().with_target(false).with_ansi(false).with_writer(std::io::stderr);
        let ours = tracing_subscriber::filter::Targets::new().with_target("glowplug", Level::INFO);
        let _ = tracing_subscriber::registry().with(log.with_filter(ours)).try_init();
        return Followed(None);
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    if tracing_subscriber::registry().with(Bar(bar.clone())).try_init().is_err() {
        return Followed(None);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    Followed(Some(bar))
}

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Turns the runner's events into a bar.
struct Bar(ProgressBar);

impl<S: Subscriber> Layer<S> for Bar {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let target = metadata.target();
        if target != "glowplug" && !target.starts_with("glowplug::") || target == "glowplug::boundary" {
            return;
        }
        // The answer follows, and says it whole.
        if target == crate::run::OUTCOME {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        if target == crate::run::PROGRESS {
            if let Some(pending) = said.pending {
                self.0.set_length(pending);
            } else if said.is_done {
                self.0.inc(1);
            } else {
                self.0.set_message(said.file);
            }
        } else if *metadata.level() <= Level::INFO {
            let word = if *metadata.level() <= Level::WARN { "warning: " } else { "" };
            self.0.println(format!("{word}{}{}", said.message, said.rest));
        }
    }
}

/// The fields of an event.
#[derive(Default)]
struct Said {
    message: String,
    file: String,
    is_done: bool,
    pending: Option<u64>,
    rest: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "took" => self.is_done = true,
            name => _ = write!(self.rest, "  {}={value:?}", name.trim_end_matches('_')),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "file" => value.clone_into(&mut self.file),
            name => _ = write!(self.rest, "  {}={value}", name.trim_end_matches('_')),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "pending" {
            self.pending = Some(value);
        } else {
            self.record_debug(field, &value);
        }
    }
}
