//! Looking at the database for many who ask at once, with a limit on how long they wait and on how many looks hang.

use super::answers::Look;
use crate::error::seconds;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long an answer of the database is good.
const FRESH: Duration = Duration::from_millis(250);

/// How long anybody waits for one. A probe's usual limit is a second.
const PATIENCE: Duration = Duration::from_millis(900);

/// How long a look may hang before another one is begun beside it: the database may be back, and the first connection
/// lost for good.
const GIVE_UP: Duration = Duration::from_secs(5);

/// How many may hang at a time. Then nobody is asked any more until one of them ends.
const THREADS: usize = 4;

/// Looks, one at a time.
pub(super) struct Probe {
    shared: Arc<Shared>,
    /// What is answered where no look is.
    silent: Box<dyn Fn(String) -> Look + Send + Sync>,
}

struct Shared {
    look: Box<dyn Fn() -> Look + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The newest look that ended, and when.
    last: Option<(u64, Instant, Arc<Look>)>,
    flight: Option<Flight>,
    /// How many looks were begun.
    begun: u64,
    /// How many of them have not ended.
    threads: usize,
}

/// A look that is going on.
#[derive(Clone)]
struct Flight {
    since: Instant,
    number: u64,
    result: watch::Receiver<Option<Arc<Look>>>,
}

/// What there is for who asks.
enum Found {
    Look(Arc<Look>),
    Flight(Flight),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe {
    pub(super) fn new(
        look: impl Fn() -> Look + Send + Sync + 'static,
        silent: impl Fn(String) -> Look + Send + Sync + 'static,
    ) -> Probe {
        let shared = Shared { look: Box::new(look), state: Mutex::default() };
        Probe { shared: Arc::new(shared), silent: Box::new(silent) }
    }

    /// What the database is like: now, or a moment ago.
    pub(super) async fn look(&self) -> Arc<Look> {
        let mut flight = match self.fresh_or_flight() {
            Ok(Found::Look(look)) => return look,
            Ok(Found::Flight(flight)) => flight,
            Err(reason) => return Arc::new((self.silent)(reason)),
        };
        let until = tokio::time::Instant::from_std(flight.since + PATIENCE);
        let reason = match tokio::time::timeout_at(until, flight.result.wait_for(Option::is_some)).await {
            Ok(Ok(look)) => match &*look {
                Some(look) => return look.clone(),
                None => unreachable!("it was waited for"),
            },
            Ok(Err(_)) => "looking at the database ended in a panic".to_owned(),
            Err(_) => format!("the database has not answered for {}", seconds(flight.since.elapsed())),
        };
        Arc::new((self.silent)(reason))
    }

    fn fresh_or_flight(&self) -> Result<Found, String> {
        let mut state = self.shared.state();
        if let Some((_, at, look)) = &state.last
            && at.elapsed() < FRESH
        {
            return Ok(Found::Look(look.clone()));
        }
        if let Some(flight) = &state.flight
            && (flight.since.elapsed() < GIVE_UP || state.threads >= THREADS)
        {
            return Ok(Found::Flight(flight.clone()));
        }
        self.begin(&mut state).map(Found::Flight)
    }

    /// Not on the runtime's threads for blocking tasks: a runtime that ends waits for those, and this one may hang.
    fn begin(&self, state: &mut State) -> Result<Flight, String> {
        let (sender, result) = watch::channel(None);
        let (shared, runtime) = (self.shared.clone(), Handle::current());
        state.begun += 1;
        let number = state.begun;
        let look = move || {
            let _runtime = runtime.enter();
            let look = catch_unwind(AssertUnwindSafe(|| Arc::new((shared.look)()))).ok();
            let mut state = shared.state();
            state.threads -= 1;
            state.flight.take_if(|flight| flight.number == number);
            if let Some(look) = look {
                if state.last.as_ref().is_none_or(|(last, ..)| *last < number) {
                    state.last = Some((number, Instant::now(), look.clone()));
                }
                drop(state);
                let _ = sender.send(Some(look));
            }
        };
        std::thread::Builder::new()
            .name("glowplug-look".to_owned())
            .spawn(look)
            .map_err(|error| format!("no thread to look at the database: {error}"))?;
        state.threads += 1;
        let flight = Flight { since: Instant::now(), number, result };
        state.flight = Some(flight.clone());
        Ok(flight)
    }
}
