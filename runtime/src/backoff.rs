//! How long to wait before something is tried again.

use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

/// Waits that double from 100 ms to 5 s. Each is shortened by up to a half at random, so that those who met once do not
/// meet again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = Duration::from_millis(100 << self.tries.min(6)).min(Duration::from_secs(5));
        self.tries += 1;
        whole.mul_f64(0.5 + fraction() / 2.0)
    }
}

/// Between 100 and 500 ms: how long to wait before the lock is asked for again.
pub(crate) fn pause() -> Duration {
    Duration::from_millis(100) + Duration::from_millis(400).mul_f64(fraction())
}

/// From 0 up to 1, at random.
fn fraction() -> f64 {
    let random = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_lie_between_their_limits() {
        for _ in 0..200 {
            assert!((100..500).contains(&pause().as_millis()));
            let mut backoff = Backoff::default();
            for whole in [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000] {
                let wait = backoff.next().as_millis();
                assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
            }
        }
    }
}
